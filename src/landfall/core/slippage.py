"""Automatic slippage: as much room as the pair's price has lately needed, and no more.

A bound too tight turns an ordinary move into a failed attempt; one too wide invites a sandwich. So
the room is what the price was seen to move: the distance from its lowest to its highest over the
last slots, about as many as a transaction takes to land, twice over, plus a floor for what is not
seen between two looks. Never above what the client allows.

Units: slippage in basis points; prices as in `supply.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from landfall.core.values import BPS_DENOMINATOR, BasisPoints, Slot, ceil_div

AUTOMATIC_SLIPPAGE_BPS_MAX = BasisPoints(300)
"""The most it may become where the client names no other."""

FLOOR_BPS = 10
UNKNOWN_BPS = 50
WINDOW_SLOTS = 150
SAFETY = 2


@dataclass(frozen=True, slots=True)
class PriceAt:
    """The best marginal price any pool of the pair offered, as of one slot."""

    slot: Slot
    price: int


def automatic_slippage_bps(
    seen: Iterable[PriceAt], now: Slot, most: BasisPoints
) -> tuple[BasisPoints, str]:
    """The bound for a trade priced at `now`, and one sentence on how it came about.

    >>> automatic_slippage_bps([PriceAt(Slot(5), 1000), PriceAt(Slot(9), 1002)], Slot(9), 300)[0]
    50
    """
    prices = [at.price for at in seen if at.price > 0 and now - WINDOW_SLOTS <= at.slot <= now]
    if len(prices) < 2:
        bps = BasisPoints(min(UNKNOWN_BPS, most))
        return bps, f"The pair was not watched for long enough, so slippage is {bps} bps."
    moved = ceil_div((max(prices) - min(prices)) * BPS_DENOMINATOR, min(prices))
    wanted = FLOOR_BPS + SAFETY * moved
    bps = BasisPoints(min(wanted, most))
    return bps, (
        f"The price moved {moved} bps over the last {WINDOW_SLOTS} slots, so slippage is {bps} bps."
    )
