"""Raydium CPMM: the supply curve, one stretch from the price that the reserves stand at.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable
from functools import partial

from landfall.core.quote import SwapRequest
from landfall.core.supply import PRICE_ONE, Segment, TransferFees, cut_at_full_fees, filling
from landfall.core.values import U64_MAX, ChainClock
from landfall.core.venues.raydium_cpmm.curve import creator_fee_is_on_input, quote
from landfall.core.venues.raydium_cpmm.layout import RATE_DENOMINATOR, Pool


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled; nothing if it refuses any trade.

    A pool never sells the last of its reserve: what asks for more gets all that 64 bits can pay.
    """
    zero_for_one = request.in_mint == pool.mints[0]
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    ask = partial(quote, pool, clock=clock)
    filled = filling(request, ask, most=lambda: U64_MAX - side_in.balance)
    if filled is None:
        return ()
    x, y = pool.reserves if zero_for_one else pool.reserves[::-1]
    # On the input both fees are one rate; one on the output is a share of what is left.
    rate_in, rate_out = pool.trade_rate, pool.creator_rate
    if creator_fee_is_on_input(pool, zero_for_one):
        rate_in, rate_out = rate_in + rate_out, 0
    kept = (RATE_DENOMINATOR - rate_in) * (RATE_DENOMINATOR - rate_out)
    price = PRICE_ONE * y * kept // (x * RATE_DENOMINATOR**2)
    fees = TransferFees(side_in.transfer_fee_at(clock.epoch), side_out.transfer_fee_at(clock.epoch))
    whole = Segment(filled.in_amount, filled.out_amount, fees.net(price, 0, 0))
    return cut_at_full_fees((whole,), request, ask, fees)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: whether the pool is open, and transfer fees."""
    return clock.unix_timestamp < pool.open_time, clock.epoch
