"""Meteora DAMM v2: the supply curve, one stretch of one liquidity.

While a rate limiter applies, the fee steps up with the amount, and the curve is cut at such steps.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import (
    FEE_DENOMINATOR,
    RateLimiter,
    fading,
    limiter_cuts,
)
from landfall.core.quote import SwapRequest
from landfall.core.supply import (
    PRICE_ONE,
    End,
    Segment,
    TransferFees,
    cut_at_full_fees,
    exact_in,
    filling,
    segments,
)
from landfall.core.values import U64_MAX, ChainClock
from landfall.core.venues.meteora_damm_v2 import layout
from landfall.core.venues.meteora_damm_v2.curve import Swapped, execute, quote
from landfall.core.venues.meteora_damm_v2.fees import (
    current_point,
    is_rate_limited,
    marginal_numerator,
    reached,
)
from landfall.core.venues.meteora_damm_v2.layout import Pool
from landfall.core.venues.meteora_damm_v2.liquidity import amounts_before, price_ratio


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled, at most up to the edge of its price range;
    nothing if it refuses any trade.
    """
    ask = partial(quote, pool, clock=clock)
    filled = filling(request, ask, most=lambda: _most(pool, request, clock))
    if filled is None:
        return ()
    a_to_b = request.in_mint == pool.mints[0]
    side_in, side_out = pool.sides if a_to_b else pool.sides[::-1]
    fees = TransferFees(side_in.transfer_fee_at(clock.epoch), side_out.transfer_fee_at(clock.epoch))
    ends, sent, paid = [], 0, 0
    price = _price(pool, a_to_b, price_ratio(pool), sent, clock)
    if isinstance(pool.base_fee, RateLimiter) and is_rate_limited(pool, a_to_b, clock):
        for cut in limiter_cuts(pool.base_fee, filled.in_amount):
            swapped = execute(pool, exact_in(request, cut), clock)
            ends.append(End(cut, swapped.out_amount, fees.net(price, sent, paid)))
            sent, paid = cut, swapped.vault_out
            price = _price(pool, a_to_b, _ratio_after(pool, swapped), sent, clock)
    ends.append(End(filled.in_amount, filled.out_amount, fees.net(price, sent, paid)))
    return cut_at_full_fees(segments(ends), request, ask, fees)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: transfer fees, and where the pool's own fees stand."""
    fee, now = pool.dynamic_fee, clock.unix_timestamp
    faded = fee and fading(now - fee.updated_at, fee.filter_period, fee.decay_period)
    elapsed = current_point(pool, clock) - pool.activation_point
    return clock.epoch, faded, reached(pool.base_fee, elapsed)


def _price(pool: Pool, a_to_b: bool, ratio: tuple[int, int], sent: int, clock: ChainClock) -> int:
    """The price at this ratio of token A to token B for the unit after `sent`, fees included."""
    x, y = ratio if a_to_b else ratio[::-1]
    kept = FEE_DENOMINATOR - marginal_numerator(pool, a_to_b, sent, clock)
    # A compounding pool may be out of a token and still take it.
    return PRICE_ONE * y * kept // (max(x, 1) * FEE_DENOMINATOR)


def _ratio_after(pool: Pool, swapped: Swapped) -> tuple[int, int]:
    if pool.collect_fee_mode != layout.COLLECT_COMPOUNDING:
        return price_ratio(replace(pool, sqrt_price=swapped.sqrt_price))
    a, b = pool.amounts
    if swapped.a_to_b:
        return a + swapped.net_in, b - swapped.gross_out
    return a - swapped.gross_out, b + swapped.net_in


def _most(pool: Pool, request: SwapRequest, clock: ChainClock) -> int:
    """The largest input: what the counted reserve can take, or what leads to the edge.

    One less than what the program's partial fill takes, for that is rounded up and steps over.
    """
    a_to_b = request.in_mint == pool.mints[0]
    try:
        room = U64_MAX - amounts_before(pool)[0 if a_to_b else 1]
        edge = execute(pool, exact_in(request, room), clock, is_partial_fill=True)
    except SwapRefused:
        return 0
    return room if edge.in_amount == room else edge.in_amount - 1
