"""The statements of the store. Named, with a line of prose each; no SQL lives in Python strings."""
