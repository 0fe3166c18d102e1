"""Directly and through other tokens at once: what comes of it, and what never does."""

from dataclasses import replace
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.quote import Route
from landfall.core.routing import best_route, mixed, outlook
from landfall.core.routing.costs import Costs
from landfall.core.routing.outlook import Detour
from landfall.core.routing.supplies import Supplies
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Lamports, SwapMode
from tests.core.routing.markets import (
    CLOCK,
    Market,
    a_token,
    ask,
    products,
    request,
    shuffled,
    singles,
    through_thirds,
)
from tests.core.routing.test_best_route import UNITS_ENOUGH, asked, beats_bound, legs_max
from tests.core.routing.test_brute_force import NEAR_ONE, table

A, B, C, D = (a_token(number, 9) for number in (1, 2, 3, 4))
NATIVE = Token(mint=NATIVE_MINT, decimals=9, symbol="SOL")
FEW = settings(max_examples=15, deadline=None)
SEEDS, SIZES, MODES = st.integers(0, 30), st.floats(-4, -1.3), st.sampled_from(SwapMode)


@cache
def market(seed: int) -> Market:
    return through_thirds(seed, 12 + seed % 9, thirds=2)


def three_ways():
    """A pair with a pool of its own, and as good a way through each of two other tokens."""
    return (
        *products([(10**13, 10**13, 30)], NATIVE, B),
        *products([(10**13, 10**13, 10)], NATIVE, C),
        *products([(10**13, 10**13, 10)], C, B),
        *products([(10**13, 10**13, 12)], NATIVE, D),
        *products([(10**13, 10**13, 12)], D, B),
    )


@FEW
@given(SEEDS, SIZES, MODES, st.integers(0, 40), st.integers(2, 12))
def test_a_mix_adds_up_keeps_its_bounds_and_is_no_worse_than_one_pool(
    seed, size, mode, reserve_bps, most
):
    wanted = asked(market(seed), size, mode)
    if wanted is None:
        return
    pools = market(seed).pools
    route = ask(pools, wanted, reserve_bps=reserve_bps, fits=legs_max(most)).route
    if route is None:
        return
    adds_up(route)
    offers = {offer.pool.address: offer for offer in pools}
    for leg in route.legs:
        offer = offers[leg.quote.pool]
        assert offer.venue.quote(offer.pool, leg.quote.request, CLOCK) == leg.quote
    assert len({leg.quote.pool for leg in route.legs}) == len(route.legs) <= most
    assert not beats_bound(route)
    for best in singles(pools, wanted)[:1]:
        assert route.out_amount >= best.out_amount or mode is SwapMode.EXACT_OUT
        assert route.in_amount <= best.in_amount
    if mode is SwapMode.EXACT_IN:
        assert route.in_amount <= wanted.amount == route.most_in
    else:
        assert route.out_amount >= wanted.amount == route.least_out


def adds_up(route: Route) -> None:
    """What is spent and paid is the route's, and what is bought between is sold, all of it."""
    ends = [(way[0], way[-1]) for way in route.ways]
    assert sum(leg.quote.in_amount for first, _ in ends for leg in first) == route.in_amount
    assert sum(leg.quote.out_amount for _, last in ends for leg in last) == route.out_amount
    for first, last in (each for each in ends if each[0] != each[1]):
        bought = sum(leg.quote.out_amount for leg in first)
        assert bought == sum(leg.quote.in_amount for leg in last)
    assert len({way[0][0].quote.request.out_mint for way in route.ways}) == len(route.ways)


@FEW
@given(SEEDS, SIZES, MODES, st.integers(0, 10**6))
def test_the_same_pools_give_the_same_mix_in_any_order(seed, size, mode, order):
    wanted = asked(market(seed), size, mode)
    if wanted is not None:
        assert ask(market(seed).pools, wanted) == ask(shuffled(market(seed), order), wanted)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(NEAR_ONE, min_size=1, max_size=2),
    NEAR_ONE,
    NEAR_ONE,
    st.integers(100, 300),
    st.sampled_from((0, 50)),
)
def test_a_small_mix_comes_close_to_every_way_to_divide_the_amount(pair, near, far, amount, extra):
    # A dearer pair is what makes a part of the order go another way.
    direct = products([(held, paid, fee + extra) for held, paid, fee in pair], A, B)
    first, second = products([near], A, C), products([far], C, B)
    best = _best_division(direct, first, second, amount)
    route = ask((*direct, *first, *second), request(A, B, amount)).route
    assert route.in_amount <= amount
    # A unit is a part of a percent here, and each of up to four legs may lose one or two.
    assert best - 6 <= route.out_amount <= best <= route.upper_bound_out


def _best_division(direct, first, second, amount: int) -> int:
    """The most that any division over the pair's pools and the way through the other pays."""
    pays = [[each or 0 for each in table(pool, request(A, B, amount))] for pool in direct]
    straight = pays[0]
    if len(pays) > 1:
        straight = [
            max(pays[0][a] + pays[1][each - a] for a in range(each + 1))
            for each in range(amount + 1)
        ]
    bought = [each or 0 for each in table(first[0], request(A, C, amount))]
    sold = [each or 0 for each in table(second[0], request(C, B, max(bought) or 1))]
    return max(straight[amount - a] + sold[bought[a]] for a in range(amount + 1))


