"""Meteora DAMM v1: the supply curve, one stretch, or a ladder of them for a stable pool.

A stable curve is no constant product anywhere, so it is cut in halves towards its first unit, and
each stretch begins at the price that the curve has there.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Callable, Hashable
from functools import partial

from landfall.core.anchor import SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.supply import PRICE_ONE, End, Segment, exact_in, filling, segments
from landfall.core.values import ChainClock, SwapMode
from landfall.core.venues.meteora_damm_v1.curve import execute, price_ratio, quote
from landfall.core.venues.meteora_damm_v1.layout import ACTIVATION_BY_SLOT, Pool
from landfall.core.venues.meteora_damm_v1.shares import VaultStake

HALVES = 3
SEARCH_STEPS = 10


def supply(pool: Pool, request: SwapRequest, clock: ChainClock) -> tuple[Segment, ...]:
    """What the pool offers until the request is filled; nothing if it refuses any trade, and
    nothing for an exact output, which the program does not have.

    What asks for more than the vault has at hand gets that, to a thousandth.
    """
    if request.mode is SwapMode.EXACT_OUT:
        return ()
    ask = partial(quote, pool, clock=clock)
    filled = filling(request, ask, most=lambda: _most(request, ask))
    if filled is None:
        return ()
    fee, of = pool.trade_fee if pool.trade_fee[0] else (0, 1)
    ends: list[End] = []
    reserves = None
    for halves in range(0 if pool.curve is None else HALVES, -1, -1):
        try:
            swapped = execute(pool, exact_in(request, filled.in_amount >> halves), clock)
        except SwapRefused:
            continue
        x, y = price_ratio(pool, swapped, reserves or swapped.reserves)
        price = PRICE_ONE * y * (of - fee) // (x * of)
        ends.append(End(swapped.in_amount, swapped.out_amount, price))
        x, y = swapped.reserves
        reserves = x + swapped.net_in, y - swapped.gross_out
    return segments(ends)


def phase(pool: Pool, clock: ChainClock) -> Hashable:
    """What a swap depends on of the clock: whether the pool is active, what profit its vaults have
    unlocked, and which price a stake has.
    """
    now = clock.unix_timestamp
    point = clock.slot if pool.activation_type == ACTIVATION_BY_SLOT else now
    priced_anew = pool.curve and pool.curve.must_be_priced_anew(now)
    unlocked = tuple(_unlocked(stake, now) for stake in pool.stakes)
    return point < pool.activation_point, unlocked, priced_anew


def _unlocked(stake: VaultStake, now: int) -> int | None:
    try:
        return stake.unlocked(now)
    except SwapRefused:
        return None


def _most(request: SwapRequest, ask: Callable[[SwapRequest], Quote | Refused]) -> int:
    """The largest input that is not refused, where `request` is; searched for by halves."""
    taken, refused = 0, int(request.amount)
    while refused > 1 and not taken:
        if isinstance(ask(exact_in(request, refused >> 1)), Quote):
            taken = refused >> 1
        else:
            refused >>= 1
    for _ in range(SEARCH_STEPS):
        between = (taken + refused) >> 1
        if isinstance(ask(exact_in(request, between)), Quote):
            taken = between
        else:
            refused = between
    return taken
