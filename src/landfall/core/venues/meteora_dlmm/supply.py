"""Meteora DLMM: the supply curve, a stretch of one price for each bin.

The fee rate moves from bin to bin with the volatility. Where a swap leads back towards the bin from
which volatility is counted, the rate falls on the way, and the net price may rise.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Hashable, Iterator
from functools import partial

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import fading
from landfall.core.quote import SwapRequest
from landfall.core.supply import (
    PRICE_ONE,
    Segment,
    Stretch,
    TransferFees,
    cost,
    exact_in,
    walked,
)
from landfall.core.values import ChainClock
from landfall.core.venues.meteora_dlmm.bins import ONE, BinSwap, price_of
from landfall.core.venues.meteora_dlmm.curve import execute, quote
from landfall.core.venues.meteora_dlmm.fees import FEE_DENOMINATOR
from landfall.core.venues.meteora_dlmm.layout import ACTIVATION_BY_SLOT, Pool


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pair offers until the request is filled, at most as far as its bins were read;
    nothing if it refuses any trade.
    """
    x_to_y = request.in_mint == pool.mints[0]
    side_in, side_out = pool.sides if x_to_y else pool.sides[::-1]
    ask = partial(quote, pool, clock=clock)
    request = exact_in(request, cost(request, ask))
    trail: list[BinSwap] = []
    try:
        swapped = execute(pool, request, clock, trail=trail)
        # A quote is refused, too, if the active bin has no price to compare with.
        price_of(pool.active_id, pool.bin_step)
        is_payable = swapped.vault_out <= side_out.balance
        filled = (swapped.in_amount, swapped.out_amount) if is_payable else None
    except SwapRefused:
        filled = None
    fees = TransferFees(side_in.transfer_fee_at(clock.epoch), side_out.transfer_fee_at(clock.epoch))
    return walked(_stretches(trail, side_out.balance), filled, request, ask, fees)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: whether the pair is active, transfer fees, and how far
    volatility has faded.
    """
    by_slot = pool.activation_type == ACTIVATION_BY_SLOT
    point = clock.slot if by_slot else clock.unix_timestamp
    fees, elapsed = pool.fees, clock.unix_timestamp - pool.volatility.updated_at
    faded = fading(elapsed, fees.filter_period, fees.decay_period)
    return point < pool.activation_point, clock.epoch, faded


def _stretches(trail: list[BinSwap], balance: int) -> Iterator[Stretch]:
    """The way as stretches, as long as the vault can pay."""
    for swapped in trail:
        balance -= swapped.paid
        if balance < 0:
            return
        price, x_to_y, fee_rate, _ = swapped.terms
        y, x = (price, ONE) if x_to_y else (ONE, price)
        kept = FEE_DENOMINATOR - fee_rate
        yield Stretch(swapped.taken, swapped.paid, PRICE_ONE * y * kept // (x * FEE_DENOMINATOR))
