"""Quotes become a route: each leg with the bound that its instruction enforces on chain.

What legs spend of the input mint sums to the most the order may take, what they are paid of the
output mint to the least it must pay. A leg that fixes its side of one has no bound there; the
others share what is left, in proportion to what each moves.

So a direct split alone has the order's bound on its one free side. Through a mint between the
amount in the middle is fixed, and each hop has its own room to move: exact in, the first has what
the route leaves of the order's amount; exact out, the second has what the route pays above the
order's amount. Either is a reserve that the caller asks for. The other hop's bound is the order's
slippage on the price of the whole, so that even at both bounds the price is no worse than the
order's slippage allows.

Rounding: shares of a bound are whole units and sum to it; bounds round in the trader's favour.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from landfall.core.quote import Leg, Quote, Route, max_in_amount, min_out_amount
from landfall.core.values import BaseUnits, BasisPoints, Pubkey, SwapMode, ceil_div

Hops = Sequence[Sequence[Quote]]
"""Each hop's quotes; one hop in the order's mode, or one exact out and one exact in."""


def bounded(
    ways: Sequence[Hops], mode: SwapMode, amount: BaseUnits, slippage_bps: BasisPoints
) -> Route:
    """The route that these quotes make for an order of this amount.

    Args:
        ways: from the order's input mint to its output mint, each over other pools.
    """
    spending = [quote for hops in ways for quote in hops[0]]
    paying = [quote for hops in ways for quote in hops[-1]]
    taken = sum(quote.in_amount for quote in spending)
    paid = sum(quote.out_amount for quote in paying)
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
    thresholds = _at_most(spending, most) | _at_least(paying, least)
    quotes = [quote for hops in ways for quote in chain(*hops)]
    return Route(
        legs=tuple(Leg(quote=each, threshold=thresholds[each.pool]) for each in quotes),
        in_amount=BaseUnits(taken),
        out_amount=BaseUnits(paid),
        context_slot=min(quote.context_slot for quote in quotes),
    )


def _at_least(paying: Sequence[Quote], least: int) -> dict[Pubkey, BaseUnits]:
    """What quotes that fix their input must pay, by pool, so that all pay `least`.

    Shares are in proportion to their outputs, none above its output.
    """
    bounds = [quote for quote in paying if quote.request.mode is SwapMode.EXACT_IN]
    outs = {quote.pool: quote.out_amount for quote in bounds}
    left = least - sum(quote.out_amount for quote in paying) + sum(outs.values())
    return _shares(outs, left, ceil_div)


def _at_most(spending: Sequence[Quote], most: int) -> dict[Pubkey, BaseUnits]:
    """What quotes that fix their output may take, by pool, so that all take `most`.

    Shares are in proportion to their inputs, none below its input.
    """
    bounds = [quote for quote in spending if quote.request.mode is SwapMode.EXACT_OUT]
    ins = {quote.pool: quote.in_amount for quote in bounds}
    left = most - sum(quote.in_amount for quote in spending) + sum(ins.values())
    return _shares(ins, left, lambda part, whole: part // whole)


def _shares(
    amounts: Mapping[Pubkey, int], total: int, divided: Callable[[int, int], int]
) -> dict[Pubkey, BaseUnits]:
    """A total in proportion to amounts, each sum of the first ones rounded as `divided` does it."""
    whole = sum(amounts.values())
    shares, before, given = {}, 0, 0
    for pool, amount in amounts.items():
        before += amount
        share = divided(before * total, whole) - given
        given += share
        shares[pool] = BaseUnits(share)
    return shares
