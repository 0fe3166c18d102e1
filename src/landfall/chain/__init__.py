"""Ways to reach Solana: reading it, sending to it, and keeping what was read."""
