"""Solana's rules without asking it: token accounts, transactions, and what the ledger's answers
mean.
"""
