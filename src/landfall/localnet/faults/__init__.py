"""What may go wrong on localnet, by rule and by seed: what `--fault` can ask for."""
