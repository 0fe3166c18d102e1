"""The worker loop against the real queue."""
