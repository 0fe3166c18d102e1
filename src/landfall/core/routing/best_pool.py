"""The best single pool: most output for a fixed input, least input for a fixed output.

Ties go to the lower pool address, so that two workers with the same quotes choose alike.
"""

from collections.abc import Iterable

from landfall.core.quote import Quote, behind_bps
from landfall.core.values import SwapMode


def rank(quotes: Iterable[Quote], mode: SwapMode) -> tuple[Quote, ...]:
    """The quotes, best for the trader first."""
    match mode:
        case SwapMode.EXACT_IN:
            return tuple(sorted(quotes, key=lambda q: (-q.out_amount, bytes(q.pool))))
        case SwapMode.EXACT_OUT:
            return tuple(sorted(quotes, key=lambda q: (q.in_amount, bytes(q.pool))))


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
