"""Where a wallet keeps its tokens, and what prepares an account for a swap."""

import pytest
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.token.associated import get_associated_token_address

from landfall.core.ledger.token_accounts import (
    ASSOCIATED_TOKEN_PROGRAM,
    associated_address,
    open_account,
    unwrap,
    wrap,
)
from landfall.core.token import TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.values import Lamports
from tests.core.examples import SOL, USDC, WALLET, pubkey


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_associated_address_is_the_one_that_others_derive(number):
    wallet = pubkey(number)
    assert associated_address(wallet, USDC) == get_associated_token_address(wallet, USDC.mint)


def test_a_token_2022_mint_has_an_account_of_its_own_program():
    other = Token(mint=USDC.mint, decimals=6, program=TOKEN_2022_PROGRAM)
    assert associated_address(WALLET, other) != associated_address(WALLET, USDC)


def test_opening_is_idempotent_and_paid_by_the_wallet():
    opened = open_account(WALLET, USDC)
    assert opened.program_id == ASSOCIATED_TOKEN_PROGRAM
    assert opened.data == bytes([1])
    assert [meta.pubkey for meta in opened.accounts] == [
        WALLET,
        associated_address(WALLET, USDC),
        WALLET,
        USDC.mint,
        SYSTEM_PROGRAM,
        TOKEN_PROGRAM,
    ]
    assert [meta.is_signer for meta in opened.accounts] == [True] + [False] * 5
    assert [meta.is_writable for meta in opened.accounts] == [True, True] + [False] * 4


def test_wrapping_pays_lamports_in_and_tells_the_token_program():
    transferred, synced = wrap(WALLET, SOL, Lamports(1_500_000_000))
    account = associated_address(WALLET, SOL)
    assert transferred.program_id == SYSTEM_PROGRAM
    assert transferred.data == (2).to_bytes(4, "little") + (1_500_000_000).to_bytes(8, "little")
    assert [meta.pubkey for meta in transferred.accounts] == [WALLET, account]
    assert (synced.program_id, synced.data) == (TOKEN_PROGRAM, bytes([17]))
    assert [meta.pubkey for meta in synced.accounts] == [account]


def test_unwrapping_returns_every_lamport_to_the_wallet():
    closed = unwrap(WALLET, SOL)
    assert (closed.program_id, closed.data) == (TOKEN_PROGRAM, bytes([9]))
    account, destination, authority = closed.accounts
    assert (account.pubkey, destination.pubkey, authority.pubkey) == (
        associated_address(WALLET, SOL),
        WALLET,
        WALLET,
    )
    assert authority.is_signer
    assert destination.is_writable


def test_only_sol_is_wrapped():
    with pytest.raises(AssertionError):
        wrap(WALLET, USDC, Lamports(1))
    with pytest.raises(AssertionError):
        unwrap(WALLET, USDC)
