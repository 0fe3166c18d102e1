"""What we know and how we decide: pure values and pure functions, no clock, no chance, no
network, no disk.
"""
