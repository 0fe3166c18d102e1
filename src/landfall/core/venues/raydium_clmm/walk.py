"""A swap's way through a pool: from tick to tick until the amount is used up.

At each tick in use the swap first trades with the limit orders that wait there, and crosses it only
when none is left. With a dynamic fee the way between two ticks is walked in groups of as many ticks
as the spacing, each at its own rate, until the fee is full.

Units: as in `price_step`; `fee_growth` is Q64.64 fee per liquidity, counted from this swap's start.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/swap.rs
(swap_internal).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import U64_MAX, U128_MAX
from landfall.core.venues.raydium_clmm.dynamic_fee import DynamicFee
from landfall.core.venues.raydium_clmm.faults import (
    CALCULATE_OVERFLOW,
    INVALID_FIRST_ARRAY,
    LIQUIDITY_INSUFFICIENT,
    NOT_ENOUGH_ARRAYS,
    PRICE_MOVED_THE_WRONG_WAY,
    TOO_MANY_STEPS,
    checked_u64,
)
from landfall.core.venues.raydium_clmm.layout import (
    FEE_ON_INPUT,
    FEE_ON_TOKEN_0,
    Pool,
)
from landfall.core.venues.raydium_clmm.limit_order import match_orders
from landfall.core.venues.raydium_clmm.price_step import (
    RATE_DENOMINATOR,
    Direction,
    Step,
    Traded,
    price_step,
)
from landfall.core.venues.raydium_clmm.tick_array import Tick, TickArray
from landfall.core.venues.raydium_clmm.tick_math import (
    MAX_TICK,
    MIN_TICK,
    sqrt_price_at_tick,
    tick_at_sqrt_price,
)

STEPS_MAX = 2_000
"""Far more than the compute units of a transaction allow."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A tick the price came to: as it is left, and what fees had grown to if it was crossed."""

    array: TickArray
    tick: Tick
    was_in_use: bool
    is_crossed: bool
    fee_growth: int


@dataclass(slots=True, kw_only=True)
class Walk:
    """Where a swap has got to. Changed step by step; whoever reads it afterwards changes nothing.

    `remaining` is of the amount asked for, `calculated` the other one; `fee` is all fees, of which
    `protocol_fee` and `fund_fee` do not go to the liquidity. `trail` is the way so far.
    """

    pool: Pool
    direction: Direction
    remaining: int
    sqrt_price: int
    tick: int
    liquidity: int
    dynamic: DynamicFee | None
    group: int
    rate: int
    calculated: int = 0
    fee: int = 0
    protocol_fee: int = 0
    fund_fee: int = 0
    fee_growth: int = 0
    steps: int = 0
    array_at: int = 0
    visits: list[Visit] = field(default_factory=list)
    trail: list[Traded]


