"""Choosing where to trade. The same pools give the same answer, whatever order they come in."""
