"""Solana's rules without asking it: accounts, transactions, and what the ledger's answers mean."""
