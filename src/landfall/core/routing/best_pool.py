"""The best single pool: most output for a fixed input, least input for a fixed output.

Ties go to the lower pool address, so that two workers with the same quotes choose alike.
"""

from collections.abc import Iterable

from landfall.core.quote import Leg, Quote, Route, behind_bps, max_in_amount, min_out_amount
from landfall.core.values import BasisPoints, SwapMode


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
    """One sentence on why the first of the ranked quotes wins."""
    best, *others = ranked
    if not others:
        return f"{best.venue} pool {best.pool} is the only pool that can fill this order."
    second = others[0]
    verb = "pays" if best.request.mode is SwapMode.EXACT_IN else "costs"
    more = "more" if best.request.mode is SwapMode.EXACT_IN else "less"
    return (
        f"{best.venue} pool {best.pool} {verb} {behind_bps(best, second)} bps {more} than the next "
        f"best of {len(ranked)} pools, {second.venue} pool {second.pool}."
    )
