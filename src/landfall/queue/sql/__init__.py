"""The statements of the queue. Named, with a line of prose each; no SQL lives in Python strings."""
