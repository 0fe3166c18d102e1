"""A route as one atomic transaction: what is in it, in which order, and how large it may be."""

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.transaction import VersionedTransaction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.lookup_table import LookupTable
from landfall.core.ledger.packet import PACKET_BYTES_MAX
from landfall.core.ledger.tips import TIP_ACCOUNTS, Tip, tip_step
from landfall.core.ledger.token_accounts import associated_address, open_account, unwrap, wrap
from landfall.core.ledger.transaction import (
    COMPUTE_UNITS_MAX,
    ComputeBudget,
    Form,
    instructions,
    message,
    signed,
    to_sign,
    why_it_does_not_fit,
    writable_accounts,
)
from landfall.core.quote import Leg, Route, SwapRequest
from landfall.core.values import (
    BaseUnits,
    BlockHeight,
    Lamports,
    Pubkey,
    Signature,
    Slot,
    SwapMode,
)
from tests.core.examples import ETH, SOL, USDC, WALLET, a_quote, a_route, pubkey

BUDGET = ComputeBudget(unit_limit=120_000, unit_price_micro_lamports=0)
LATEST = LatestBlockhash(str(Hash(bytes([3] * 32))), BlockHeight(1_150), Slot(500))
COMPUTE_BUDGET_PROGRAM = Pubkey.from_string("ComputeBudget111111111111111111111111111111")


def a_swap(first_account: int = 1, accounts: int = 13) -> Instruction:
    """A swap over so many accounts that nobody else uses."""
    addresses = [pubkey(first_account * 1_000 + number) for number in range(accounts)]
    return Instruction(
        pubkey(999), bytes(24), [AccountMeta(address, False, True) for address in addresses]
    )


def a_leg(in_mint, out_mint, pool, mode=SwapMode.EXACT_IN, threshold=222_750_000) -> Leg:
    request = SwapRequest(
        in_mint=in_mint.mint, out_mint=out_mint.mint, mode=mode, amount=BaseUnits(1_500_000_000)
    )
    quote = a_quote(pool, request=request)
    return Leg(quote=quote, threshold=BaseUnits(threshold))


def route_of(*legs: Leg) -> Route:
    return Route(
        legs=legs,
        in_amount=legs[0].quote.in_amount,
        out_amount=legs[-1].quote.out_amount,
        context_slot=Slot(500),
    )


def test_paying_in_sol_opens_wraps_swaps_and_unwraps_the_rest():
    swap = a_swap()
    assert instructions(a_route(), (SOL, USDC), [swap], WALLET) == [
        open_account(WALLET, SOL),
        open_account(WALLET, USDC),
        *wrap(WALLET, SOL, Lamports(1_500_000_000)),
        swap,
        unwrap(WALLET, SOL),
    ]


def test_being_paid_in_sol_wraps_nothing_and_unwraps_after_the_swap():
    swap = a_swap()
    route = route_of(a_leg(USDC, SOL, 1))
    assert instructions(route, (USDC, SOL), [swap], WALLET) == [
        open_account(WALLET, USDC),
        open_account(WALLET, SOL),
        swap,
        unwrap(WALLET, SOL),
    ]


def test_a_trade_without_sol_opens_two_accounts_and_swaps():
    swap = a_swap()
    assert instructions(route_of(a_leg(USDC, ETH, 1)), (USDC, ETH), [swap], WALLET) == [
        open_account(WALLET, USDC),
        open_account(WALLET, ETH),
        swap,
    ]


def test_for_a_fixed_output_as_much_sol_is_wrapped_as_the_bound_lets_the_pool_take():
    route = a_route(a_quote(mode=SwapMode.EXACT_OUT), threshold=1_515_000_000)
    steps = instructions(route, (SOL, USDC), [a_swap()], WALLET)
    assert steps[2:4] == wrap(WALLET, SOL, Lamports(1_515_000_000))


def test_a_split_swaps_each_leg_between_the_same_two_accounts():
    route = route_of(a_leg(SOL, USDC, 1), a_leg(SOL, USDC, 2))
    steps = instructions(route, (SOL, USDC), [a_swap(1), a_swap(2)], WALLET)
    assert steps[2:4] == wrap(WALLET, SOL, Lamports(3_000_000_000))
    assert steps[4:6] == [a_swap(1), a_swap(2)]
    assert steps[6:] == [unwrap(WALLET, SOL)]


def test_two_hops_open_what_they_go_through_and_wrap_what_the_first_may_take():
    first = a_leg(SOL, USDC, 1, SwapMode.EXACT_OUT, threshold=1_600_000_000)
    steps = instructions(
        route_of(first, a_leg(USDC, ETH, 2)), (SOL, USDC, ETH), [a_swap(1), a_swap(2)], WALLET
    )
    assert steps == [
        open_account(WALLET, SOL),
        open_account(WALLET, USDC),
        open_account(WALLET, ETH),
        *wrap(WALLET, SOL, Lamports(1_600_000_000)),
        a_swap(1),
        a_swap(2),
        unwrap(WALLET, SOL),
    ]


def test_sol_that_is_only_passed_through_is_opened_and_unwrapped_and_never_wrapped():
    first = a_leg(USDC, SOL, 1, SwapMode.EXACT_OUT)
    steps = instructions(
        route_of(first, a_leg(SOL, ETH, 2)), (USDC, SOL, ETH), [a_swap(1), a_swap(2)], WALLET
    )
    assert steps == [
        open_account(WALLET, USDC),
        open_account(WALLET, SOL),
        open_account(WALLET, ETH),
        a_swap(1),
        a_swap(2),
        unwrap(WALLET, SOL),
    ]


