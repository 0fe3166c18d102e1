"""The budgets, measured. Each module here is one bench: it yields figures and asserts nothing."""
