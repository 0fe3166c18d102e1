"""Choosing the route: all that could be done, compared net of costs, and the best that fits taken.

What stands for choice is the best single pool, the direct split and a plan through every mint
between. Plans are valued by their curves; the one on top is asked to the unit and must stay on top,
then must fit a transaction; else it is made one leg narrower and goes back among the others.
Whatever was passed over is told, with its distance and the reason. The same pools give the same
answer whatever order they came in.

Units: values are outputs (exact in) or inputs (exact out) of the order; charges are restated in the
same token; distances are parts per billion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from landfall.core.quote import PPB, Alternative, Quote, Refused, Route, SwapRequest
from landfall.core.routing import told
from landfall.core.routing.bounded import Hops, bounded
from landfall.core.routing.costs import FREE, Costs, charges
from landfall.core.routing.paths import LEGS_MAX, Plan, plans
from landfall.core.routing.supplies import Supplies
from landfall.core.values import BaseUnits, BasisPoints, Pubkey, SwapMode, ceil_div

Fits = Callable[[Route], str | None]
"""Why a route cannot be put into one transaction; None if it can."""

ALTERNATIVES_MAX = 8
NO_RESERVE = BasisPoints(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be routed.

    `reserve_bps` is how much of the amount a route through a mint between keeps for its first hop
    to move (exact in), or buys too much for its second to (exact out); see `bounded`.
    """

    request: SwapRequest
    slippage_bps: BasisPoints
    reserve_bps: BasisPoints = NO_RESERVE
    costs: Costs = FREE


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The route, or None where nothing fills the order or nothing that does fits; and why."""

    route: Route | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Something that fills the order. `hops` is None as long as only the curves have been asked.

    `plan` is None for a single pool's own quote. `net` is what it comes to after its costs; more is
    better, in either mode.
    """

    plan: Plan | None
    hops: Hops | None
    mints: tuple[Pubkey, ...]
    pools: tuple[tuple[Pubkey, ...], ...]
    value: int
    net: int

    @property
    def legs(self) -> int:
        return sum(map(len, self.pools))


def best_route(supplies: Supplies, singles: Sequence[Quote], wanted: Wanted, fits: Fits) -> Choice:
    """The best route over these pools.

    Args:
        supplies: pools of the pair, and of either mint with others.
        singles: what each pool of the pair alone answers to the request, best first.
        fits: asked of the best routes in turn, until one fits.
    """
    return _Search(supplies, singles, wanted, fits).run()


