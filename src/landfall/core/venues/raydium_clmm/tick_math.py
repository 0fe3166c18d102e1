"""Ticks and the square roots of prices they stand for.

Tick i is the price 1.0001^i of token 0 in token 1. Both directions are the program's own
approximations, bit for bit: another rounding would put a swap on the other side of a tick.

Units: sqrt prices are Q64.64 of token 1 per token 0.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/libraries/tick_math.rs.
"""

from functools import lru_cache

from landfall.core.anchor import SwapRefused
from landfall.core.values import U128_MAX
from landfall.core.venues.raydium_clmm.faults import PRICE_OUT_OF_RANGE

MIN_TICK, MAX_TICK = -443_636, 443_636
MIN_SQRT_PRICE = 4_295_048_016
MAX_SQRT_PRICE = 79_226_673_521_066_979_257_578_248_091

LOG_BITS = 16
LOG_2_TO_TICKS = 59_543_866_431_248
ERROR_BELOW = 184_467_440_737_095_516
ERROR_ABOVE = 15_793_534_762_490_258_745

SQRT_PRICE_OF_BIT = (
    0xFFFCB933BD6FB800,
    0xFFF97272373D4000,
    0xFFF2E50F5F657000,
    0xFFE5CACA7E10F000,
    0xFFCB9843D60F7000,
    0xFF973B41FA98E800,
    0xFF2EA16466C9B000,
    0xFE5DEE046A9A3800,
    0xFCBE86C7900BB000,
    0xF987A7253AC65800,
    0xF3392B0822BB6000,
    0xE7159475A2CAF000,
    0xD097F3BDFD2F2000,
    0xA9F746462D9F8000,
    0x70D869A156F31C00,
    0x31BE135F97ED3200,
    0x9AA508B5B85A500,
    0x5D6AF8DEDC582C,
    0x2216E584F5FA,
)
"""2^64 divided by 1.0001^(2^(i - 1)), for each bit i of a tick."""


@lru_cache(maxsize=16_384)
def sqrt_price_at_tick(tick: int) -> int:
    """The square root of the price at `tick`, which must be in the range of ticks. Remembered, for
    swaps meet the same ticks again and again."""
    assert MIN_TICK <= tick <= MAX_TICK
    ratio, bits = 1 << 64, abs(tick)
    for factor in SQRT_PRICE_OF_BIT:
        if not bits:
            break
        if bits & 1:
            ratio = ratio * factor >> 64
        bits >>= 1
    return U128_MAX // ratio if tick > 0 else ratio


def tick_at_sqrt_price(sqrt_price: int) -> int:
    """The greatest tick whose price is not above this one.

    Raises:
        SwapRefused: the price is outside the range of ticks.
    """
    if not MIN_SQRT_PRICE <= sqrt_price < MAX_SQRT_PRICE:
        raise SwapRefused(PRICE_OUT_OF_RANGE)
    top = sqrt_price.bit_length() - 1
    scaled = sqrt_price >> (top - 63) if top >= 64 else sqrt_price << (63 - top)
    fraction, bit = 0, 1 << 63
    for _ in range(LOG_BITS):
        scaled *= scaled
        if scaled >> 127:
            fraction += bit
            scaled >>= 64
        else:
            scaled >>= 63
        bit >>= 1
    log = (((top - 64) << 32) + (fraction >> 32)) * LOG_2_TO_TICKS
    low, high = (log - ERROR_BELOW) >> 64, (log + ERROR_ABOVE) >> 64
    return high if low == high or sqrt_price_at_tick(high) <= sqrt_price else low
