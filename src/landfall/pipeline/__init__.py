"""The story of an order, one module per status; it asks the outside world through ports alone."""
