"""Supply curves put together: ends that buy nothing, transfer fees, and amounts that fill."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.supply import (
    PRICE_ONE,
    End,
    Segment,
    Stretch,
    TransferFees,
    filling,
    segments,
    walked,
)
from landfall.core.token import TransferFee
from landfall.core.values import U64_MAX, BaseUnits, BasisPoints, Pubkey, Slot, SwapMode

POOL, IN, OUT = (Pubkey(bytes([n] * 32)) for n in (1, 2, 3))
NO_FEES = TransferFees(None, None)
TENTH = TransferFee(1_000, 2**63)


def request(amount: int, mode: SwapMode = SwapMode.EXACT_OUT) -> SwapRequest:
    return SwapRequest(in_mint=IN, out_mint=OUT, mode=mode, amount=BaseUnits(amount))


def pool(
    costs: Callable[[int], int], pays: Callable[[int], int], most: int = 1_000
) -> Callable[[SwapRequest], Quote | Refused]:
    """A pool that takes up to `most`."""

    def ask(asked: SwapRequest) -> Quote | Refused:
        is_exact_in = asked.mode is SwapMode.EXACT_IN
        taken = asked.amount if is_exact_in else costs(asked.amount)
        if taken > most:
            return Refused(venue="toy", dex="toy", pool=POOL, error="Full", sentence="Full.")
        return Quote(
            venue="toy",
            dex="toy",
            pool=POOL,
            request=asked,
            in_amount=BaseUnits(taken),
            out_amount=BaseUnits(pays(taken) if is_exact_in else asked.amount),
            fee_amount=BaseUnits(0),
            fee_mint=IN,
            price_impact_bps=BasisPoints(0),
            context_slot=Slot(1),
        )

    return ask


def test_a_stretch_that_buys_nothing_joins_the_next():
    ends = [End(5, 0, 9), End(5, 0, 8), End(9, 3, 7), End(12, 4, 6)]
    assert segments(ends) == (Segment(9, 3, 7), Segment(3, 1, 6))


def test_what_buys_nothing_at_the_end_is_not_on_offer():
    assert segments([End(9, 3, 7), End(12, 3, 6)]) == (Segment(9, 3, 7),)


def test_a_filled_walk_takes_all_that_was_offered_though_a_fee_swallows_the_last_unit():
    fees = TransferFees(TENTH, None)
    ask = pool(lambda out: 2 * out, lambda taken: (taken - TENTH.of(taken)) // 2)
    stretches = [Stretch(90, 45, PRICE_ONE)]
    found = walked(stretches, (101, 45), request(101), ask, fees)
    assert found == (Segment(101, 45, fees.net(PRICE_ONE, 0, 0)),)
    assert walked(stretches, None, request(101), ask, fees)[0].in_amount == 100


def test_a_walk_ends_where_64_bits_do_not_hold_what_is_sent():
    stretches = [Stretch(2**63, 7, PRICE_ONE), Stretch(2**63 - 1, 7, PRICE_ONE)]
    assert [end.in_total for end in NO_FEES.ends(stretches)] == [2**63, 2**64 - 1]
    taxed = TransferFees(TENTH, None).ends(stretches)
    assert [end.in_total for end in taxed] == [2**63 + TENTH.inverse(2**63)]


def test_a_walk_that_was_refused_offers_only_the_ends_at_which_the_pool_stops():
    ask = pool(lambda out: 2 * out, lambda taken: taken // 2, most=40)
    stretches = [Stretch(20, 10, PRICE_ONE), Stretch(20, 10, 9), Stretch(20, 10, 8)]
    found = walked(stretches, None, request(100), ask, NO_FEES)
    assert [one.start_price for one in found] == [PRICE_ONE, 9]


@given(
    fee=st.builds(TransferFee, st.integers(1, 10_000), st.integers(0, 10**9)),
)
def test_a_transfer_fee_is_full_from_there_and_not_before(fee: TransferFee):
    full = fee.is_full_from()
    assert fee.of(full) == fee.maximum
    assert full == 1 or fee.of(full - 1) < fee.maximum


def test_a_price_is_net_of_both_transfer_fees_until_they_are_full():
    fees = TransferFees(TENTH, TransferFee(5_000, 10))
    assert fees.net(1_000, 0, 0) == 450
    assert fees.net(1_000, 0, 20) == 900


def test_an_exact_output_is_filled_by_an_input_that_buys_it():
    filled = filling(request(100), pool(lambda out: 2 * out, lambda taken: taken // 2), lambda: 0)
    assert filled is not None
    assert (filled.in_amount, filled.out_amount) == (200, 100)


def test_what_an_exact_output_costs_is_raised_until_it_buys_it():
    short = pool(lambda out: 2 * out, lambda taken: (taken - 5) // 2)
    filled = filling(request(100), short, lambda: 0)
    assert filled is not None
    assert filled.out_amount >= 100
    assert filled.in_amount <= 200 + 2 * 5


def test_what_a_pool_cannot_fill_it_fills_as_far_as_it_goes():
    full = pool(lambda out: 2 * out, lambda taken: taken // 2, most=50)
    for mode in SwapMode:
        filled = filling(request(100, mode), full, lambda: 50)
        assert filled is not None
        assert (filled.in_amount, filled.out_amount) == (50, 25)
    assert filling(request(100), full, lambda: U64_MAX) is None
