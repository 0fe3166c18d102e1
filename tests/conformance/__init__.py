"""Recorded swaps, replayed: what a venue quotes, builds and leaves behind must be what the pool
program did, to the base unit and to the byte."""
