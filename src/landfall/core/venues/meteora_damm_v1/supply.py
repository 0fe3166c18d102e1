"""Meteora DAMM v1: the supply curve, one stretch, or a ladder of them for a stable pool.

A stable curve is no constant product anywhere, so it is cut in halves towards its first unit, and
each stretch begins at the price that the curve has there.

Units: as in `curve`; prices as in `core.supply`.
"""

from collections.abc import Callable
from functools import partial

from landfall.core.anchor import SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.supply import PRICE_ONE, End, Segment, exact_in, filling, segments
from landfall.core.values import ChainClock, SwapMode
from landfall.core.venues.meteora_damm_v1.curve import execute, price_ratio, quote
from landfall.core.venues.meteora_damm_v1.layout import Pool

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
