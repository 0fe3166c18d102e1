"""Quotes become a route: each leg with the bound that its instruction enforces on chain.

One hop: the legs' bounds sum to the order's, in proportion to what each leg moves.

Two hops: the first hop's maximum inputs sum to the most the order may take, the second's minimum
outputs to the least it must pay. The amount between is fixed, so each hop has its own room to move:
exact in, the first has what the route leaves of the order's amount; exact out, the second has what
the route pays above the order's amount. Either is a reserve that the caller asks for. The other
hop's bound is the order's slippage on the price of the whole, so that even at both bounds the price
is no worse than the order's slippage allows.

Rounding: shares of a bound are whole units and sum to it; bounds round in the trader's favour.
"""

from collections.abc import Sequence

from landfall.core.quote import Leg, Quote, Route, max_in_amount, min_out_amount
from landfall.core.values import BaseUnits, BasisPoints, SwapMode, ceil_div

Hops = Sequence[Sequence[Quote]]
"""Each hop's quotes; one hop in the order's mode, or one exact out and one exact in."""


def bounded(hops: Hops, mode: SwapMode, amount: BaseUnits, slippage_bps: BasisPoints) -> Route:
    """The route that these quotes make for an order of this amount."""
    taken = sum(quote.in_amount for quote in hops[0])
    paid = sum(quote.out_amount for quote in hops[-1])
    match mode:
        case SwapMode.EXACT_IN:
            # What all of the amount would fetch at the route's price.
            fair = BaseUnits(ceil_div(paid * amount, taken))
            least = min(paid, int(min_out_amount(fair, slippage_bps)))
            most = int(amount)
        case SwapMode.EXACT_OUT:
            fair = BaseUnits(max(1, taken * amount // paid))
            least = int(amount)
            most = max(taken, int(max_in_amount(fair, slippage_bps)))
    legs: list[Leg] = []
    for quotes in hops:
        if quotes[0].request.mode is SwapMode.EXACT_IN:
            legs += _at_least(quotes, least)
        else:
            legs += _at_most(quotes, most)
    return Route(
        legs=tuple(legs),
        in_amount=BaseUnits(taken),
        out_amount=BaseUnits(paid),
        context_slot=min(leg.quote.context_slot for leg in legs),
    )


def _at_least(quotes: Sequence[Quote], least: int) -> list[Leg]:
    """The quotes with shares of `least` in proportion to their outputs, none above its output."""
    whole, before, given = sum(quote.out_amount for quote in quotes), 0, 0
    legs = []
    for quote in quotes:
        before += quote.out_amount
        share = ceil_div(before * least, whole) - given
        given += share
        legs.append(Leg(quote=quote, threshold=BaseUnits(share)))
    return legs


def _at_most(quotes: Sequence[Quote], most: int) -> list[Leg]:
    """The quotes with shares of `most` in proportion to their inputs, none below its input."""
    whole, before, given = sum(quote.in_amount for quote in quotes), 0, 0
    legs = []
    for quote in quotes:
        before += quote.in_amount
        share = before * most // whole - given
        given += share
        legs.append(Leg(quote=quote, threshold=BaseUnits(share)))
    return legs
