"""The best single pool: most output for a fixed input, least input for a fixed output.

Ties go to the lower pool address, so that two workers with the same quotes choose alike.
"""

from collections.abc import Iterable

from landfall.core.quote import Leg, Quote, Route, max_in_amount, min_out_amount
from landfall.core.values import BPS_DENOMINATOR, BasisPoints, SwapMode


def rank(quotes: Iterable[Quote], mode: SwapMode) -> tuple[Quote, ...]:
    """The quotes, best for the trader first."""
    match mode:
        case SwapMode.EXACT_IN:
            return tuple(sorted(quotes, key=lambda q: (-q.out_amount, bytes(q.pool))))
        case SwapMode.EXACT_OUT:
            return tuple(sorted(quotes, key=lambda q: (q.in_amount, bytes(q.pool))))


def route_through(quote: Quote, slippage_bps: BasisPoints) -> Route:
    """A route of one leg, bounded on chain by the trader's slippage."""
    match quote.request.mode:
        case SwapMode.EXACT_IN:
            threshold = min_out_amount(quote.out_amount, slippage_bps)
        case SwapMode.EXACT_OUT:
            threshold = max_in_amount(quote.in_amount, slippage_bps)
    return Route(
        legs=(Leg(quote=quote, threshold=threshold),),
        in_amount=quote.in_amount,
        out_amount=quote.out_amount,
        context_slot=quote.context_slot,
    )


def why(ranked: tuple[Quote, ...]) -> str:
    """One sentence on why the first of the ranked quotes wins.

    The distance is in basis points of the runner-up's amount, rounded down.
    """
    best, *others = ranked
    if not others:
        return f"{best.venue} pool {best.pool} is the only pool that can fill this order."
    second = others[0]
    match best.request.mode:
        case SwapMode.EXACT_IN:
            ahead = (best.out_amount - second.out_amount) * BPS_DENOMINATOR // second.out_amount
            verb = "pays"
        case SwapMode.EXACT_OUT:
            ahead = (second.in_amount - best.in_amount) * BPS_DENOMINATOR // second.in_amount
            verb = "saves"
    distance = f"{ahead} bps" if ahead else "less than 1 bps"
    return (
        f"{best.venue} pool {best.pool} {verb} {distance} more than the next best of "
        f"{len(ranked)} pools, {second.venue} pool {second.pool}."
    )
