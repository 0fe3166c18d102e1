"""The accounts a new chain is born with: mints, a faucet, funded wallets, and pools that disagree a little.

Everything but the funded wallets follows from constants, so two chains of one genesis hold the same bytes.
Units: lamports and base units; a `Wallet` grant is what each funded wallet gets of each token.
"""

import hashlib
from collections.abc import Mapping, Sequence

from solders.keypair import Keypair

from landfall.core.token import TOKEN_PROGRAM
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, Pubkey
from landfall.localnet.programs.deposits import Deposit, owned_account, token_account

SYSTEM_PROGRAM = Pubkey.from_string("11111111111111111111111111111111")
ASSOCIATED_TOKEN_PROGRAM = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
LAMPORTS_PER_SOL = 10**9
FAUCET_LAMPORTS = 500_000_000 * LAMPORTS_PER_SOL
WALLET_LAMPORTS = 100_000 * LAMPORTS_PER_SOL
WALLET_TOKENS: Mapping[str, int] = {
    "SOL": 10_000,
    "USDC": 10_000_000,
    "USDT": 10_000_000,
    "ETH": 2_000,
    "JUP": 10_000_000,
    "RAY": 2_000_000,
    "BONK": 200_000_000_000,
}
"""Whole tokens; of SOL, wrapped and beside the lamports."""


def faucet() -> Keypair:
    """The key that airdrops are paid from. Localnet's own, and worth nothing elsewhere."""
    return Keypair.from_seed(hashlib.sha256(b"landfall localnet faucet").digest())


def genesis_accounts(funded: Sequence[Pubkey]) -> dict[Pubkey, Account]:
    """All accounts of a new chain."""
    accounts: dict[Pubkey, Account] = {
        faucet().pubkey(): Account(SYSTEM_PROGRAM, FAUCET_LAMPORTS, b"")
    }
    held: dict[Pubkey, int] = {}
    for wallet in dict.fromkeys(funded):
        accounts[wallet] = Account(SYSTEM_PROGRAM, WALLET_LAMPORTS, b"")
        for symbol, amount in WALLET_TOKENS.items():
            token = KNOWN_TOKENS[symbol]
            units = amount * 10**token.decimals
            accounts[associated_token_address(wallet, token.mint)] = token_account(
                Deposit(token=token, amount=units), wallet
            )
            held[token.mint] = held.get(token.mint, 0) + units
    for token in KNOWN_TOKENS.values():
        accounts[token.mint] = mint_account(token.decimals, held.get(token.mint, 0))
    return accounts


def associated_token_address(
    wallet: Pubkey, mint: Pubkey, token_program: Pubkey = TOKEN_PROGRAM
) -> Pubkey:
    """Where a wallet's tokens of a mint are kept by convention."""
    seeds = [bytes(wallet), bytes(token_program), bytes(mint)]
    return Pubkey.find_program_address(seeds, ASSOCIATED_TOKEN_PROGRAM)[0]


def mint_account(decimals: int, supply: int) -> Account:
    """A mint of the classic token program whose supply nobody can change."""
    data = bytes(36) + supply.to_bytes(8, "little") + bytes([decimals, 1]) + bytes(36)
    return owned_account(TOKEN_PROGRAM, data)
