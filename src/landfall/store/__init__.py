"""PostgreSQL as log, read model and bus: every order's facts, and what lists and streams show."""