def walk(
    pool: Pool,
    arrays: Sequence[TickArray],
    *,
    zero_for_one: bool,
    exact_in: bool,
    amount: int,
    price_limit: int,
    now: int,
    trail: list[Traded] | None = None,
) -> Walk:
    """Swap `amount` until it is used up or the price gets to `price_limit`.

    Args:
        arrays: as the instruction names them; those before the first one needed are passed over.
        now: Unix seconds.
        trail: where to note the way; it then has also what came before a refusal.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    on_input = fee_is_on_input(pool, zero_for_one)
    direction = Direction(zero_for_one, exact_in, on_input)
    state = _start(pool, direction, amount, now, [] if trail is None else trail)
    number = pool.tick_map.first(pool.tick, zero_for_one)
    holds_price = number == pool.tick_map.number_of(pool.tick)
    array = _first_array(state, arrays, number * pool.tick_map.ticks_per_array)
    while state.remaining and state.sqrt_price != price_limit:
        tick = array.next_from(state.tick, zero_for_one)
        if tick is None and holds_price:
            following = pool.tick_map.after(number, zero_for_one)
            if following is None:
                raise SwapRefused(LIQUIDITY_INSUFFICIENT)
            number = following
            array = _later_array(state, arrays, number * pool.tick_map.ticks_per_array)
        holds_price = holds_price or tick is None
        _go_to(state, array, tick or array.first(zero_for_one), price_limit)
    return state


def fee_is_on_input(pool: Pool, zero_for_one: bool) -> bool:
    """Whether a swap in this direction pays its fee in the token it gives."""
    return pool.fee_on == FEE_ON_INPUT or (pool.fee_on == FEE_ON_TOKEN_0) == zero_for_one


def _start(pool: Pool, direction: Direction, amount: int, now: int, trail: list[Traded]) -> Walk:
    dynamic, group = pool.dynamic_fee, 0
    if dynamic is not None:
        group = pool.tick // pool.tick_map.tick_spacing
        dynamic = dynamic.referenced(group, now)
    return Walk(
        pool=pool,
        direction=direction,
        remaining=amount,
        sqrt_price=pool.sqrt_price,
        tick=pool.tick,
        liquidity=pool.liquidity,
        dynamic=dynamic,
        group=group,
        rate=pool.trade_rate,
        trail=trail,
    )


def _first_array(state: Walk, arrays: Sequence[TickArray], start: int) -> TickArray:
    if not arrays:
        raise SwapRefused(NOT_ENOUGH_ARRAYS)
    for at, array in enumerate(arrays):
        if array.start == start:
            state.array_at = at
            return array
    raise SwapRefused(INVALID_FIRST_ARRAY)


def _later_array(state: Walk, arrays: Sequence[TickArray], start: int) -> TickArray:
    for at in range(state.array_at + 1, len(arrays)):
        if arrays[at].start == start:
            state.array_at = at
            return arrays[at]
    raise SwapRefused(NOT_ENOUGH_ARRAYS)


def _go_to(state: Walk, array: TickArray, tick: Tick, price_limit: int) -> None:
    """Move to this tick and through it, or as far as the amount and the limit let the price go."""
    zero_for_one = state.direction.zero_for_one
    tick_price = sqrt_price_at_tick(tick.number)
    target = max(tick_price, price_limit) if zero_for_one else min(tick_price, price_limit)
    ahead = tick.number <= state.tick if zero_for_one else tick.number > state.tick
    if not ahead or (target > state.sqrt_price if zero_for_one else target < state.sqrt_price):
        raise SwapRefused(PRICE_MOVED_THE_WRONG_WAY)
    liquidity = state.liquidity
    while True:
        state.steps += 1
        if state.steps > STEPS_MAX:
            raise SwapRefused(TOO_MANY_STEPS)
        bound, bound_tick, is_open = _bound(state, target)
        reached = _step_to(state, bound)
        if reached == tick_price:
            tick, liquidity = _arrive(state, array, tick, tick_price)
        elif reached != state.sqrt_price:
            if bound_tick is not None and reached == bound:
                state.tick = bound_tick
            else:
                state.tick = tick_at_sqrt_price(reached)
        state.sqrt_price = reached
        _regroup(state, tick.number, tick_price, is_open)
        if state.remaining == 0 or reached == target:
            break
    state.liquidity = liquidity


def _bound(state: Walk, target: int) -> tuple[int, int | None, bool]:
    """How far the price may go at one rate: the price, the tick there if it is a group's end, and
    whether groups matter no more. Sets the rate.
    """
    if state.dynamic is None:
        return target, None, True
    spacing = state.pool.tick_map.tick_spacing
    state.dynamic = state.dynamic.accumulated(state.group)
    state.rate = state.dynamic.total_rate(state.pool.trade_rate, spacing)
    if state.liquidity == 0 or state.dynamic.is_full:
        return target, None, True
    zero_for_one = state.direction.zero_for_one
    end = (state.group if zero_for_one else state.group + 1) * spacing
    end = min(max(end, MIN_TICK), MAX_TICK)
    end_price = sqrt_price_at_tick(end)
    if target > end_price if zero_for_one else target < end_price:
        return target, None, False
    return end_price, end, False


def _step_to(state: Walk, bound: int) -> int:
    """Trade with the liquidity as far as `bound`; the price this gets to."""
    if state.sqrt_price == bound:
        return bound
    step = price_step(
        state.direction, state.sqrt_price, bound, state.liquidity, state.remaining, state.rate
    )
    _book(state, step, state.sqrt_price)
    return step.sqrt_price


def _arrive(state: Walk, array: TickArray, tick: Tick, price: int) -> tuple[Tick, int]:
    """Trade with the orders of a tick, and cross it if none is left. The tick and the liquidity
    beyond it.
    """
    zero_for_one = state.direction.zero_for_one
    match = match_orders(tick, state.direction, price, state.remaining, state.rate)
    if match.amount_in or match.amount_out or match.fee:
        _book(state, Step(price, match.amount_in, match.amount_out, match.fee), price)
    left = match.tick
    liquidity = state.liquidity
    is_crossed = left.liquidity_gross > 0 and left.unfilled == 0
    if is_crossed:
        liquidity += -left.liquidity_net if zero_for_one else left.liquidity_net
        if not 0 <= liquidity <= U128_MAX:
            raise SwapRefused(PANIC)
    state.visits.append(Visit(array, left, tick.is_in_use, is_crossed, state.fee_growth))
    state.tick = tick.number - 1 if zero_for_one == (left.unfilled == 0) else tick.number
    return left, liquidity


def _book(state: Walk, step: Step, start_price: int) -> None:
    """Take the amounts of a step from this price on, and share out its fee."""
    paid = step.amount_in + step.fee if state.direction.fee_on_input else step.amount_in
    used, other = (paid, step.amount_out) if state.direction.exact_in else (step.amount_out, paid)
    state.remaining = checked_u64(state.remaining - used)
    state.calculated = checked_u64(state.calculated + other)
    state.trail.append(Traded(start_price, state.rate, paid, step.amount_out))
    protocol_fee = step.fee * state.pool.protocol_rate // RATE_DENOMINATOR
    fund_fee = step.fee * state.pool.fund_rate // RATE_DENOMINATOR
    left = step.fee - protocol_fee - fund_fee
    state.fee += step.fee
    state.fund_fee += fund_fee
    if state.liquidity:
        growth = (left << 64) // state.liquidity
        if growth > U128_MAX:
            raise SwapRefused(CALCULATE_OVERFLOW)
        state.fee_growth += growth
    else:
        protocol_fee += left
    state.protocol_fee += protocol_fee
    if state.fee > U64_MAX:
        raise SwapRefused(CALCULATE_OVERFLOW)


def _regroup(state: Walk, tick_next: int, tick_price: int, is_open: bool) -> None:
    """Go on to the next price group; after a step that skipped groups, first find the one it
    ended in.
    """
    if state.dynamic is None:
        return
    zero_for_one = state.direction.zero_for_one
    if is_open:
        tick = tick_next if state.sqrt_price == tick_price else state.tick
        spacing = state.pool.tick_map.tick_spacing
        state.group = tick // spacing
        if not zero_for_one and tick % spacing == 0:
            state.group -= 1
        if not state.dynamic.is_full:
            state.dynamic = state.dynamic.accumulated(state.group)
    state.group += -1 if zero_for_one else 1
