"""Bring a database to the schema this program expects."""
