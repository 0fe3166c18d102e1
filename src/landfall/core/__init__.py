"""What we know and how we decide: pure values and functions, without clock, chance or network."""
