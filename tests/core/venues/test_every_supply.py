"""What must hold of every pool's supply curve, and of the quotes that it sums up."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.fee_schedules import RateLimiter
from landfall.core.quote import Quote, Refused
from landfall.core.supply import PRICE_ONE, Segment
from landfall.core.values import SwapMode
from landfall.core.venues.meteora_damm_v2 import METEORA_DAMM_V2
from landfall.core.venues.meteora_dlmm import METEORA_DLMM
from landfall.core.venues.meteora_dlmm.layout import Pool as DlmmPool
from tests.core.venues.opened import (
    CLOCK,
    POOLS,
    SOL,
    TAXED,
    Opened,
    clmm,
    cpmm,
    damm_v2,
    dbc,
    dlmm,
    mint_account,
    requested,
)

FEW = settings(max_examples=12, deadline=None)
AMOUNTS = st.integers(min_value=1, max_value=10**11)
LARGE = st.integers(min_value=1, max_value=10**14)
ROUNDED = 4
"""How many units, of either mint, roundings may come to."""

every_pool = pytest.mark.parametrize("opened", POOLS.values(), ids=POOLS.keys())


def supply(
    opened: Opened, amount: int, mode: SwapMode = SwapMode.EXACT_IN, *, first_in: bool = True
) -> tuple[Segment, ...]:
    pool = opened.pool()
    request = requested(pool, amount, mode, first_in=first_in)
    return opened.venue.supply(pool, request, CLOCK)


def units(segment: Segment) -> int:
    """What roundings of both amounts may come to in the output."""
    return ROUNDED * (1 + segment.start_price // PRICE_ONE)


@every_pool
@FEW
@given(amount=LARGE, mode=st.sampled_from(SwapMode), first_in=st.booleans())
def test_stretches_are_exact_at_their_ends(
    opened: Opened, amount: int, mode: SwapMode, first_in: bool
):
    taken = paid = 0
    for segment in supply(opened, amount, mode, first_in=first_in):
        taken, paid = taken + segment.in_amount, paid + segment.out_amount
        assert opened.quote(taken, first_in=first_in).out_amount == paid


@every_pool
@FEW
@given(amount=LARGE, mode=st.sampled_from(SwapMode), first_in=st.booleans())
def test_a_curve_fills_what_the_pool_can_fill(
    opened: Opened, amount: int, mode: SwapMode, first_in: bool
):
    answer = opened.ask(amount, mode, first_in=first_in)
    offered = supply(opened, amount, mode, first_in=first_in)
    if isinstance(answer, Quote):
        assert sum(one.out_amount for one in offered) >= answer.out_amount
        assert sum(one.in_amount for one in offered) in (0, answer.in_amount)
    elif mode in opened.modes:
        # As far as the pool goes is not as far as this, unless it is too little to buy anything.
        assert sum(one.out_amount for one in offered) < amount or mode is SwapMode.EXACT_IN


@every_pool
@FEW
@given(amount=LARGE, first_in=st.booleans())
def test_prices_fall_along_a_curve_and_bound_what_it_pays(
    opened: Opened, amount: int, first_in: bool
):
    offered = supply(opened, amount, first_in=first_in)
    for one in offered:
        assert PRICE_ONE * (one.out_amount - units(one)) <= one.start_price * one.in_amount
    for one, after in pairwise(offered):
        assert after.start_price <= one.start_price
        assert PRICE_ONE * (one.out_amount + units(one)) >= after.start_price * one.in_amount


@every_pool
def test_the_first_price_is_that_of_a_small_swap(opened: Opened):
    for first_in in (True, False):
        small = 10**6
        price = supply(opened, small, first_in=first_in)[0].start_price
        paid = opened.quote(small, first_in=first_in).out_amount
        assert abs(price * small // PRICE_ONE - paid) <= 2 + paid // 10_000


@every_pool
def test_the_price_within_a_stretch_is_that_between_its_ends(opened: Opened):
    """Half the output of a stretch costs what a hyperbola through its ends says."""
    if not opened.venue.has_exact_out:
        return
    (*_, last) = offered = supply(opened, 3 * 10**10)
    taken = sum(one.in_amount for one in offered) - last.in_amount
    half = opened.quote(taken + last.in_amount // 2).out_amount
    paid_before = opened.quote(taken).out_amount if taken else 0
    a, b = last.in_amount * last.start_price, last.out_amount * PRICE_ONE
    # out(x) = p·x / (1 + k·x), with k such that the whole stretch pays what it pays.
    expected = a * last.out_amount // (a + b)
    assert abs(half - paid_before - expected) <= units(last) + expected // 10_000


@every_pool
@FEW
@given(amount=AMOUNTS, more=AMOUNTS, first_in=st.booleans())
def test_an_amount_buys_no_more_whole_than_in_two_parts(
    opened: Opened, amount: int, more: int, first_in: bool
):
    whole, *parts = (
        0 if isinstance(answer, Refused) else answer.out_amount
        for n in (amount + more, amount, more)
        for answer in [opened.ask(n, first_in=first_in)]
    )
    (first, *_) = supply(opened, 10**6, first_in=first_in)
    assert whole <= sum(parts) + units(first)


@every_pool
@FEW
@given(amount=AMOUNTS, first_in=st.booleans())
def test_what_an_input_buys_costs_no_more_than_it(opened: Opened, amount: int, first_in: bool):
    bought = opened.ask(amount, first_in=first_in)
    if opened.modes == tuple(SwapMode) and isinstance(bought, Quote) and bought.out_amount:
        asked = opened.quote(bought.out_amount, SwapMode.EXACT_OUT, first_in=first_in)
        assert asked.in_amount <= amount


@every_pool
def test_a_program_without_exact_output_says_so(opened: Opened):
    answer = opened.ask(10**6, SwapMode.EXACT_OUT)
    if not opened.venue.has_exact_out:
        assert isinstance(answer, Refused)
        assert answer.error == "ExactOutUnsupported"
        assert supply(opened, 10**6, SwapMode.EXACT_OUT) == ()
    else:
        assert isinstance(answer, Quote)


@pytest.mark.parametrize("open_pool", [cpmm, damm_v2, clmm, dlmm])
@pytest.mark.parametrize("taxed_in", [True, False])
def test_a_curve_is_cut_where_a_transfer_fee_reaches_its_maximum(open_pool, taxed_in):
    plain = open_pool(tokens=(SOL, TAXED))
    opened = plain.with_account(TAXED.mint, mint_account(TAXED, 250, fee_max := 10**6))
    first_in = (opened.pool().mints[0] == TAXED.mint) == taxed_in
    before, after = supply(opened, 10**9, first_in=first_in)
    moved = before.in_amount if taxed_in else before.out_amount + fee_max
    assert moved * 250 // 10_000 in (fee_max, fee_max - 1)
    assert abs(after.start_price * 9_750 // before.start_price - 10_000) <= 10
    answer = opened.quote(before.in_amount, first_in=first_in)
    assert answer.out_amount == before.out_amount


def test_a_limiters_fee_steps_up_along_the_curve():
    limiter = RateLimiter(
        cliff=10_000_000, increment_bps=100, duration=600, max_bps=5_000, reference=10**8
    )
    opened = damm_v2(collect_fee_mode=1, activation_time=CLOCK.unix_timestamp)
    pool = replace(opened.pool(), base_fee=limiter)  # type: ignore[type-var]
    request = requested(pool, 10**10, first_in=False)
    offered = METEORA_DAMM_V2.supply(pool, request, CLOCK)
    taken = paid = 0
    kept = []
    for one in offered:
        price = 15 * 10**10 + taken
        kept.append(one.start_price * price * price // (PRICE_ONE * 15 * 10**21))
        taken, paid = taken + one.in_amount, paid + one.out_amount
        answer = METEORA_DAMM_V2.quote(pool, replace(request, amount=taken), CLOCK)
        assert isinstance(answer, Quote)
        assert answer.out_amount == paid
    assert [one.in_amount // 10**8 for one in offered] == [1, 1, 2, 4, 8, 16, 18, 50]
    assert kept == sorted(kept, reverse=True)


def test_a_launch_offers_its_curve_to_both_ends_and_no_more():
    for first_in, ranges in ((True, 2), (False, 1)):
        offered = supply(dbc(), 10**14, SwapMode.EXACT_OUT, first_in=first_in)
        taken = sum(one.in_amount for one in offered)
        assert len(offered) == ranges
        assert isinstance(dbc().ask(taken, first_in=first_in), Quote)
        assert isinstance(dbc().ask(taken + 2, first_in=first_in), Refused)


@pytest.mark.parametrize("open_pool", [clmm, dlmm])
def test_concentrated_liquidity_offers_all_that_was_read_and_no_more(open_pool):
    for first_in in (True, False):
        offered = supply(open_pool(), 10**18, SwapMode.EXACT_OUT, first_in=first_in)
        taken = sum(one.in_amount for one in offered)
        assert isinstance(open_pool().ask(taken, first_in=first_in), Quote)
        assert isinstance(open_pool().ask(taken * 101 // 100, first_in=first_in), Refused)


def test_a_bins_price_rises_where_the_fee_falls_back_to_its_reference():
    pool = dlmm().pool()
    assert isinstance(pool, DlmmPool)
    fees = replace(pool.fees, variable_fee_control=10**6, max_volatility=10**6, filter_period=100)
    behind = replace(
        pool.volatility,
        index_reference=pool.active_id - 30,
        updated_at=CLOCK.unix_timestamp - 1,
    )
    moved = replace(pool, fees=fees, volatility=behind)
    request = requested(moved, 10**12)
    offered = METEORA_DLMM.supply(moved, request, CLOCK)
    assert len(offered) > 3
    prices = [one.start_price for one in offered][:24]
    assert prices == sorted(prices)
    whole = METEORA_DLMM.quote(moved, request, CLOCK)
    assert isinstance(whole, Quote)
    assert sum(one.out_amount for one in offered) == whole.out_amount


@pytest.mark.parametrize("first_in", [True, False])
def test_a_closed_pool_offers_nothing(first_in: bool):
    for opened in (cpmm(open_time=CLOCK.unix_timestamp + 1), clmm(open_time=CLOCK.unix_timestamp)):
        for mode in SwapMode:
            assert supply(opened, 10**9, mode, first_in=first_in) == ()
