"""What pages are made of: one widget in each module."""