def test_each_way_gets_what_it_takes_down_to_the_same_price():
    wanted = request(NATIVE, B, 10**12)
    route = ask(three_ways(), wanted).route
    assert [len(way) for way in route.ways] == [1, 2, 2]
    assert route.out_amount > ask(three_ways()[:1], wanted).route.out_amount
    for left_out in (slice(1, None), slice(3), slice(0, 1)):
        rest = three_ways()[left_out]
        assert route.out_amount > ask(rest, wanted).route.out_amount


def test_a_way_is_given_up_where_it_does_not_earn_its_legs_and_its_account():
    wanted = request(NATIVE, B, 10**12)
    free = ask(three_ways(), wanted).route
    one_less = ask(three_ways()[:3], wanted).route
    gain = free.out_amount - one_less.out_amount
    dear = Costs(leg=Lamports(0), account=Lamports(2 * gain))
    held = replace(dear, opened=frozenset({C.mint}))
    assert len(ask(three_ways(), wanted, costs=held).route.ways) == 2
    assert C.mint in ask(three_ways(), wanted, costs=held).route.mints
    cheap = Costs(leg=Lamports(0), account=Lamports(gain // 2))
    assert len(ask(three_ways(), wanted, costs=cheap).route.ways) == 3


def test_with_less_room_a_mix_gives_up_what_adds_least():
    wanted = request(NATIVE, B, 10**12)
    outs = []
    for most in (5, 4, 3, 2, 1):
        route = ask(three_ways(), wanted, fits=legs_max(most)).route
        assert len(route.legs) <= most
        outs.append(route.out_amount)
    assert outs == sorted(outs, reverse=True)
    three = ask(three_ways(), wanted, fits=legs_max(3)).route
    assert [len(way) for way in three.ways] == [1, 2]
    assert C.mint in three.mints
    (given_up, *_) = three.alternatives
    assert given_up.reason.startswith("It would be")
    assert given_up.reason.endswith("It goes 3 ways at once.")


def test_a_way_that_cannot_win_is_told_by_its_bound_and_not_planned(monkeypatch):
    poor = (*products([(10**13, 10**13, 200)], NATIVE, D), *products([(10**13, 10**13, 30)], D, B))
    planned, real = [], best_route._Search._planned

    def noted(search, path):
        planned.append(path.mints)
        return real(search, path)

    monkeypatch.setattr(best_route._Search, "_planned", noted)
    route = ask((*three_ways()[:3], *poor), request(NATIVE, B, 10**10)).route
    (told,) = (other for other in route.alternatives if D.mint in other.mints)
    assert told.pools == ()
    assert "at least" in told.reason
    assert D.mint not in {mint for mints in planned for mint in mints}
    closer = ask(poor, request(NATIVE, B, 10**10)).route
    assert closer.out_amount <= told.out_amount


@pytest.mark.parametrize("mode", SwapMode)
def test_a_curve_through_a_token_is_what_both_hops_do(mode):
    """Every corner of it, traded hop by hop, pays what the curve says, within its units."""
    corners = 0
    for seed in range(12):
        here = market(seed)
        wanted = asked(here, Random(seed).uniform(-3, -1.5), mode)
        if wanted is None:
            continue
        seen = outlook.outlook(Supplies(here.pools, CLOCK), wanted, 0)
        for detour in seen.detours:
            corners += _as_both_hops(detour)
    assert corners > 20


def _as_both_hops(detour: Detour) -> int:
    if detour.curve is None:
        return 0
    near, far = detour.path.hops
    mode = detour.path.request.mode
    corners = 0
    for level in detour.curve.ends[:-1]:
        taken, paid = detour.curve.taken(level), detour.curve.paid(level)
        # Where units, or the last of a pool, are dear, one more or less is no longer nothing.
        if min(taken, paid) < UNITS_ENOUGH or level > 2 * detour.spot:
            continue
        amount = taken if mode is SwapMode.EXACT_IN else paid
        first, second = (near, far) if mode is SwapMode.EXACT_IN else (far, near)
        between = first.among(first.sources, amount).value
        does = second.among(second.sources, between).value
        expected = paid if mode is SwapMode.EXACT_IN else taken
        assert does == pytest.approx(expected, rel=1e-7)
        corners += 1
    return corners


@pytest.mark.parametrize("mode", SwapMode)
def test_control_a_bound_that_forgets_the_ways_through_others_is_beaten(mode, monkeypatch):
    monkeypatch.setattr(Detour, "surplus", lambda *_: 0)
    wanted = request(NATIVE, B, 10**12, mode)
    assert beats_bound(ask(three_ways(), wanted).route)


@pytest.mark.parametrize("mode", SwapMode)
def test_control_a_curve_that_promises_too_much_divides_worse(mode, monkeypatch):
    wanted = request(NATIVE, B, 10**12, mode)
    right = ask(three_ways(), wanted).route
    real = mixed.reserved

    def too_good(segments, *rest):
        better = [replace(one, out_amount=one.out_amount * 101 // 100) for one in segments]
        return real(better, *rest)

    monkeypatch.setattr(mixed, "reserved", too_good)
    monkeypatch.setattr(outlook, "reserved", too_good)
    wrong = ask(three_ways(), wanted).route
    better = wrong.out_amount < right.out_amount or wrong.in_amount > right.in_amount
    assert better
