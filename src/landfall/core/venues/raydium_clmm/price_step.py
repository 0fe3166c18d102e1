"""One step of a swap: from a price towards another, through liquidity that does not change.

Inputs round up, outputs down, and prices against the trader. A fee on the input is part of what the
trader sends; a fee on the output is part of what the step yields. An exact input that does not
reach the target is used up to the last unit: what rounding leaves of it is fee, or where fees are
of the output, simply paid in.

Units: liquidity is sqrt(token 0 x token 1) in base units; sqrt prices Q64.64; rates in parts per
million.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/libraries/{swap_math,
sqrt_price_math,liquidity_math}.rs.
"""

from dataclasses import dataclass
from typing import NamedTuple

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import U64_MAX, U128_MAX, ceil_div
from landfall.core.venues.raydium_clmm.faults import (
    CALCULATE_OVERFLOW,
    MAX_TOKEN_OVERFLOW,
    PRICE_MOVED_THE_WRONG_WAY,
    PRICE_OUT_OF_RANGE,
    ZERO_LIQUIDITY,
    checked_u64,
)
from landfall.core.venues.raydium_clmm.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE

RATE_DENOMINATOR = 1_000_000


@dataclass(frozen=True, slots=True)
class Direction:
    """What stays the same through all steps of a swap."""

    zero_for_one: bool
    exact_in: bool
    fee_on_input: bool


class Step(NamedTuple):
    """What a step comes to. `amount_in` is without a fee on the input, `amount_out` after one on
    the output.
    """

    sqrt_price: int
    amount_in: int
    amount_out: int
    fee: int


class Traded(NamedTuple):
    """One stretch of the way: between two prices at one liquidity and one rate, or with the orders
    of one tick. `taken` reached the vault and `paid` left it."""

    sqrt_price: int
    rate: int
    taken: int
    paid: int


def price_step(
    direction: Direction, sqrt_price: int, target: int, liquidity: int, remaining: int, rate: int
) -> Step:
    """The step from `sqrt_price` to `target`, or as far as `remaining` goes.

    Raises:
        SwapRefused: a number does not fit, by the program's name for it.
    """
    moved = _gross(direction, remaining, rate)
    at_target = _amounts(direction.zero_for_one, target, sqrt_price, liquidity)
    if at_target is not None and moved >= at_target[0 if direction.exact_in else 1]:
        reached, (amount_in, amount_out) = target, at_target
    else:
        reached = _next_price(direction, sqrt_price, liquidity, moved)
        short = _amounts(direction.zero_for_one, reached, sqrt_price, liquidity)
        if short is None:
            raise SwapRefused(MAX_TOKEN_OVERFLOW)
        amount_in, amount_out = short
    if reached < target if direction.zero_for_one else reached > target:
        raise SwapRefused(PRICE_MOVED_THE_WRONG_WAY)
    if direction.fee_on_input:
        if not direction.exact_in:
            amount_out = min(amount_out, remaining)
        elif reached != target:
            return Step(reached, amount_in, amount_out, checked_u64(remaining - amount_in))
        return Step(reached, amount_in, amount_out, fee_on_top(amount_in, rate))
    fee = fee_within(amount_out, rate)
    if direction.exact_in:
        return Step(reached, amount_in if reached == target else remaining, amount_out - fee, fee)
    net_out = min(amount_out - fee, remaining)
    return Step(reached, amount_in, net_out, amount_out - net_out)


def fee_on_top(amount: int, rate: int) -> int:
    """The fee with which `amount` is what is left; rounded up."""
    return checked_u64(ceil_div(amount * rate, RATE_DENOMINATOR - rate))


def fee_within(amount: int, rate: int) -> int:
    """The fee that is part of `amount`; rounded up."""
    return ceil_div(amount * rate, RATE_DENOMINATOR)


def _gross(direction: Direction, remaining: int, rate: int) -> int:
    """What of `remaining` moves the price: less the fee to come, or more."""
    if direction.exact_in:
        if direction.fee_on_input:
            return remaining * (RATE_DENOMINATOR - rate) // RATE_DENOMINATOR
        return remaining
    if direction.fee_on_input:
        return remaining
    return checked_u64(ceil_div(remaining * RATE_DENOMINATOR, RATE_DENOMINATOR - rate))


def _amounts(
    zero_for_one: bool, one_price: int, other_price: int, liquidity: int
) -> tuple[int, int] | None:
    """Input and output between two prices; None if one of them exceeds 64 bits."""
    low, high = (one_price, other_price) if one_price < other_price else (other_price, one_price)
    token_1 = liquidity * (high - low)
    if zero_for_one:
        amount_in, amount_out = ceil_div(token_1 << 64, low * high), token_1 >> 64
    else:
        amount_in, amount_out = (token_1 + U64_MAX) >> 64, (token_1 << 64) // (low * high)
    return None if amount_in > U64_MAX or amount_out > U64_MAX else (amount_in, amount_out)


def _next_price(direction: Direction, sqrt_price: int, liquidity: int, amount: int) -> int:
    if not MIN_SQRT_PRICE <= sqrt_price < MAX_SQRT_PRICE:
        raise SwapRefused(PRICE_OUT_OF_RANGE)
    if liquidity == 0:
        raise SwapRefused(ZERO_LIQUIDITY)
    if amount == 0:
        return sqrt_price
    if direction.zero_for_one == direction.exact_in:
        return _moved_by_token_0(sqrt_price, liquidity, amount if direction.exact_in else -amount)
    if direction.exact_in:
        price = sqrt_price + (amount << 64) // liquidity
    else:
        price = sqrt_price - ceil_div(amount << 64, liquidity)
    if not 0 <= price <= U128_MAX:
        raise SwapRefused(CALCULATE_OVERFLOW)
    return price


def _moved_by_token_0(sqrt_price: int, liquidity: int, amount: int) -> int:
    """The price after the pool's token 0 grew by `amount`, which may be negative; rounded up."""
    numerator = liquidity << 64
    denominator = numerator + amount * sqrt_price
    if denominator <= 0:
        raise SwapRefused(CALCULATE_OVERFLOW)
    price = ceil_div(numerator * sqrt_price, denominator)
    if price > U128_MAX:
        raise SwapRefused(PANIC)
    return price