class _Search:
    """The candidates of one order, and what has become of them."""

    def __init__(
        self,
        supplies: Supplies,
        singles: Sequence[Quote],
        wanted: Wanted,
        fits: Fits,
    ) -> None:
        self._singles, self._wanted, self._fits = singles, wanted, fits
        self._clock = supplies.clock
        self._exact_in = wanted.request.mode is SwapMode.EXACT_IN
        ways = plans(supplies, wanted.request, wanted.reserve_bps)
        self._full = {plan.path.mints: plan for plan in ways}
        full = self._full.values()
        values = [plan.value for plan in full] + [self._value_of(quote) for quote in singles[:1]]
        worth = (max if self._exact_in else min)(values, default=0)
        request = wanted.request
        judged_by = request.out_mint if self._exact_in else request.in_mint
        self._charges = charges(wanted.costs, judged_by, worth, supplies)
        self._open = [self._worthwhile(plan) for plan in full]
        self._open += [self._single(quote) for quote in singles[:1]]
        self._too_large: list[tuple[_Candidate, str]] = []

    def run(self) -> Choice:
        """Take the best candidate that is exact and fits."""
        while self._open:
            best = min(self._open, key=_rank)
            self._open.remove(best)
            if best.hops is None:
                self._open += self._asked(best)
                continue
            request, slippage_bps = self._wanted.request, self._wanted.slippage_bps
            route = bounded(best.hops, request.mode, request.amount, slippage_bps)
            too_large = self._fits(route)
            if too_large is None:
                return self._chosen(best, route)
            self._too_large.append((best, too_large))
            self._open += self._smaller(best)
        return Choice(route=None, reason=self._why_none())

    def _asked(self, candidate: _Candidate) -> list[_Candidate]:
        """The candidate to the unit, or the path's best without the pool that let it down."""
        assert candidate.plan is not None
        hops = candidate.plan.quoted(self._clock)
        if not isinstance(hops, Refused):
            value = sum(map(self._value_of, hops[-1 if self._exact_in else 0]))
            return [self._candidate(candidate.plan, hops, candidate.mints, _pools(hops), value)]
        path = candidate.plan.path.without(hops.pool)
        plan = path.plan([LEGS_MAX] * len(path.hops))
        if plan is None:
            del self._full[candidate.mints]
            return []
        self._full[candidate.mints] = plan
        return [self._worthwhile(plan)]

    def _smaller(self, candidate: _Candidate) -> list[_Candidate]:
        if candidate.plan is not None:
            plan = candidate.plan.narrower()
            return [] if plan is None else [self._planned(plan)]
        at = [quote.pool for quote in self._singles].index(candidate.pools[0][0])
        return [self._single(quote) for quote in self._singles[at + 1 : at + 2]]

    def _worthwhile(self, plan: Plan) -> _Candidate:
        """The plan, without the legs that do not earn what they cost."""
        best = self._planned(plan)
        thin = plan.worth_its_legs(self._charges.leg)
        if thin is not plan and (thinner := self._planned(thin)).net >= best.net:
            best = thinner
        return best

    def _planned(self, plan: Plan) -> _Candidate:
        return self._candidate(plan, None, plan.path.mints, plan.pools, plan.value)

    def _single(self, quote: Quote) -> _Candidate:
        mints = (quote.request.in_mint, quote.request.out_mint)
        return self._candidate(None, ((quote,),), mints, ((quote.pool,),), self._value_of(quote))

    def _candidate(
        self,
        plan: Plan | None,
        hops: Hops | None,
        mints: tuple[Pubkey, ...],
        pools: tuple[tuple[Pubkey, ...], ...],
        value: int,
    ) -> _Candidate:
        cost = self._charges.of(sum(map(len, pools)), mints[1:-1])
        net = (value if self._exact_in else -value) - cost
        return _Candidate(plan, hops, mints, pools, value, net)

    def _value_of(self, quote: Quote) -> int:
        return quote.out_amount if self._exact_in else quote.in_amount

    def _chosen(self, best: _Candidate, route: Route) -> Choice:
        amount = route.in_amount if self._exact_in else self._wanted.request.amount
        bounds = [
            plan.bound([LEGS_MAX] * len(plan.choices), amount) for plan in self._full.values()
        ]
        bounds += [self._value_of(quote) for quote in self._singles[:1]]
        route = replace(
            route,
            upper_bound_out=BaseUnits(max(bounds)) if self._exact_in else None,
            lower_bound_in=None if self._exact_in else BaseUnits(min(bounds)),
            best_single=self._singles[0] if self._singles else None,
            alternatives=self._alternatives(best),
        )
        return Choice(route=route, reason=told.why(route, self._singles))

    def _alternatives(self, best: _Candidate) -> tuple[Alternative, ...]:
        passed = [(candidate, None) for candidate in self._open if candidate.pools != best.pools]
        # Of each way's ever narrower routes that did not fit, the best says what was given up.
        too_large: dict[tuple[bool, tuple[Pubkey, ...]], tuple[_Candidate, str | None]] = {}
        for candidate, why in self._too_large:
            too_large.setdefault((candidate.plan is None, candidate.mints), (candidate, why))
        others = sorted((*too_large.values(), *passed), key=lambda each: _rank(each[0]))
        return tuple(
            self._alternative(best, candidate, too_large)
            for candidate, too_large in others[:ALTERNATIVES_MAX]
        )

    def _alternative(
        self, best: _Candidate, other: _Candidate, too_large: str | None
    ) -> Alternative:
        behind = ceil_div((best.net - other.net) * PPB, abs(best.net) or 1)
        fixed = self._wanted.request.amount
        taken, paid = (fixed, other.value) if self._exact_in else (other.value, fixed)
        return Alternative(
            pools=other.pools,
            mints=other.mints,
            in_amount=BaseUnits(taken),
            out_amount=BaseUnits(paid),
            behind_ppb=behind,
            reason=told.why_not(behind, too_large),
        )

    def _why_none(self) -> str:
        if not self._too_large:
            return ""
        _, too_large = self._too_large[-1]
        return f"No route fits a transaction; of the smallest one found, {too_large}."


def _rank(candidate: _Candidate) -> tuple[int, int, bool, list[bytes]]:
    # Between equals: fewer legs, then what is exact already, then the lower addresses.
    pools = [bytes(pool) for hop in candidate.pools for pool in hop]
    return -candidate.net, candidate.legs, candidate.hops is None, pools


def _pools(hops: Hops) -> tuple[tuple[Pubkey, ...], ...]:
    return tuple(tuple(quote.pool for quote in hop) for hop in hops)
