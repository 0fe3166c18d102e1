"""Meteora DBC: the walk along the curve, segment by segment, without fees.

The curve is constant liquidity between rising prices. Buying base walks up, selling it walks down;
in a segment, what comes in is rounded up and what goes out down. The walk down names its lowest
segment twice: once as a segment, if the price is above the curve's first point, and once as the
stretch that ends where the curve begins.

Units: amounts in base units; square-root prices in Q64.64; liquidity in Q64.64 of base units.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
{state/virtual_pool,curve}.rs.
"""

from collections.abc import Iterator
from typing import NamedTuple

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import ceil_div
from landfall.core.venues.meteora_dbc.faults import (
    AMOUNT_LEFT_IS_NOT_ZERO,
    INSUFFICIENT_LIQUIDITY,
    MATH_OVERFLOW,
    cast_u64,
    cast_u128,
    checked_u64,
)
from landfall.core.venues.meteora_dbc.layout import Pool


class Walked(NamedTuple):
    """The amount the walk came to on the other side, the price it ended at, and what it left of the
    amount it was given."""

    amount: int
    sqrt_price: int
    left: int


def buy_with(pool: Pool, quote_in: int) -> Walked:
    """Base for `quote_in`; ends at the price of migration at the latest."""
    price, left, bought = pool.sqrt_price, quote_in, 0
    for point, liquidity in _upwards(pool):
        edge = min(point, pool.migration_sqrt_price)
        if edge <= price:
            continue
        room = _quote_between(price, edge, liquidity, up=True)
        if left < room:
            after = cast_u128(price + (left << 128) // liquidity)
            bought += checked_u64(_base_between(price, after, liquidity, up=False))
            return Walked(checked_u64(bought), after, 0)
        bought = checked_u64(bought + checked_u64(_base_between(price, edge, liquidity, up=False)))
        price, left = edge, left - cast_u64(room)
        if price == pool.migration_sqrt_price:
            break
    return Walked(bought, price, left)


def sell(pool: Pool, base_in: int) -> Walked:
    """Quote for `base_in`; ends at the start of the curve at the latest."""
    price, left, paid = pool.sqrt_price, base_in, 0
    for edge, liquidity in _downwards(pool):
        if edge >= price:
            continue
        room = _base_between(edge, price, liquidity, up=True)
        if left < room:
            after = cast_u128(ceil_div(liquidity * price, liquidity + left * price))
            paid += checked_u64(_quote_between(after, price, liquidity, up=False))
            return Walked(checked_u64(paid), after, 0)
        paid = checked_u64(paid + checked_u64(_quote_between(edge, price, liquidity, up=False)))
        price, left = edge, left - cast_u64(room)
    if left == 0:
        return Walked(paid, price, 0)
    liquidity = _lowest_liquidity(pool)
    after = cast_u128(ceil_div(liquidity * price, liquidity + left * price))
    if after < pool.sqrt_start:
        after = pool.sqrt_start
        left = checked_u64(left - checked_u64(_base_between(after, price, liquidity, up=True)))
    else:
        left = 0
    paid = checked_u64(paid + checked_u64(_quote_between(after, price, liquidity, up=False)))
    return Walked(paid, after, left)


def buy_exactly(pool: Pool, base_out: int) -> Walked:
    """Quote needed for `base_out`. Whether it goes beyond the price of migration is the caller's
    to see."""
    price, left, needed = pool.sqrt_price, base_out, 0
    for edge, liquidity in _upwards(pool):
        if edge <= price:
            continue
        room = _base_between(price, edge, liquidity, up=False)
        if left < room:
            after = price
            if left:
                divisor = liquidity - left * price
                if divisor <= 0:
                    raise SwapRefused(MATH_OVERFLOW)
                after = cast_u128(ceil_div(liquidity * price, divisor))
            needed += checked_u64(_quote_between(price, after, liquidity, up=True))
            return Walked(checked_u64(needed), after, 0)
        needed = checked_u64(needed + checked_u64(_quote_between(price, edge, liquidity, up=True)))
        price, left = edge, left - cast_u64(room)
    if left:
        raise SwapRefused(AMOUNT_LEFT_IS_NOT_ZERO)
    return Walked(needed, price, 0)


def sell_for_exactly(pool: Pool, quote_out: int) -> Walked:
    """Base needed for `quote_out`."""
    price, left, needed = pool.sqrt_price, quote_out, 0
    for edge, liquidity in _downwards(pool):
        if edge >= price:
            continue
        room = _quote_between(edge, price, liquidity, up=False)
        if left < room:
            after = price - ceil_div(left << 128, liquidity)
            needed += checked_u64(_base_between(after, price, liquidity, up=True))
            return Walked(checked_u64(needed), after, 0)
        needed = checked_u64(needed + checked_u64(_base_between(edge, price, liquidity, up=True)))
        price, left = edge, left - room
    if left == 0:
        return Walked(needed, price, 0)
    liquidity = _lowest_liquidity(pool)
    if left > _quote_between(pool.sqrt_start, price, liquidity, up=False):
        raise SwapRefused(INSUFFICIENT_LIQUIDITY)
    after = price - ceil_div(left << 128, liquidity)
    if after < pool.sqrt_start:
        raise SwapRefused(INSUFFICIENT_LIQUIDITY)
    needed = checked_u64(needed + checked_u64(_base_between(after, price, liquidity, up=True)))
    return Walked(needed, after, 0)


def inputs_to_points(pool: Pool, *, is_buy: bool) -> Iterator[int]:
    """The whole input, fees aside, that brings the price to each point of the curve ahead, the
    nearest first."""
    price, whole = pool.sqrt_price, 0
    if is_buy:
        for point, liquidity in _upwards(pool):
            if point > price:
                whole += _quote_between(price, point, liquidity, up=True)
                price = point
                yield whole
        return
    for point, liquidity in _downwards(pool):
        if point < price:
            whole += _base_between(point, price, liquidity, up=True)
            price = point
            yield whole


def _upwards(pool: Pool) -> Iterator[tuple[int, int]]:
    """Each point with the liquidity below it, up to the last one used."""
    for price, liquidity in pool.curve:
        if price == 0 or liquidity == 0:
            return
        yield price, liquidity


def _downwards(pool: Pool) -> Iterator[tuple[int, int]]:
    """Each used point but the last with the liquidity above it, from the highest."""
    for i in range(len(pool.curve) - 2, -1, -1):
        price, liquidity = pool.curve[i]
        if price and liquidity:
            yield price, pool.curve[i + 1][1]


def _lowest_liquidity(pool: Pool) -> int:
    liquidity = pool.curve[0][1]
    if liquidity == 0:
        raise SwapRefused(PANIC)
    return liquidity


def _base_between(lower: int, upper: int, liquidity: int, *, up: bool) -> int:
    """Base between two square-root prices, rounded up or down."""
    if lower == 0:
        raise SwapRefused(PANIC)
    product = liquidity * (upper - lower)
    return ceil_div(product, lower * upper) if up else product // (lower * upper)


def _quote_between(lower: int, upper: int, liquidity: int, *, up: bool) -> int:
    """Quote between two square-root prices, rounded up or down."""
    product = liquidity * (upper - lower)
    return ceil_div(product, 1 << 128) if up else product >> 128
