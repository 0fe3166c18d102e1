"""Legs' bounds sum to the order's, each leg can meet its own at the quote, and none is free."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.quote import max_in_amount, min_out_amount
from landfall.core.routing.bounded import bounded
from landfall.core.values import BaseUnits, BasisPoints, SwapMode
from tests.core.examples import a_quote, pubkey

AMOUNTS = st.integers(1_000, 10**15)
SLIPPAGES = st.integers(1, 5_000)
PARTS = st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=5)


def hop(mode: SwapMode, parts: list[tuple[int, int]], first: int = 1):
    """A quote for each (input, output), of pools numbered from the first."""
    return tuple(
        a_quote(number, mode, in_amount=BaseUnits(taken), out_amount=BaseUnits(paid))
        for number, (taken, paid) in enumerate(parts, first)
    )


@given(PARTS, SLIPPAGES)
def test_minimum_outputs_sum_to_the_orders(parts, slippage):
    quotes = hop(SwapMode.EXACT_IN, parts)
    amount = sum(quote.in_amount for quote in quotes)
    route = bounded(((quotes,),), SwapMode.EXACT_IN, amount, slippage)
    assert route.least_out == min_out_amount(route.out_amount, slippage)
    assert route.most_in == amount
    assert all(0 < leg.threshold <= leg.quote.out_amount for leg in route.legs)


@given(PARTS, SLIPPAGES)
def test_maximum_inputs_sum_to_the_orders(parts, slippage):
    quotes = hop(SwapMode.EXACT_OUT, parts)
    amount = sum(quote.out_amount for quote in quotes)
    route = bounded(((quotes,),), SwapMode.EXACT_OUT, amount, slippage)
    assert route.most_in == max_in_amount(route.in_amount, slippage)
    assert route.least_out == amount
    assert all(leg.threshold >= leg.quote.in_amount for leg in route.legs)


@given(PARTS, PARTS, st.integers(0, 10**12), SLIPPAGES)
def test_two_hops_never_take_more_than_the_amount_and_never_at_a_worse_price(
    near, far, kept, slippage
):
    first, second = hop(SwapMode.EXACT_OUT, near), hop(SwapMode.EXACT_IN, far, 11)
    third = pubkey(99)
    first = tuple(replace(q, request=replace(q.request, out_mint=third)) for q in first)
    second = tuple(replace(q, request=replace(q.request, in_mint=third)) for q in second)
    taken, paid = sum(q.in_amount for q in first), sum(q.out_amount for q in second)
    order = taken + min(kept, taken // 10)
    route = bounded(((first, second),), SwapMode.EXACT_IN, order, BasisPoints(slippage))
    assert route.most_in == order
    assert all(leg.threshold >= leg.quote.in_amount for leg in route.hops[0])
    assert all(leg.threshold <= leg.quote.out_amount for leg in route.hops[1])
    # The least for the most is within the slippage of the quoted price, if any of it can be met.
    in_proportion = route.least_out * taken * 10_000 >= paid * order * (10_000 - slippage)
    assert in_proportion or route.least_out == paid


@given(PARTS, PARTS, st.integers(0, 10**12), SLIPPAGES)
def test_two_hops_never_pay_less_than_an_exact_output(near, far, over, slippage):
    first, second = hop(SwapMode.EXACT_OUT, near), hop(SwapMode.EXACT_IN, far, 11)
    third = pubkey(99)
    first = tuple(replace(q, request=replace(q.request, out_mint=third)) for q in first)
    second = tuple(replace(q, request=replace(q.request, in_mint=third)) for q in second)
    taken, paid = sum(q.in_amount for q in first), sum(q.out_amount for q in second)
    order = paid - min(over, paid // 10)
    route = bounded(((first, second),), SwapMode.EXACT_OUT, order, BasisPoints(slippage))
    assert route.least_out == order
    assert all(leg.threshold >= leg.quote.in_amount for leg in route.hops[0])
    assert all(leg.threshold <= leg.quote.out_amount for leg in route.hops[1])
    in_proportion = route.most_in * paid * 10_000 <= taken * order * (10_000 + slippage)
    assert in_proportion or route.most_in == taken
