"""Is the quote what the chain would do? The last question before a route is signed.

The route's pools are read and quoted again, the transaction is simulated, and the two amounts are
compared. Where they differ, either the pools moved between the two looks, or the quote is wrong; a
third look tells which. A quote is contradicted when it is of the very slot that was simulated, or
when the pools say the same before and after the simulation, for then nothing moved in between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from landfall.core.ledger.swaps import Traded
from landfall.core.quote import Quote, Refused, Route
from landfall.core.values import ChainClock, Pubkey, Slot


@dataclass(frozen=True, slots=True)
class RouteAt:
    """What a route takes and pays as of one slot."""

    slot: Slot
    in_amount: int
    out_amount: int

    def amounts(self) -> tuple[int, int]:
        """In and out."""
        return self.in_amount, self.out_amount


class Verdict(Enum):
    """What a simulation says of a quote."""

    AGREES = "agrees"
    MOVED = "moved"
    """Other amounts, but the pools may have moved in between."""
    CONTRADICTED = "contradicted"
    """Other amounts on the same state: the quote is wrong."""


def quoted_again(
    route: Route, pools: Mapping[Pubkey, Traded], slot: Slot, clock: ChainClock
) -> RouteAt | Refused:
    """The route's legs asked of its pools as they are now, each leg as it stands in the route."""
    answers: dict[Pubkey, Quote] = {}
    for leg in route.legs:
        traded = pools[leg.quote.pool]
        answer = traded.venue.quote(traded.pool, leg.quote.request, clock)
        if isinstance(answer, Refused):
            return answer
        answers[leg.quote.pool] = answer
    return RouteAt(
        slot=slot,
        in_amount=sum(answers[leg.quote.pool].in_amount for leg in route.hops[0]),
        out_amount=sum(answers[leg.quote.pool].out_amount for leg in route.hops[-1]),
    )


def judge(simulated: RouteAt, before: RouteAt, after: RouteAt) -> Verdict:
    """What the simulation says of the quotes made before and after it."""
    if simulated.amounts() in (before.amounts(), after.amounts()):
        return Verdict.AGREES
    if simulated.slot in (before.slot, after.slot):
        return Verdict.CONTRADICTED
    stood_still = before.amounts() == after.amounts()
    if stood_still and before.slot <= simulated.slot <= after.slot:
        return Verdict.CONTRADICTED
    return Verdict.MOVED
