"""The router over markets of every venue's real pools: how good it is, and what it never does."""

from dataclasses import replace
from functools import cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.quote import PPB, Quote, Route
from landfall.core.routing.costs import LEAST_GAIN_PPB, Charges, Costs
from landfall.core.routing.paths import LEGS_MAX, direct
from landfall.core.routing.supplies import Supplies
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Lamports, SwapMode
from landfall.core.venue import Trader
from tests.core.routing.markets import (
    CLOCK,
    Market,
    a_token,
    ask,
    one_pair,
    products,
    request,
    shuffled,
    singles,
    through_thirds,
)

BPS = 100_000  # parts per billion
UNITS_ENOUGH = 10**8
"""Of fewer units than this, one unit is no longer nothing."""

NATIVE = Token(mint=NATIVE_MINT, decimals=9, symbol="SOL")
A, B, C = a_token(1, 9), a_token(2), a_token(3)
FEW = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 10**6)
SIZES = st.floats(-4, -1.3)


@cache
def pair_market(seed: int) -> Market:
    return one_pair(seed, 2 + seed % 7)


def asked(market: Market, size: float, mode: SwapMode):
    """A request for that power of ten of the market's depth; None if it cannot be filled."""
    amount = max(1, int(market.depth * 10**size))
    wanted = request(market.token_in, market.token_out, amount)
    if mode is SwapMode.EXACT_IN:
        return wanted
    sold = ask(market.pools, wanted).route
    if sold is None:
        return None
    return request(market.token_in, market.token_out, sold.out_amount, mode)


def gaps(markets, mode: SwapMode) -> list[int]:
    """The gap of each route whose amounts are large enough for units not to matter, ascending."""
    found = []
    for seed, market in markets:
        wanted = asked(market, Random(seed).uniform(-4, -1.3), mode)
        route = None if wanted is None else ask(market.pools, wanted).route
        if route is not None and min(route.in_amount, route.out_amount) >= UNITS_ENOUGH:
            found.append(route.gap_ppb)
    return sorted(found)


def beats_bound(route: Route) -> bool:
    if route.upper_bound_out is not None:
        return route.out_amount > route.upper_bound_out
    return route.in_amount < route.lower_bound_in


