"""Raydium AMM v4: the supply curve, one stretch from the price that the reserves stand at.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable
from functools import partial

from landfall.core.quote import SwapRequest
from landfall.core.supply import PRICE_ONE, Segment, filling
from landfall.core.values import U64_MAX, ChainClock
from landfall.core.venues.raydium_amm.curve import quote
from landfall.core.venues.raydium_amm.layout import Pool


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled; nothing if it refuses any trade.

    What asks for more than the pool holds gets all that 64 bits can pay for.
    """
    coin_to_pc = request.in_mint == pool.mints[0]
    side_in = pool.sides[0 if coin_to_pc else 1]
    ask = partial(quote, pool, clock=clock)
    filled = filling(request, ask, most=lambda: U64_MAX - side_in.balance)
    if filled is None:
        return ()
    x, y = pool.reserves if coin_to_pc else pool.reserves[::-1]
    kept = pool.fee_denominator - pool.fee_numerator
    price = PRICE_ONE * y * kept // (x * pool.fee_denominator)
    return (Segment(filled.in_amount, filled.out_amount, price),)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: whether the pool is open."""
    return clock.unix_timestamp < pool.open_time
