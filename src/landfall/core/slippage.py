"""Automatic slippage: as much room as the pools at hand have lately needed, and no more.

A bound too tight turns an ordinary move into a failed attempt; one too wide invites a sandwich. So
the room is what prices were seen to do: for each pool near the best, the distance from the lowest
to the highest price of the last slots, about as many as a transaction has to land in; the largest
of these twice over, plus a floor for what nobody saw between two looks. Never above what the client
allows.

Units: slippage in basis points; prices as in `supply.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from landfall.core.quote import Quote
from landfall.core.supply import PRICE_ONE
from landfall.core.values import BPS_DENOMINATOR, BasisPoints, Slot, ceil_div

AUTOMATIC_SLIPPAGE_BPS_MAX = BasisPoints(300)
"""The most it may become where the client names no other."""

FLOOR_BPS = 10
UNKNOWN_BPS = 50
WINDOW_SLOTS = 150
SAFETY = 2

_UNITS_MIN = 10_000
"""An amount of fewer units says less than a basis point about a price."""


@dataclass(frozen=True, slots=True)
class PriceAt:
    """A pool's price as of one slot, whatever the size that was asked for."""

    slot: Slot
    price: int


def price_before(quote: Quote) -> PriceAt | None:
    """The pool's price before the trade, pool fees included, to about a basis point; None if the
    amounts are too small to tell.
    """
    left = BPS_DENOMINATOR - quote.price_impact_bps
    if min(quote.in_amount, quote.out_amount) < _UNITS_MIN or left <= 0:
        return None
    price = quote.out_amount * PRICE_ONE * BPS_DENOMINATOR // (quote.in_amount * left)
    return PriceAt(quote.context_slot, price)


def automatic_slippage_bps(
    pools: Iterable[Sequence[PriceAt]], now: Slot, most: BasisPoints
) -> tuple[BasisPoints, str]:
    """The bound for a trade priced at `now`, and one sentence on how it came about.

    Args:
        pools: what was seen of each pool at hand.

    >>> automatic_slippage_bps([[PriceAt(Slot(5), 1000), PriceAt(Slot(9), 1002)]], Slot(9), 300)[0]
    50
    """
    moves = [move for seen in pools if (move := _moved_bps(seen, now)) is not None]
    if not moves:
        bps = BasisPoints(min(UNKNOWN_BPS, most))
        return bps, f"No pool was watched for long enough, so slippage is {bps} bps."
    bps = BasisPoints(min(FLOOR_BPS + SAFETY * max(moves), most))
    return bps, (
        f"Pools moved up to {max(moves)} bps within {WINDOW_SLOTS} slots, so slippage is {bps} bps."
    )


def _moved_bps(seen: Sequence[PriceAt], now: Slot) -> int | None:
    """From the lowest to the highest price of the window, rounded up; None if seen but once."""
    prices = [at.price for at in seen if at.price > 0 and now - WINDOW_SLOTS <= at.slot <= now]
    if len(prices) < 2:
        return None
    return ceil_div((max(prices) - min(prices)) * BPS_DENOMINATOR, min(prices))