@pytest.mark.parametrize("mode", SwapMode)
def test_the_gap_of_a_pair_is_under_a_tenth_of_a_basis_point(mode):
    found = gaps(((seed, one_pair(seed, 2 + seed % 7)) for seed in range(160)), mode)
    assert len(found) >= 80
    assert found[len(found) * 99 // 100] <= BPS // 10


@pytest.mark.parametrize("mode", SwapMode)
def test_the_gap_of_two_hops_over_fifty_pools_is_under_half_a_basis_point(mode):
    found = gaps(((seed, through_thirds(seed, 50)) for seed in range(24)), mode)
    assert len(found) >= 12
    assert found[-1] <= BPS // 2


@FEW
@given(SEEDS, SIZES, st.sampled_from(SwapMode), SEEDS)
def test_the_same_pools_give_the_same_answer_in_any_order(seed, size, mode, order):
    market = pair_market(seed % 200)
    wanted = asked(market, size, mode)
    if wanted is not None:
        assert ask(market.pools, wanted) == ask(shuffled(market, order), wanted)


@FEW
@given(st.permutations(range(7)), st.integers(1_000, 10**12), st.sampled_from(SwapMode))
def test_pools_that_are_all_alike_are_told_apart_by_their_addresses(order, amount, mode):
    pools = products([(10**13, 10**12, 5)] * 7, A, B)
    wanted = request(A, B, amount if mode is SwapMode.EXACT_IN else amount // 10, mode)
    assert ask([pools[at] for at in order], wanted) == ask(pools, wanted)


def test_a_pool_that_tells_no_curve_is_still_taken_alone():
    dear, cheap = products([(10**13, 10**12, 100), (10**13, 10**12, 1)], A, B)
    silent = replace(cheap, venue=replace(cheap.venue, supply=lambda *_: ()))
    route = ask((dear, silent), request(A, B, 10**9)).route
    assert [leg.quote.pool for leg in route.legs] == [cheap.pool.address]
    assert route.out_amount <= route.upper_bound_out


@FEW
@given(SEEDS, SIZES, st.sampled_from(SwapMode))
def test_no_route_is_worse_than_the_best_single_pool_nor_better_than_its_bound(seed, size, mode):
    market = pair_market(seed % 200)
    wanted = asked(market, size, mode)
    route = None if wanted is None else ask(market.pools, wanted).route
    if route is None:
        assert wanted is None or not singles(market.pools, wanted)
        return
    assert not beats_bound(route)
    best = next(iter(singles(market.pools, wanted)), None)
    assert route.best_single == best
    if best is not None:
        assert route.out_amount >= best.out_amount
        assert route.in_amount <= best.in_amount


@FEW
@given(SEEDS, SIZES, st.sampled_from(SwapMode))
def test_every_leg_is_what_its_pool_quotes_and_the_legs_add_up(seed, size, mode):
    market = pair_market(seed % 200)
    wanted = asked(market, size, mode)
    route = None if wanted is None else ask(market.pools, wanted).route
    if route is None:
        return
    offers = {offer.pool.address: offer for offer in market.pools}
    for leg in route.legs:
        offer = offers[leg.quote.pool]
        assert offer.venue.quote(offer.pool, leg.quote.request, CLOCK) == leg.quote
    assert len({leg.quote.pool for leg in route.legs}) == len(route.legs)
    assert sum(leg.quote.in_amount for leg in route.legs) == route.in_amount
    assert sum(leg.quote.out_amount for leg in route.legs) == route.out_amount
    fixed = route.in_amount if mode is SwapMode.EXACT_IN else route.out_amount
    assert fixed == wanted.amount


@FEW
@given(st.integers(0, 40), SIZES, st.sampled_from(SwapMode), st.integers(0, 40))
def test_two_hops_hand_over_exactly_what_they_bought(seed, size, mode, reserve_bps):
    market = through_thirds(seed, 16, thirds=2)
    pools = tuple(
        offer
        for offer in market.pools
        if set(offer.pool.mints) != {market.token_in.mint, market.token_out.mint}
    )
    wanted = asked(replace(market, pools=pools), size, mode)
    route = None if wanted is None else ask(pools, wanted, reserve_bps=reserve_bps).route
    if route is None:
        return
    for first, second in route.ways:
        assert {leg.quote.request.mode for leg in first} == {SwapMode.EXACT_OUT}
        assert {leg.quote.request.mode for leg in second} == {SwapMode.EXACT_IN}
        between = sum(leg.quote.out_amount for leg in first)
        assert between == sum(leg.quote.in_amount for leg in second)
    assert not beats_bound(route)
    if mode is SwapMode.EXACT_IN:
        assert route.in_amount <= wanted.amount == route.most_in
        assert route.most_in * (10_000 - reserve_bps) // 10_000 >= route.in_amount
    else:
        assert route.out_amount >= wanted.amount == route.least_out
        assert route.out_amount >= wanted.amount * (10_000 + reserve_bps) // 10_000


@pytest.mark.parametrize("mode", SwapMode)
def test_every_route_that_is_looked_at_can_be_written_down(mode):
    written = []

    def fits(route: Route) -> None:
        for leg in route.legs:
            offer = offers[leg.quote.pool]
            written.append(offer.venue.swap(offer.pool, leg, Trader(*[leg.quote.pool] * 3)))

    for seed in range(8):
        market = through_thirds(seed, 16, thirds=2, kinds=("damm_v1", "cpmm"))
        offers = {offer.pool.address: offer for offer in market.pools}
        wanted = asked(market, -2, mode)
        if wanted is not None:
            assert ask(market.pools, wanted, fits=fits).route is not None
    assert len(written) > 16


def legs_max(most: int):
    """A transaction with room for so many legs."""
    return lambda route: None if len(route.legs) <= most else f"{most} legs are the most"


def wide_market() -> Market:
    return next(
        market
        for seed in range(100)
        if len(
            ask(
                (market := one_pair(seed, 8)).pools, asked(market, -2, SwapMode.EXACT_IN)
            ).route.legs
        )
        == 5
    )


def test_a_route_that_does_not_fit_is_given_up_and_said_so():
    market = wide_market()
    wanted = asked(market, -2, SwapMode.EXACT_IN)
    outs = []
    for most in (5, 4, 3, 2, 1):
        route = ask(market.pools, wanted, fits=legs_max(most)).route
        assert len(route.legs) <= most
        outs.append(route.out_amount)
        given_up = [a for a in route.alternatives if f"{most} legs are the most" in a.reason]
        assert bool(given_up) == (most < 5)
        assert all(a.behind_ppb < 0 and len(a.pools[0]) == 5 for a in given_up)
    assert outs == sorted(outs, reverse=True)
    assert outs[-1] == singles(market.pools, wanted)[0].out_amount


def test_where_nothing_fits_there_is_no_route_and_a_reason():
    market = wide_market()
    choice = ask(market.pools, asked(market, -2, SwapMode.EXACT_IN), fits=legs_max(0))
    assert choice.route is None
    assert "0 legs are the most" in choice.reason


def test_without_pools_there_is_no_route():
    assert ask((), request(A, B, 1_000)).route is None


@pytest.mark.parametrize("mode", SwapMode)
def test_amounts_of_a_unit_have_a_route_or_none_but_never_fail(mode):
    near = products([(10**13, 10**9, 25), (10**13, 10**9, 1)], A, C)
    far = products([(10**9, 10**13, 25), (10**9, 10**13, 1)], C, B)
    for amount in (1, 2, 3, 9_999, 10_050, 10**6):
        for pools in ((*near, *far), near, far):
            route = ask(pools, request(A, B, amount, mode)).route
            assert route is None or not beats_bound(route)


def test_a_leg_must_earn_what_it_costs():
    pools = products([(10**13, 10**12, 25), (10**12, 10**11, 25)], NATIVE, B)
    wanted = request(NATIVE, B, 10**11)
    free = ask(pools, wanted).route
    gain = free.out_amount - free.best_single.out_amount
    assert len(free.legs) == 2
    # A tenth of the output's units to the lamport.
    cheap = Costs(leg=Lamports(gain * 9), account=Lamports(0))
    dear = Costs(leg=Lamports(gain * 11), account=Lamports(0))
    assert len(ask(pools, wanted, costs=cheap).route.legs) == 2
    assert len(ask(pools, wanted, costs=dear).route.legs) == 1


@pytest.mark.parametrize("mode", SwapMode)
def test_no_leg_that_is_kept_could_be_spared(mode):
    """Also where a pool sells at one price, so that its surplus says nothing of what it adds."""
    spared = kept = 0
    for seed in range(24):
        market = one_pair(seed, 2 + seed % 9)
        for size in (-4, -3, -2):
            wanted = asked(market, size, mode)
            if wanted is None:
                continue
            full = direct(Supplies(market.pools, CLOCK), wanted).plan([LEGS_MAX])
            leg = full.value * LEAST_GAIN_PPB // PPB
            plan = full.worth_its_legs(Charges(leg=leg, account=0, opened=frozenset()))
            spared += len(full.pools[0]) - len(plan.pools[0])
            (hop,), (choice,) = plan.path.hops, plan.choices
            for source in choice.sources if len(plan.pools[0]) > 1 else ():
                others = [other for other in choice.sources if other is not source]
                fewer = hop.among(others, wanted.amount)
                assert fewer is None or abs(fewer.value - plan.value) > leg
                kept += 1
    assert min(spared, kept) > 10


def test_a_token_account_that_must_be_opened_counts_against_the_way_through_it():
    direct = products([(10**13, 10**12, 30)], NATIVE, B)
    through = (
        *products([(10**13, 10**12, 1)], NATIVE, C),
        *products([(10**12, 10**12, 1)], C, B),
    )
    pools, wanted = (*direct, *through), request(NATIVE, B, 10**9)
    detour = ask(pools, wanted).route
    assert len(detour.hops) == 2
    gain = detour.out_amount - detour.best_single.out_amount
    rent = Costs(leg=Lamports(0), account=Lamports(gain * 11))
    assert len(ask(pools, wanted, costs=rent).route.hops) == 1
    opened = replace(rent, opened=frozenset({C.mint}))
    assert len(ask(pools, wanted, costs=opened).route.hops) == 2


def test_every_way_that_was_not_taken_is_told_with_its_distance():
    direct = products([(10**13, 10**12, 1), (10**13, 10**12, 30)], NATIVE, B)
    through = (
        *products([(10**13, 10**12, 30)], NATIVE, C),
        *products([(10**12, 10**12, 30)], C, B),
    )
    route = ask((*direct, *through), request(NATIVE, B, 10**9)).route
    assert [len(hop) for hop in route.hops] == [1]
    (detour,) = (a for a in route.alternatives if len(a.mints) == 3)
    assert 50 * BPS < detour.behind_ppb < 70 * BPS
    assert "bps worse" in detour.reason


def test_a_pool_that_lets_a_plan_down_is_planned_without():
    """A venue whose curve promises what its quotes refuse."""
    pools = products([(10**13, 10**12, 5), (10**13, 10**12, 5), (10**13, 10**12, 5)], A, B)
    broken = pools[0].venue

    def refusing(pool, asked, clock):
        answer = broken.quote(pool, asked, clock)
        whole = asked.amount == 10**11
        is_liar = pool.address == pools[0].pool.address
        assert isinstance(answer, Quote)
        return replace_by_refusal(answer) if is_liar and not whole else answer

    offers = tuple(replace(offer, venue=replace(broken, quote=refusing)) for offer in pools)
    route = ask(offers, request(A, B, 10**11)).route
    assert {leg.quote.pool for leg in route.legs} == {each.pool.address for each in pools[1:]}


def replace_by_refusal(answer: Quote):
    from landfall.core.quote import Refused

    return Refused(venue=answer.venue, dex=answer.dex, pool=answer.pool, error="No", sentence="No.")


@pytest.mark.parametrize("mode", SwapMode)
def test_control_a_bound_that_forgets_a_surplus_is_beaten(mode, monkeypatch):
    """The bound is tight: with a hundredth of a percent less surplus, routes beat it."""
    from landfall.core.routing.curves import Curve

    real = Curve.surplus
    monkeypatch.setattr(Curve, "surplus", lambda self, level: real(self, level) * 9_999 // 10_000)
    beaten = 0
    for seed in range(30):
        market = pair_market(seed)
        wanted = asked(market, -1.5, mode)
        route = None if wanted is None else ask(market.pools, wanted).route
        beaten += route is not None and beats_bound(route)
    assert beaten >= 5


def test_control_a_split_by_tenths_is_farther_from_the_bound():
    """What the exact split is worth: ten greedy chunks leave basis points on the table."""
    lost = []
    for seed in range(20):
        market = pair_market(seed)
        wanted = asked(market, -1.5, SwapMode.EXACT_IN)
        route = ask(market.pools, wanted).route
        if route is not None and len(route.legs) > 1:
            lost.append((route.out_amount - _by_tenths(market, wanted)) / route.out_amount)
    assert min(lost) >= -1e-6
    assert max(lost) > 1e-4


def _by_tenths(market: Market, wanted) -> int:
    """Each tenth of the amount to the pool that pays most for it on top of what it has."""
    given, paid = {}, {}
    for _ in range(10):
        gains = {}
        for offer in market.pools:
            pool = offer.pool.address
            more = replace(wanted, amount=given.get(pool, 0) + wanted.amount // 10)
            answer = offer.venue.quote(offer.pool, more, CLOCK)
            if isinstance(answer, Quote):
                gains[pool] = answer.out_amount - paid.get(pool, 0)
        best = max(gains, key=gains.get)
        given[best] = given.get(best, 0) + wanted.amount // 10
        paid[best] = paid.get(best, 0) + gains[best]
    return sum(paid.values())
