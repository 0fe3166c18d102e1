"""Keys and signing: the only room that sees a secret."""
