"""Pools as their programs would have opened them, written into the first block of a chain."""
