"""Raydium CLMM: the supply curve, a stretch for each range of ticks and each tick's orders.

A dynamic fee rises on the way until it is full, so a range is then cut at its price groups.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable, Iterator
from functools import partial

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import fading
from landfall.core.quote import SwapRequest
from landfall.core.supply import PRICE_ONE, Segment, Stretch, TransferFees, cost, walked
from landfall.core.values import ChainClock
from landfall.core.venues.raydium_clmm.curve import NO_LIMIT, Terms, execute, quote
from landfall.core.venues.raydium_clmm.layout import Pool
from landfall.core.venues.raydium_clmm.price_step import RATE_DENOMINATOR, Traded


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled, at most as far as its ticks were read;
    nothing if it refuses any trade.
    """
    zero_for_one = request.in_mint == pool.mints[0]
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    ask = partial(quote, pool, clock=clock)
    terms = Terms(
        zero_for_one=zero_for_one,
        exact_in=True,
        amount=cost(request, ask),
        price_limit=NO_LIMIT,
        arrays=pool.below if zero_for_one else pool.above,
    )
    trail: list[Traded] = []
    try:
        swapped = execute(pool, terms, clock, trail)
        filled = swapped.in_amount, swapped.out_amount
    except SwapRefused:
        filled = None
    fees = TransferFees(side_in.transfer_fee_at(clock.epoch), side_out.transfer_fee_at(clock.epoch))
    return walked(_stretches(trail, zero_for_one, side_out.balance), filled, request, ask, fees)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: whether the pool is open, transfer fees, and how far the
    dynamic fee has faded.
    """
    fee, now = pool.dynamic_fee, clock.unix_timestamp
    faded = fee and fading(now - fee.updated_at, fee.filter_period, fee.decay_period)
    return now <= pool.open_time, clock.epoch, faded


def _stretches(trail: list[Traded], zero_for_one: bool, balance: int) -> Iterator[Stretch]:
    """The way as stretches, as long as the vault can pay."""
    for sqrt_price, rate, taken, paid in trail:
        balance -= paid
        if balance < 0:
            return
        square, one = sqrt_price * sqrt_price, 1 << 128
        y, x = (square, one) if zero_for_one else (one, square)
        price = PRICE_ONE * y * (RATE_DENOMINATOR - rate) // (x * RATE_DENOMINATOR)
        yield Stretch(taken, paid, price)
