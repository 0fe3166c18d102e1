"""A Solana cluster in one process, for demos, tests and paper trading: real SVM, real JSON-RPC,
no network.
"""
