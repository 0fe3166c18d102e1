"""What a simulation says of a quote."""

import pytest
from solders.instruction import AccountMeta, Instruction

from landfall.core.ledger.answers import Balances, TokenBalance
from landfall.core.ledger.gate import RouteAt, Verdict, at_fault, judge
from landfall.core.token import Token
from landfall.core.values import Lamports, Pubkey, Slot
from tests.core.examples import SOL, USDC, WALLET, a_quote, pubkey

SOMEBODY = pubkey(60)


def at(slot: int, out: int = 100, paid: int = 50) -> RouteAt:
    return RouteAt(Slot(slot), paid, out)


@pytest.mark.parametrize(
    ("simulated", "before", "after", "verdict"),
    [
        # The same amounts, whatever the slots.
        (at(7), at(3), at(9, 80), Verdict.AGREES),
        (at(7), at(3, 80), at(9), Verdict.AGREES),
        # Other amounts on the very slot that one of the quotes is of.
        (at(7, 99), at(7), at(7), Verdict.CONTRADICTED),
        (at(7, 99), at(7), at(9, 80), Verdict.CONTRADICTED),
        (at(7, 99), at(3, 80), at(7), Verdict.CONTRADICTED),
        (at(7, 100, 51), at(7), at(7), Verdict.CONTRADICTED),
        # The pools said the same before and after, so nothing moved in between.
        (at(7, 99), at(3), at(9), Verdict.CONTRADICTED),
        # They moved, or were seen at the wrong time.
        (at(7, 99), at(3), at(9, 80), Verdict.MOVED),
        (at(7, 99), at(3), at(5), Verdict.MOVED),
        (at(7, 99), at(8), at(9), Verdict.MOVED),
    ],
)
def test_only_a_quote_of_the_same_state_can_be_contradicted(simulated, before, after, verdict):
    assert judge(simulated, before, after) is verdict


VAULT_IN, VAULT_OUT, OTHERS = pubkey(61), pubkey(62), pubkey(63)


def simulated_moves(*moves: tuple[Pubkey, Token, Pubkey, int, int]) -> Balances:
    """(account, token, owner, before, after)"""
    before = tuple(TokenBalance(at, t.mint, owner, was) for at, t, owner, was, _ in moves)
    after = tuple(TokenBalance(at, t.mint, owner, has) for at, t, owner, _, has in moves)
    return Balances(
        fee_lamports=Lamports(5_000),
        lamports_before={},
        lamports_after={},
        tokens_before=before,
        tokens_after=after,
    )


def swap_over(*accounts: Pubkey) -> Instruction:
    return Instruction(pubkey(999), b"", [AccountMeta(each, False, True) for each in accounts])


def test_the_pool_at_fault_is_the_one_whose_accounts_moved_something_else():
    quotes = (a_quote(1), a_quote(2))
    swaps = (swap_over(VAULT_IN, VAULT_OUT), swap_over(OTHERS, pubkey(64)))
    honest = [
        (OTHERS, SOL, SOMEBODY, 0, 1_500_000_000),
        (pubkey(64), USDC, SOMEBODY, 300_000_000, 75_000_000),
        (pubkey(65), USDC, WALLET, 0, 450_000_000),
    ]
    short = [
        (VAULT_IN, SOL, SOMEBODY, 0, 1_500_000_000),
        (VAULT_OUT, USDC, SOMEBODY, 225_000_000, 1),
    ]
    assert at_fault(quotes, swaps, WALLET, simulated_moves(*honest, *short)) == (pubkey(1),)


def test_where_no_pool_is_seen_to_be_at_fault_all_are():
    moves = [
        (VAULT_IN, SOL, SOMEBODY, 0, 1_500_000_000),
        (VAULT_OUT, USDC, SOMEBODY, 225_000_000, 0),
    ]
    assert at_fault(
        (a_quote(1),), (swap_over(VAULT_IN, VAULT_OUT),), WALLET, simulated_moves(*moves)
    ) == (pubkey(1),)
