"""Meteora DBC: the supply curve, a stretch for each range between two points of the pool's curve.

While a rate limiter applies, the fee steps up with the amount, and the curve is cut at such steps.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable
from functools import partial
from itertools import takewhile

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import (
    FEE_DENOMINATOR,
    RateLimiter,
    before_fee,
    fading,
    limiter_cuts,
    period_reached,
)
from landfall.core.quote import SwapRequest
from landfall.core.supply import PRICE_ONE, End, Segment, exact_in, filling, segments
from landfall.core.values import U64_MAX, ChainClock
from landfall.core.venues.meteora_dbc import faults, layout
from landfall.core.venues.meteora_dbc.curve import check_migration, execute, quote
from landfall.core.venues.meteora_dbc.fees import (
    current_point,
    fee_numerator,
    is_rate_limited,
    marginal_numerator,
)
from landfall.core.venues.meteora_dbc.layout import Pool
from landfall.core.venues.meteora_dbc.walk import inputs_to_points


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled, at most until its migration; nothing if it
    refuses any trade.
    """
    ask = partial(quote, pool, clock=clock)
    filled = filling(request, ask, most=lambda: _most(pool, request, clock))
    if filled is None:
        return ()
    is_buy = request.in_mint == pool.mints[1]
    ends, sent, sqrt_price = [], 0, pool.sqrt_price
    for cut in _cuts(pool, is_buy, filled.in_amount, clock):
        swapped = execute(pool, exact_in(request, cut), clock)
        ends.append(End(cut, swapped.out_amount, _price(pool, is_buy, sqrt_price, sent, clock)))
        sent, sqrt_price = cut, swapped.sqrt_price
    price = _price(pool, is_buy, sqrt_price, sent, clock)
    return segments((*ends, End(filled.in_amount, filled.out_amount, price)))


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: where the pool's fees stand."""
    fee, now = pool.dynamic_fee, clock.unix_timestamp
    faded = fee and fading(now - fee.updated_at, fee.filter_period, fee.decay_period)
    return faded, period_reached(pool.base_fee, current_point(pool, clock) - pool.activation_point)


def _price(pool: Pool, is_buy: bool, sqrt_price: int, sent: int, clock: ChainClock) -> int:
    """The price here for the unit after `sent`, fees included."""
    square, one = sqrt_price * sqrt_price, 1 << 128
    y, x = (one, square) if is_buy else (square, one)
    kept = FEE_DENOMINATOR - marginal_numerator(pool, is_buy, sent, clock)
    return PRICE_ONE * y * kept // (x * FEE_DENOMINATOR)


def _cuts(pool: Pool, is_buy: bool, most: int, clock: ChainClock) -> list[int]:
    """The inputs below `most` at which the curve or the fee changes, in order."""
    points = takewhile(lambda net: net < most, inputs_to_points(pool, is_buy=is_buy))
    cuts = {cut for net in points if 0 < (cut := _with_fee(pool, is_buy, net, clock)) < most}
    if isinstance(pool.base_fee, RateLimiter) and is_rate_limited(pool, is_buy, clock):
        cuts.update(limiter_cuts(pool.base_fee, most))
    return sorted(cuts)


def _with_fee(pool: Pool, is_buy: bool, net: int, clock: ChainClock) -> int:
    """The input of which the curve gets `net`."""
    if pool.collect_fee_mode != layout.COLLECT_ONLY_QUOTE or not is_buy:
        return net
    rate = fee_numerator(pool, is_buy, net, clock, is_net=True)
    return before_fee(net, rate, faults.FEE_FAULTS)


def _most(pool: Pool, request: SwapRequest, clock: ChainClock) -> int:
    """The largest input: what completes the pool or leads back to the start of its curve, and what
    stops a unit short of completing it where too little would be left to migrate.
    """
    try:
        last = execute(pool, exact_in(request, U64_MAX), clock, is_partial_fill=True)
        try:
            check_migration(pool, last)
        except SwapRefused:
            short = pool.migration_quote - pool.reserves[1] - 1
            return _with_fee(pool, last.is_buy, short, clock)
    except SwapRefused:
        return 0
    return last.in_amount
