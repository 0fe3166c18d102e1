"""HTTP and WebSocket: translates between clients' words and the pipeline's, and decides nothing."""
