"""What only concentrated liquidity has: ticks, their map, limit orders, fees that grow."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landfall.core.anchor import SwapRefused
from landfall.core.errors import MalformedAccount
from landfall.core.quote import Quote, Refused
from landfall.core.values import Account, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts
from landfall.core.venues.raydium_clmm import layout
from landfall.core.venues.raydium_clmm import tick_array as ticks
from landfall.core.venues.raydium_clmm.limit_order import match_orders
from landfall.core.venues.raydium_clmm.price_step import Direction
from landfall.core.venues.raydium_clmm.tick_array import Tick
from landfall.core.venues.raydium_clmm.tick_map import (
    EXTENSION,
    EXTENSION_POOL,
    NEGATIVE_OFFSET,
    POSITIVE_OFFSET,
    extension_address,
    tick_map,
)
from landfall.core.venues.raydium_clmm.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
    sqrt_price_at_tick,
    tick_at_sqrt_price,
)
from landfall.localnet.openings.raydium_clmm import DynamicFee
from tests.core.venues.opened import CLOCK, Opened, clmm

FEW = settings(max_examples=60, deadline=None)
NUMBERS = st.sets(st.integers(-7_680, 7_679), min_size=1, max_size=12)


def _map_of(numbers: set[int], *, with_extension: bool = True):
    """A map with these arrays in use, from account bytes written bit by bit."""
    pool, extension = bytearray(128), EXTENSION.blank()
    for number in numbers:
        if -512 <= number < 512:
            pool[(number + 512) // 8] |= 1 << (number + 512) % 8
        elif number >= 512:
            block, place = divmod(number - 512, 512)
            extension[POSITIVE_OFFSET + block * 64 + place // 8] |= 1 << place % 8
        else:
            block, place = divmod(number, 512)
            at = NEGATIVE_OFFSET + (-2 - block) * 64
            extension[at + place // 8] |= 1 << place % 8
    return tick_map(bytes(pool), bytes(extension) if with_extension else None, 1)


def _refusal(opened: Opened, amount: int = 10**8, mode: SwapMode = SwapMode.EXACT_IN) -> str:
    answer = opened.ask(amount, mode)
    assert isinstance(answer, Refused), answer
    return answer.error


@FEW
@given(tick=st.integers(MIN_TICK, MAX_TICK - 1))
def test_a_price_belongs_to_the_tick_at_or_below_it(tick: int):
    price = sqrt_price_at_tick(tick)
    assert tick_at_sqrt_price(price) == tick
    assert tick_at_sqrt_price(sqrt_price_at_tick(tick + 1) - 1) == tick


def test_the_ends_of_the_price_range_are_the_programs():
    assert sqrt_price_at_tick(MIN_TICK) == MIN_SQRT_PRICE
    assert sqrt_price_at_tick(MAX_TICK) == MAX_SQRT_PRICE
    for beyond in (MIN_SQRT_PRICE - 1, MAX_SQRT_PRICE):
        with pytest.raises(SwapRefused, match="SqrtPriceX64"):
            tick_at_sqrt_price(beyond)


@FEW
@given(numbers=NUMBERS, start=st.integers(-7_390, 7_390))
def test_arrays_are_found_nearest_first_in_both_directions(numbers: set[int], start: int):
    known = _map_of(numbers)
    below = sorted((n for n in numbers if n <= start), reverse=True)
    above = sorted(n for n in numbers if n >= start)
    assert list(known.reached(start * 60, True)) == below
    assert list(known.reached(start * 60, False)) == above
    assert known.after(start, True) == next((n for n in below if n < start), None)
    assert known.after(start, False) == next((n for n in above if n > start), None)
    assert known.holds(start) == (start in numbers)


def test_a_search_that_leaves_the_pools_own_bits_needs_the_extension():
    known = _map_of({3}, with_extension=False)
    assert known.after(5, True) == 3
    for search in (lambda: known.after(3, True), lambda: known.holds(512)):
        with pytest.raises(SwapRefused, match="MissingTickArrayBitmapExtensionAccount"):
            search()


def _tick(**orders: int) -> Tick:
    amounts = {"orders_waiting": 0, "orders_started": 0, **orders}
    return Tick(
        number=0,
        liquidity_net=0,
        liquidity_gross=0,
        order_phase=4,
        unfilled_ratio=1 << 64,
        **amounts,
    )


def test_orders_already_started_are_served_first():
    match = match_orders(
        _tick(orders_started=100, orders_waiting=900),
        Direction(zero_for_one=True, exact_in=True, fee_on_input=True),
        sqrt_price_at_tick(0),
        60,
        0,
    )
    assert (match.amount_in, match.amount_out) == (60, 60)
    assert (match.tick.orders_started, match.tick.orders_waiting) == (40, 900)
    assert match.tick.order_phase == 4
    assert match.tick.unfilled_ratio == (1 << 64) * 40 // 100


def test_what_waits_becomes_one_cohort_when_its_turn_comes():
    match = match_orders(
        _tick(orders_started=100, orders_waiting=900),
        Direction(zero_for_one=False, exact_in=False, fee_on_input=True),
        sqrt_price_at_tick(0),
        400,
        0,
    )
    assert match.amount_out == 400
    assert (match.tick.orders_started, match.tick.orders_waiting) == (600, 0)
    assert match.tick.order_phase == 5
    assert match.tick.unfilled_ratio == (1 << 64) * 600 // 900


@FEW
@given(
    amount=st.integers(1, 10**12),
    unfilled=st.integers(1, 10**12),
    tick=st.integers(-20_000, 20_000),
    zero_for_one=st.booleans(),
    fee_on_input=st.booleans(),
)
def test_orders_are_never_bought_below_their_price(
    amount: int, unfilled: int, tick: int, zero_for_one: bool, fee_on_input: bool
):
    price = sqrt_price_at_tick(tick)
    for exact_in in (True, False):
        direction = Direction(zero_for_one, exact_in, fee_on_input)
        match = match_orders(_tick(orders_waiting=unfilled), direction, price, amount, 2_500)
        bought = unfilled - match.tick.unfilled
        paid, got = match.amount_in << 128, bought << 128
        square = price * price
        if zero_for_one:
            assert match.amount_in * square >= got - (1 << 128)
        else:
            assert paid >= bought * square - (1 << 128)


def test_a_swap_fills_the_orders_of_a_tick_before_it_crosses_it():
    opened = clmm()
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    array = pool.below[0]
    first = array.first(zero_for_one=True)
    at = array.offset_of(first.number) + ticks.ORDERS_WAITING.offset
    rich = opened.with_bytes(array.address, at, (10**9).to_bytes(8, "little"))
    plain_out, rich_out = opened.quote(2 * 10**12), rich.quote(2 * 10**12)
    assert rich_out.out_amount > plain_out.out_amount
    left = rich.after(rich_out).accounts[array.address].data
    assert ticks.ORDERS_WAITING.read(left[array.offset_of(first.number) :]) == 0


def test_a_dynamic_fee_costs_more_the_further_a_swap_goes():
    plain, dynamic = clmm(), clmm(dynamic_fee=DynamicFee())
    small = [opened.quote(10**8).fee_amount for opened in (plain, dynamic)]
    large = [opened.quote(2 * 10**11).fee_amount for opened in (plain, dynamic)]
    assert small[0] <= small[1]
    assert large[1] > large[0] * 11 // 10


def test_the_fee_is_of_the_token_the_pool_takes_it_in():
    for fee_on, wanted in ((0, (0, 1)), (1, (0, 0)), (2, (1, 1))):
        opened = clmm(fee_on=fee_on)
        mints = opened.pool().mints
        for first_in, side in zip((True, False), wanted, strict=True):
            assert opened.quote(10**8, first_in=first_in).fee_mint == mints[side]


def test_an_array_that_is_not_read_is_refused_not_guessed():
    opened = clmm()
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    accounts: dict[Pubkey, Account | None] = dict(opened.accounts)
    accounts[pool.below[-1].address] = None
    shorter = opened.venue.load(opened.address, accounts, Slot(1))
    request = opened.quote(10**8).request
    assert isinstance(opened.venue.quote(shorter, request, CLOCK), Quote)
    wide = replace(request, amount=2**61)
    answer = opened.venue.quote(shorter, wide, CLOCK)
    assert isinstance(answer, Refused)
    assert answer.error == "NotEnoughTickArrayAccount"


def test_a_pool_that_is_closed_or_not_open_yet_refuses():
    assert _refusal(clmm(open_time=CLOCK.unix_timestamp)) == "RequireGtViolated"
    assert isinstance(clmm(open_time=CLOCK.unix_timestamp - 1).ask(10**8), Quote)
    opened = clmm()
    assert _refusal(opened.with_bytes(opened.address, 389, b"\x10")) == "NotApproved"
    assert isinstance(opened.with_bytes(opened.address, 389, b"\x2f").ask(10**8), Quote)


def test_more_than_the_pool_holds_is_refused():
    assert _refusal(clmm(), 2 * 10**11, SwapMode.EXACT_OUT) == "CalculateOverflow"


def test_an_array_or_extension_of_another_pool_is_refused():
    opened = clmm()
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    array = pool.below[0].address
    extension = extension_address(ticks.PROGRAM_ID, opened.address)
    for address in (array, extension):
        with pytest.raises(MalformedAccount, match="of"):
            opened.with_bytes(address, EXTENSION_POOL.offset, bytes(32)).pool()
    with pytest.raises(MalformedAccount, match="not the one"):
        opened.with_bytes(array, 40, (60).to_bytes(4, "little")).pool()


def test_load_reads_the_extension_with_the_pool_and_the_arrays_with_the_rest():
    opened = clmm()
    first = opened.venue.load(opened.address, {}, Slot(1))
    assert first == NeedAccounts(
        (opened.address, extension_address(ticks.PROGRAM_ID, opened.address))
    )
    known = {address: opened.accounts[address] for address in first.addresses}
    second = opened.venue.load(opened.address, known, Slot(1))
    assert isinstance(second, NeedAccounts)
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    assert {array.address for array in (*pool.below, *pool.above)} <= set(second.addresses)


def test_a_pool_whose_numbers_cannot_be_is_malformed():
    opened = clmm()
    for offset, written, said in (
        (235, bytes(2), "spacing"),
        (253, bytes(16), "price"),
        (269, (2**30).to_bytes(4, "little"), "tick"),
        (390, b"\x03", "fee mode"),
    ):
        with pytest.raises(MalformedAccount, match=said):
            opened.with_bytes(opened.address, offset, written).pool()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_ticks_are_malformed_refused_or_priced(data: st.DataObject):
    opened = clmm(dynamic_fee=DynamicFee())
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    spots = [
        (array.address, array.offset_of(array.first(True).number), 168)
        for array in dict.fromkeys((*pool.below, *pool.above))
    ]
    spots.append((opened.address, 237, 70))
    spots.append((opened.address, 904, 128))
    spots.append((opened.address, 1_096, 34))
    for address, start, length in data.draw(st.lists(st.sampled_from(spots), min_size=1)):
        noise = data.draw(st.binary(min_size=1, max_size=24))
        at = start + data.draw(st.integers(0, length - len(noise)))
        opened = opened.with_bytes(address, at, noise)
    try:
        loaded = opened.venue.load(opened.address, opened.accounts, Slot(1))
    except MalformedAccount:
        return
    if isinstance(loaded, NeedAccounts):
        return
    for mode in SwapMode:
        for first_in in (True, False):
            answer = opened.ask(10**9, mode, first_in=first_in)
            assert isinstance(answer, Quote | Refused)
