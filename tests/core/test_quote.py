"""Bounds are rounded in the trader's favour, and impact against the pool."""

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.order import SLIPPAGE_BPS_MAX
from landfall.core.quote import Leg, Route, max_in_amount, min_out_amount, price_impact_bps
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, BaseUnits, BasisPoints, SwapMode
from tests.core.examples import a_quote, a_route, pubkey

AMOUNTS = st.integers(1, U64_MAX)
SLIPPAGES = st.integers(1, SLIPPAGE_BPS_MAX)


@given(AMOUNTS, SLIPPAGES)
def test_min_out_rounds_in_the_users_favour(out_amount, slippage_bps):
    exact = Fraction(out_amount * (BPS_DENOMINATOR - slippage_bps), BPS_DENOMINATOR)
    bound = min_out_amount(out_amount, slippage_bps)
    assert exact <= bound < exact + 1
    assert 0 < bound <= out_amount


@given(AMOUNTS, SLIPPAGES)
def test_max_in_rounds_in_the_users_favour(in_amount, slippage_bps):
    exact = Fraction(in_amount * (BPS_DENOMINATOR + slippage_bps), BPS_DENOMINATOR)
    bound = max_in_amount(in_amount, slippage_bps)
    assert bound <= exact
    assert bound > exact - 1 or bound == U64_MAX
    assert in_amount <= bound <= U64_MAX


def test_the_rounding_shows_at_the_last_base_unit():
    assert min_out_amount(1_001, 100) == 991  # 990.99
    assert max_in_amount(1_001, 100) == 1_011  # 1011.01
    assert min_out_amount(1, 5_000) == 1


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_impact_is_the_missing_share_of_a_fair_price_rounded_up(net_in, gross_out, x, y):
    impact = price_impact_bps(net_in, gross_out, x, y)
    missing = 1 - Fraction(gross_out * x, net_in * y)
    assert 0 <= impact <= BPS_DENOMINATOR
    if missing <= 0:
        assert impact == 0
    else:
        assert missing * BPS_DENOMINATOR <= impact < missing * BPS_DENOMINATOR + 1


def a_two_hop_route() -> Route:
    """SOL to USDC through pool 1 and 2's third mint: 100 in, 60 + 40 of it between, 200 out."""
    third = pubkey(77)
    first = a_quote(1, SwapMode.EXACT_OUT)
    into = replace(first.request, out_mint=third)
    out_of = replace(first.request, in_mint=third, mode=SwapMode.EXACT_IN)
    legs = (
        (into, 1, 70, 60, 72),
        (into, 2, 30, 40, 31),
        (out_of, 3, 100, 200, 190),
    )
    return Route(
        legs=tuple(
            Leg(
                quote=replace(
                    first, request=request, pool=pubkey(pool), in_amount=taken, out_amount=paid
                ),
                threshold=BaseUnits(threshold),
            )
            for request, pool, taken, paid, threshold in legs
        ),
        in_amount=BaseUnits(100),
        out_amount=BaseUnits(200),
        context_slot=first.context_slot,
        upper_bound_out=BaseUnits(201),
    )


def test_a_route_is_read_hop_by_hop():
    route = a_two_hop_route()
    assert [len(hop) for hop in route.hops] == [2, 1]
    request = a_quote().request
    assert route.mints == (request.in_mint, pubkey(77), request.out_mint)


def test_what_a_route_may_take_and_must_pay_is_what_its_instructions_enforce():
    route = a_two_hop_route()
    assert (route.most_in, route.least_out) == (72 + 31, 190)
    selling, buying = a_quote(), a_quote(mode=SwapMode.EXACT_OUT)
    assert a_route(selling, threshold=7).most_in == selling.in_amount
    assert a_route(selling, threshold=7).least_out == 7
    assert a_route(buying, threshold=7).most_in == 7
    assert a_route(buying, threshold=7).least_out == buying.out_amount


def test_the_gap_is_the_distance_to_the_bound_rounded_up():
    route = a_two_hop_route()
    assert route.gap_ppb == -(-(10**9) // 201)
    assert replace(route, upper_bound_out=None).gap_ppb is None
    bought = replace(route, upper_bound_out=None, lower_bound_in=BaseUnits(99))
    assert bought.gap_ppb == 10**7


def test_impact_is_weighted_in_a_split_and_compounds_over_hops():
    route = a_two_hop_route()
    impacts = (100, 200, 5_000)
    legs = tuple(
        replace(leg, quote=replace(leg.quote, price_impact_bps=BasisPoints(impact)))
        for leg, impact in zip(route.legs, impacts, strict=True)
    )
    assert replace(route, legs=legs[:2]).price_impact_bps == 130
    assert replace(route, legs=legs).price_impact_bps == 5_065
