"""Why this route and not another, in one sentence for people.

Distances are parts per billion, told in basis points to three places.
"""

from collections.abc import Sequence

from landfall.core.quote import PPB, Leg, Quote, Route
from landfall.core.routing.best_pool import why as why_the_pool
from landfall.core.values import ceil_div

_PPB_PER_MILLI_BPS = 100


def why(route: Route, singles: Sequence[Quote]) -> str:
    """What the route gains over the best single pool, and what could be left to gain."""
    return f"{_choice(route, singles)} {_left_to_gain(route)}"


def why_not(behind_ppb: int, too_large: str | None, *, ways: int, is_bound: bool) -> str:
    """Why an alternative was not taken.

    Args:
        ways: how many it takes at once.
        is_bound: it was not looked at closer, for it can be no better than this.
    """
    at_once = f" It goes {ways} ways at once." if ways > 1 else ""
    if is_bound:
        return f"It would be at least {bps(behind_ppb)} bps worse, net of costs."
    if too_large is None:
        return f"It is {bps(behind_ppb)} bps worse, net of costs.{at_once}"
    if behind_ppb < 0:
        return f"It would be {bps(-behind_ppb)} bps better, net of costs, but {too_large}.{at_once}"
    return f"It is no better, and {too_large}.{at_once}"


def bps(ppb: int) -> str:
    """Basis points, to a thousandth, rounded up.

    >>> bps(1_234_500), bps(100)
    ('12.345', '0.001')
    """
    milli = ceil_div(ppb, _PPB_PER_MILLI_BPS)
    return f"{milli // 1000}.{milli % 1000:03}".rstrip("0").rstrip(".")


def _choice(route: Route, singles: Sequence[Quote]) -> str:
    if len(route.legs) == 1 and singles:
        if route.legs[0].quote == singles[0]:
            return why_the_pool(tuple(singles))
        pool = route.legs[0].quote.pool
        return f"Pool {pool} is the best of those whose transaction is small enough."
    way = " and ".join(_way(hops) for hops in route.ways)
    way = f"A split {way}" if len(route.hops) == 1 else f"The way {way}"
    if route.best_single is None:
        return f"{way.rstrip(',')}: no pool of the pair itself fills this order."
    single = route.best_single
    name = f"the best single pool, {single.venue} pool {single.pool}"
    if route.upper_bound_out is not None:
        gain = (route.out_amount - single.out_amount) * PPB // single.out_amount
        return f"{way} pays {bps(gain)} bps more than {name}."
    gain = (single.in_amount - route.in_amount) * PPB // single.in_amount
    return f"{way} costs {bps(gain)} bps less than {name}."


def _way(hops: Sequence[Sequence[Leg]]) -> str:
    sizes = [f"{len(hop)} pool{'s' * (len(hop) > 1)}" for hop in hops]
    if len(hops) == 1:
        return f"over {sizes[0]}"
    return f"through {hops[0][0].quote.request.out_mint}, over {' and then '.join(sizes)},"


def _left_to_gain(route: Route) -> str:
    gap = bps(route.gap_ppb or 0)
    return f"No other way through these pools is more than {gap} bps better."
