"""Meteora DAMM v2: one liquidity over one price range, or constant product where fees compound.

Over a range the price moves and the liquidity stays; a compounding pool has no range, only two
reserves, and its square-root price follows from them. Amounts here are without fees: what a pool
takes is rounded up, what it gives down.

Units: amounts in base units; square-root prices in Q64.64; liquidity in Q64.64 of base units.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/liquidity_handler/*.rs.
"""

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import U64_MAX, ceil_div
from landfall.core.venues.meteora_damm_v2 import layout
from landfall.core.venues.meteora_damm_v2.faults import (
    MATH_OVERFLOW,
    PRICE_RANGE_VIOLATION,
    TYPE_CAST_FAILED,
    cast_u64,
    cast_u128,
    checked_u64,
)
from landfall.core.venues.meteora_damm_v2.layout import Pool


def exchange_in(pool: Pool, a_to_b: bool, offered: int, partial: bool) -> tuple[int, int, int]:
    """Input used, output before fees (rounded down), next square-root price (0 if compounding)."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        x, y = pool.amounts if a_to_b else pool.amounts[::-1]
        if not 0 < x + offered <= U64_MAX:
            raise SwapRefused(MATH_OVERFLOW)
        return offered, y * offered // (x + offered), 0
    s, liquidity = _price_and_liquidity(pool)
    edge = pool.sqrt_min if a_to_b else pool.sqrt_max
    if partial:
        reachable = _delta_a(edge, s, liquidity) if a_to_b else _delta_b(s, edge, liquidity)
        if offered >= reachable:
            return reachable, checked_u64(_range_out(a_to_b, s, edge, liquidity)), edge
    if a_to_b:
        after = ceil_div(liquidity * s, liquidity + offered * s)
        outside = after < edge
    else:
        after = cast_u128(s + (offered << 128) // liquidity)
        outside = after > edge
    if outside and not partial:
        raise SwapRefused(PRICE_RANGE_VIOLATION)
    return offered, checked_u64(_range_out(a_to_b, s, after, liquidity)), after


def exchange_out(pool: Pool, a_to_b: bool, gross_out: int) -> tuple[int, int]:
    """Input before fees (rounded up) and next square-root price (0 if compounding)."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        x, y = pool.amounts if a_to_b else pool.amounts[::-1]
        if gross_out >= y:
            raise SwapRefused(MATH_OVERFLOW)
        return cast_u64(ceil_div(x * gross_out, y - gross_out)), 0
    s, liquidity = _price_and_liquidity(pool)
    if a_to_b:
        after = s - ceil_div(gross_out << 128, liquidity)
        if after < 0:
            raise SwapRefused(MATH_OVERFLOW)
        if after < pool.sqrt_min:
            raise SwapRefused(PRICE_RANGE_VIOLATION)
        return checked_u64(_delta_a(after, s, liquidity)), after
    divisor = liquidity - gross_out * s
    if divisor <= 0:
        raise SwapRefused(MATH_OVERFLOW)
    after = cast_u128(ceil_div(liquidity * s, divisor))
    if after > pool.sqrt_max:
        raise SwapRefused(PRICE_RANGE_VIOLATION)
    return checked_u64(_delta_b(s, after, liquidity)), after


def price_ratio(pool: Pool) -> tuple[int, int]:
    """Two numbers in the ratio of token A to token B at the current price."""
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        return pool.amounts
    return 1 << 128, pool.sqrt_price * pool.sqrt_price


def amounts_before(pool: Pool) -> tuple[int, int]:
    """The reserves as counted; a pool of layout version 0 has them counted from its curve first."""
    if pool.layout_version > layout.LAYOUT_VERSION_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    if pool.collect_fee_mode > layout.COLLECT_COMPOUNDING:
        raise SwapRefused(TYPE_CAST_FAILED)
    if pool.layout_version != 0 or pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        return pool.amounts
    a = _delta_a(pool.sqrt_price, pool.sqrt_max, pool.liquidity)
    b = _delta_b(pool.sqrt_min, pool.sqrt_price, pool.liquidity)
    return checked_u64(a), checked_u64(b)


def _price_and_liquidity(pool: Pool) -> tuple[int, int]:
    if pool.sqrt_price == 0 or pool.liquidity == 0:
        raise SwapRefused(PANIC)
    return pool.sqrt_price, pool.liquidity


def _range_out(a_to_b: bool, s: int, after: int, liquidity: int) -> int:
    """What the curve pays between two prices, rounded down."""
    if a_to_b:
        return liquidity * (s - after) >> 128
    return liquidity * (after - s) // (s * after)


def _delta_a(lower: int, upper: int, liquidity: int) -> int:
    """Token A between two square-root prices, rounded up."""
    if lower == 0:
        raise SwapRefused(PANIC)
    return ceil_div(liquidity * (upper - lower), lower * upper)


def _delta_b(lower: int, upper: int, liquidity: int) -> int:
    """Token B between two square-root prices, rounded up."""
    return ceil_div(liquidity * (upper - lower), 1 << 128)
