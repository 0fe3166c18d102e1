"""Real processes are killed, frozen and told to stop; what is left is judged from outside."""