def test_the_tip_is_paid_last():
    tip = Tip(TIP_ACCOUNTS[0], Lamports(2_000))
    steps = instructions(a_route(), (SOL, USDC), [a_swap()], WALLET, tip)
    assert steps[-1] == tip_step(WALLET, tip)


def test_the_budget_comes_first_and_a_price_of_nothing_is_left_out():
    steps = instructions(a_route(), (SOL, USDC), [a_swap()], WALLET)
    free = message(steps, BUDGET, WALLET, LATEST)
    priced = message(steps, ComputeBudget(120_000, 5_000), WALLET, LATEST)
    assert _programs(free)[:2] == [COMPUTE_BUDGET_PROGRAM, open_account(WALLET, SOL).program_id]
    assert _programs(priced)[:2] == [COMPUTE_BUDGET_PROGRAM] * 2
    assert free.instructions[0].data == bytes([2]) + (120_000).to_bytes(4, "little")
    assert priced.instructions[1].data == bytes([3]) + (5_000).to_bytes(8, "little")


def test_the_wallet_pays_and_is_the_only_signer():
    compiled = message([a_swap()], BUDGET, WALLET, LATEST)
    assert compiled.account_keys[0] == WALLET
    assert compiled.header.num_required_signatures == 1
    assert str(compiled.recent_blockhash) == LATEST.blockhash


def test_what_does_not_fit_one_packet_fails_before_it_is_signed():
    steps = instructions(a_route(), (SOL, USDC), [a_swap(n) for n in range(1, 5)], WALLET)
    with pytest.raises(AttemptFailure) as failed:
        message(steps, BUDGET, WALLET, LATEST)
    assert failed.value.reason is FailureReason.TRANSACTION_TOO_LARGE
    assert str(PACKET_BYTES_MAX) in failed.value.detail


def test_the_last_byte_of_a_packet_is_usable_and_the_next_one_is_not():
    def of(size: int) -> Instruction:
        return Instruction(pubkey(999), bytes(size), [])

    spare = PACKET_BYTES_MAX - _size([of(200)])
    assert _size([of(200 + spare)]) == PACKET_BYTES_MAX
    with pytest.raises(AttemptFailure):
        message([of(201 + spare)], BUDGET, WALLET, LATEST)


def test_the_size_does_not_depend_on_the_compute_limit():
    """So that what was simulated at the largest limit still fits at the one that is signed."""
    steps = instructions(a_route(), (SOL, USDC), [a_swap()], WALLET)
    assert _size(steps) == _size(steps, ComputeBudget(COMPUTE_UNITS_MAX, 0))


def test_a_signed_transaction_carries_its_signature_and_how_long_it_may_land():
    compiled = message([a_swap()], BUDGET, WALLET, LATEST)
    signature = Signature(bytes([5] * 64))
    transaction = signed(compiled, signature, LATEST)
    parsed = VersionedTransaction.from_bytes(transaction.raw)
    assert parsed.signatures == [signature]
    assert parsed.message == compiled
    assert transaction.last_valid_block_height == LATEST.last_valid_block_height
    assert transaction.min_context_slot == LATEST.context_slot
    assert transaction.blockhash == LATEST.blockhash


def test_what_is_signed_is_the_message_with_its_version():
    compiled = message([a_swap()], BUDGET, WALLET, LATEST)
    assert to_sign(compiled) == bytes([0x80]) + bytes(compiled)


def test_more_accounts_than_the_ledger_locks_fail_though_a_table_makes_them_small():
    swap = a_swap(accounts=62)
    table = LookupTable(pubkey(5), tuple(meta.pubkey for meta in swap.accounts))
    fits, why = swap.accounts[:61], why_it_does_not_fit([swap], WALLET, Form((table,)))
    smaller = Instruction(swap.program_id, bytes(24), list(fits))
    assert why_it_does_not_fit([smaller], WALLET, Form((table,))) is None
    assert why == "the transaction locks 65 accounts, the ledger allows 64"


@pytest.mark.parametrize("takes_v1", [False, True])
def test_more_accounts_than_a_message_can_number_do_not_fit(takes_v1):
    steps = [a_swap(number) for number in range(1, 24)]
    why = why_it_does_not_fit(steps, WALLET, Form(takes_v1=takes_v1))
    assert why == "the transaction locks 301 accounts, the ledger allows 64"


def test_what_does_not_fit_without_a_table_fits_with_it():
    swaps = [a_swap(n) for n in range(1, 5)]
    steps = instructions(a_route(), (SOL, USDC), swaps, WALLET)
    table = LookupTable(pubkey(5), tuple(meta.pubkey for swap in swaps for meta in swap.accounts))
    assert "bytes" in (why_it_does_not_fit(steps, WALLET) or "")
    assert why_it_does_not_fit(steps, WALLET, Form((table,))) is None
    assert [
        lookup.account_key
        for lookup in message(steps, BUDGET, WALLET, LATEST, Form((table,))).address_table_lookups
    ] == [table.address]


def test_others_write_what_the_steps_write_but_not_the_wallet():
    steps = [a_swap(accounts=2), *wrap(WALLET, SOL, Lamports(1))]
    assert set(writable_accounts(steps, WALLET)) == {
        pubkey(1_000),
        pubkey(1_001),
        associated_address(WALLET, SOL),
    }


def _programs(compiled):
    return [compiled.account_keys[step.program_id_index] for step in compiled.instructions]


def _size(steps, budget=BUDGET):
    compiled = message(steps, budget, WALLET, LATEST)
    return len(signed(compiled, Signature.default(), LATEST).raw)
