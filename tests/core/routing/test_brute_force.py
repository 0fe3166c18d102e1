"""On markets small enough to try everything, the route is what trying everything finds."""

from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.quote import Quote, SwapRequest
from landfall.core.values import SwapMode
from tests.core.routing.markets import CLOCK, Offered, a_token, ask, products, request

A, B, C = a_token(1), a_token(2), a_token(3)
RESERVES = st.tuples(
    st.integers(300, 3_000), st.integers(300, 3_000), st.sampled_from((1, 25, 100))
)
NEAR_ONE = st.tuples(
    st.integers(15_000, 30_000), st.integers(15_000, 30_000), st.sampled_from((1, 25, 100))
)
SMALL = settings(max_examples=60, deadline=None)


def table(offer: Offered, wanted: SwapRequest) -> list[int | None]:
    """By amount: what the pool pays (exact in) or takes (exact out); None where it refuses."""
    mode, answers = wanted.mode, [0]
    for amount in range(1, wanted.amount + 1):
        asked = SwapRequest(
            in_mint=wanted.in_mint, out_mint=wanted.out_mint, mode=mode, amount=amount
        )
        answer = offer.venue.quote(offer.pool, asked, CLOCK)
        if not isinstance(answer, Quote):
            answers.append(None)
        else:
            exact_in = mode is SwapMode.EXACT_IN
            answers.append(answer.out_amount if exact_in else answer.in_amount)
    return answers


def best_of_all(pools: tuple[Offered, ...], wanted: SwapRequest) -> int | None:
    """The best of every way to split the amount over three pools."""
    first, second, third = (table(pool, wanted) for pool in pools)
    sums = []
    for a, b in product(range(wanted.amount + 1), repeat=2):
        c = wanted.amount - a - b
        if c >= 0 and None not in (parts := (first[a], second[b], third[c])):
            sums.append(sum(parts))
    better = max if wanted.mode is SwapMode.EXACT_IN else min
    return better(sums, default=None)


def units_worth(best: int, amount: int) -> int:
    """What two units of the amount are worth, rounded up: parts are whole units."""
    return 2 * -(-best // amount)


@SMALL
@given(st.lists(RESERVES, min_size=3, max_size=3), st.integers(2, 80))
def test_no_split_of_a_fixed_input_pays_more_and_the_bound_is_above_all(reserves, amount):
    pools = products(reserves, A, B)
    wanted = request(A, B, amount)
    best = best_of_all(pools, wanted)
    route = ask(pools, wanted).route
    if not best:
        assert route is None
        return
    assert best - units_worth(best, amount) <= route.out_amount <= best <= route.upper_bound_out


@SMALL
@given(st.lists(RESERVES, min_size=3, max_size=3), st.integers(2, 80))
def test_no_split_of_a_fixed_output_takes_less_and_the_bound_is_below_all(reserves, amount):
    pools = products(reserves, A, B)
    wanted = request(A, B, amount, SwapMode.EXACT_OUT)
    best = best_of_all(pools, wanted)
    route = ask(pools, wanted).route
    assert best <= route.in_amount <= best + units_worth(best, amount)
    assert route.lower_bound_in <= best


@settings(max_examples=30, deadline=None)
@given(
    st.lists(NEAR_ONE, min_size=2, max_size=2),
    st.lists(NEAR_ONE, min_size=2, max_size=2),
    st.integers(100, 300),
)
def test_two_hops_come_close_to_every_split_of_both(near, far, amount):
    first, second = products(near, A, C), products(far, C, B)
    wanted = request(A, B, amount)
    best = _best_of_two_hops(first, second, amount)
    route = ask((*first, *second), wanted).route
    if not best:
        assert route is None
        return
    # The amount between is bought exactly, so a unit or two of it, and what they buy, may be out of
    # reach.
    assert best - 6 <= route.out_amount <= best <= route.upper_bound_out
    assert route.in_amount <= amount


def _best_of_two_hops(first, second, amount: int) -> int:
    ins = [table(pool, request(A, C, amount)) for pool in first]
    between = max((ins[0][a] or 0) + (ins[1][amount - a] or 0) for a in range(amount + 1))
    if not between:
        return 0
    outs = [table(pool, request(C, B, between)) for pool in second]
    return max((outs[0][a] or 0) + (outs[1][between - a] or 0) for a in range(between + 1))


@pytest.mark.parametrize("mode", SwapMode)
def test_control_without_its_last_moves_a_small_split_is_often_worse(mode, monkeypatch):
    worse = 0
    for seed in range(20):
        random = Random(seed)
        held = [random.randint(500, 5_000) for _ in range(2)]
        reserves = [(each, int(each * random.uniform(0.97, 1.03)), 5) for each in held]
        pools = products(reserves, A, B)
        wanted = request(A, B, random.randint(25, 300), mode)
        routed = ask(pools, wanted).route
        with monkeypatch.context() as patch:
            patch.setattr("landfall.core.routing.exact._UNITS_MATTER", 0)
            rough = ask(pools, wanted).route
        gain = (
            routed.out_amount - rough.out_amount
            if mode is SwapMode.EXACT_IN
            else rough.in_amount - routed.in_amount
        )
        assert gain >= 0
        worse += gain > 0
    assert worse >= 2
