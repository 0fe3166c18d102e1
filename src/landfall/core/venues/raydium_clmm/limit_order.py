"""Limit orders that wait in a tick, and what a swap takes of them when the price gets there.

All orders of a tick trade at its price. Those of which a part is filled are served first; then all
that wait become one such cohort, whose unfilled ratio tells later what each of them received.

Units: prices are Q64.64 of token 1 per token 0; rates in parts per million.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/tick_array.rs.
"""

from dataclasses import replace
from typing import NamedTuple

from landfall.core.values import U64_MAX, ceil_div
from landfall.core.venues.raydium_clmm.faults import checked_u64, checked_u128
from landfall.core.venues.raydium_clmm.price_step import (
    RATE_DENOMINATOR,
    Direction,
    fee_on_top,
    fee_within,
)
from landfall.core.venues.raydium_clmm.tick_array import Tick

Q64 = 1 << 64


class Match(NamedTuple):
    """What a swap traded with orders, fees as in `Step`, and the tick they leave."""

    amount_in: int
    amount_out: int
    fee: int
    tick: Tick


def match_orders(
    tick: Tick, direction: Direction, sqrt_price: int, remaining: int, rate: int
) -> Match:
    """Trade `remaining` with the orders of `tick`, whose price this is.

    Raises:
        SwapRefused: a number does not fit, by the program's name for it.
    """
    unfilled = checked_u64(tick.unfilled)
    if remaining == 0 or unfilled == 0:
        return Match(0, 0, 0, tick)
    rounding = 0 if direction.zero_for_one else Q64 - 1
    price = checked_u128((sqrt_price * sqrt_price + rounding) >> 64)
    if direction.exact_in:
        amount_in, amount_out, fee = _exact_in(direction, price, remaining, unfilled, rate)
    else:
        amount_in, amount_out, fee = _exact_out(direction, price, remaining, unfilled, rate)
    left = _filled(tick, amount_out)
    if not direction.fee_on_input:
        fee = fee_within(amount_out, rate)
        amount_out -= fee
    return Match(amount_in, amount_out, fee, left)


def _exact_in(
    direction: Direction, price: int, remaining: int, unfilled: int, rate: int
) -> tuple[int, int, int]:
    fee = fee_within(remaining, rate) if direction.fee_on_input else 0
    amount_in = remaining - fee
    if direction.zero_for_one:
        bought = checked_u128(amount_in * price >> 64)
    else:
        bought = checked_u128((amount_in << 64) // price)
    if bought <= unfilled:
        return amount_in, bought, fee
    amount_in = _cost(direction, price, unfilled)
    return amount_in, unfilled, fee_on_top(amount_in, rate) if direction.fee_on_input else 0


def _exact_out(
    direction: Direction, price: int, remaining: int, unfilled: int, rate: int
) -> tuple[int, int, int]:
    amount_out = min(remaining, unfilled)
    if not direction.fee_on_input:
        gross = ceil_div(amount_out * RATE_DENOMINATOR, RATE_DENOMINATOR - rate)
        amount_out = min(checked_u64(gross), unfilled)
    amount_in = _cost(direction, price, amount_out)
    return amount_in, amount_out, fee_on_top(amount_in, rate) if direction.fee_on_input else 0


def _cost(direction: Direction, price: int, amount_out: int) -> int:
    """What `amount_out` of the orders costs; rounded up."""
    if direction.zero_for_one:
        return checked_u64(ceil_div(amount_out << 64, price))
    return checked_u64((amount_out * price + U64_MAX) >> 64)


def _filled(tick: Tick, amount: int) -> Tick:
    """The tick after `amount` of its orders was bought."""
    started, ratio = tick.orders_started, tick.unfilled_ratio
    from_started = min(started, amount)
    if from_started:
        ratio = ratio * (started - from_started) // started
        started -= from_started
    rest = amount - from_started
    if not rest:
        return replace(tick, orders_started=started, unfilled_ratio=ratio)
    left = tick.orders_waiting - rest
    return replace(
        tick,
        order_phase=min(tick.order_phase + 1, U64_MAX),
        orders_started=left,
        orders_waiting=0,
        unfilled_ratio=Q64 * left // tick.orders_waiting,
    )
