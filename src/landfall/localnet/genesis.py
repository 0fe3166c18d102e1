"""The accounts a new chain is born with: a faucet, funded wallets, mints, and pools to trade on.

Everything but the funded wallets follows from constants, so two chains of one genesis hold the same
bytes.
Units: lamports and base units, unless a name says whole tokens.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from solders.keypair import Keypair
from solders.system_program import ID as SYSTEM_PROGRAM

from landfall.core.ledger.tips import TIP_ACCOUNTS
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    MINT_BYTES,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    MINT_SUPPLY,
    NATIVE_MINT,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
)
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Pubkey
from landfall.localnet.lookup_tables import lookup_tables
from landfall.localnet.openings.deposits import Deposit, owned_account, token_account
from landfall.localnet.pools import pool_accounts

LAMPORTS_PER_SOL = 10**9
FAUCET_LAMPORTS = 500_000_000 * LAMPORTS_PER_SOL
WALLET_LAMPORTS = 100_000 * LAMPORTS_PER_SOL
TIP_ACCOUNT_LAMPORTS = 1_000_000
WALLET_WHOLE_TOKENS: Mapping[str, int] = {
    "USDC": 10_000_000,
    "USDT": 10_000_000,
    "ETH": 2_000,
    "JUP": 10_000_000,
    "RAY": 2_000_000,
    "BONK": 200_000_000_000,
}
"""What a funded wallet holds beside its SOL, which is all native: none of it is wrapped."""


def faucet() -> Keypair:
    """The key that airdrops are paid from.

    Everybody can derive it, and it is worth nothing elsewhere.
    """
    return Keypair.from_seed(hashlib.sha256(b"landfall localnet faucet").digest())


def genesis_accounts(funded: Sequence[Pubkey]) -> dict[Pubkey, Account]:
    """All accounts of a new chain."""
    accounts = dict(_same_on_every_chain())
    for wallet in funded:
        accounts |= _wallet_accounts(wallet)
    supplies = _supplies(accounts.values())
    for token in KNOWN_TOKENS.values():
        # Of the native mint nothing is ever minted: its tokens are lamports.
        supply = 0 if token.mint == NATIVE_MINT else supplies.get(token.mint, 0)
        accounts[token.mint] = _mint_account(token.decimals, supply)
    return accounts


@cache
def _same_on_every_chain() -> Mapping[Pubkey, Account]:
    """All but the mints, whose supply counts what the wallets hold."""
    pools = pool_accounts()
    mints = {token.mint: _mint_account(token.decimals, 0) for token in KNOWN_TOKENS.values()}
    rich = {faucet().pubkey(): Account(SYSTEM_PROGRAM, FAUCET_LAMPORTS, b"")}
    return rich | tip_accounts() | pools | lookup_tables(pools | mints)


def tip_accounts() -> dict[Pubkey, Account]:
    """Where block engines are tipped. They exist, so that a small tip opens no account."""
    return {account: Account(SYSTEM_PROGRAM, TIP_ACCOUNT_LAMPORTS, b"") for account in TIP_ACCOUNTS}


def wallet_grant(
    wallet: Pubkey, read: Callable[[Pubkey], Account | None]
) -> dict[Pubkey, Account | None]:
    """What a wallet is given on a chain that exists: its accounts, and the mints that grow."""
    changes: dict[Pubkey, Account | None] = dict(_wallet_accounts(wallet))
    for symbol, amount in WALLET_WHOLE_TOKENS.items():
        token = KNOWN_TOKENS[symbol]
        mint = read(token.mint)
        if mint is not None:
            data = bytearray(mint.data)
            MINT_SUPPLY.add(data, amount * 10**token.decimals)
            changes[token.mint] = replace(mint, data=bytes(data))
    return changes


def _wallet_accounts(wallet: Pubkey) -> dict[Pubkey, Account]:
    accounts = {wallet: Account(SYSTEM_PROGRAM, WALLET_LAMPORTS, b"")}
    for symbol, amount in WALLET_WHOLE_TOKENS.items():
        token = KNOWN_TOKENS[symbol]
        deposit = Deposit(token=token, amount=amount * 10**token.decimals)
        accounts[associated_address(wallet, token)] = token_account(deposit, wallet)
    return accounts


def _supplies(accounts: Iterable[Account]) -> dict[Pubkey, int]:
    """How much of each mint the token accounts hold together."""
    held: dict[Pubkey, int] = {}
    for account in accounts:
        if account.owner == TOKEN_PROGRAM and len(account.data) == TOKEN_ACCOUNT_BYTES:
            mint = ACCOUNT_MINT.read(account.data)
            held[mint] = held.get(mint, 0) + ACCOUNT_AMOUNT.read(account.data)
    return held


def _mint_account(decimals: int, supply: int) -> Account:
    """A mint of the classic token program that has no authority: its supply stays what it is."""
    data = bytearray(MINT_BYTES)
    MINT_SUPPLY.write(data, supply)
    MINT_DECIMALS.write(data, decimals)
    MINT_INITIALIZED.write(data, 1)
    return owned_account(TOKEN_PROGRAM, bytes(data))
