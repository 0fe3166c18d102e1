"""Choosing the route: all that could be done, compared net of costs, and the best that fits taken.

What stands for choice is the best single pool, the direct split, a way through every mint between,
and the best mix of all of these. What is on top is looked at more closely, and must stay on top: a
way of which only a bound is known is planned, a plan valued by its curves is asked to the unit, and
what is exact must fit a transaction; else it is made one leg narrower and goes back among the
others. Whatever was passed over is told, with its distance and the reason. The same pools give the
same answer whatever order they came in.

Units: values are outputs (exact in) or inputs (exact out) of the order; charges are restated in the
same token; distances are parts per billion.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from landfall.core.quote import PPB, Alternative, Quote, Refused, Route, SwapRequest
from landfall.core.routing import told
from landfall.core.routing.bounded import Hops, bounded
from landfall.core.routing.costs import FREE, Costs, charges
from landfall.core.routing.mixed import Mix
from landfall.core.routing.outlook import outlook
from landfall.core.routing.paths import LEGS_MAX, NO_RESERVE, Path, Plan
from landfall.core.routing.supplies import Supplies
from landfall.core.values import BaseUnits, BasisPoints, Pubkey, SwapMode, ceil_div

Fits = Callable[[Route], str | None]
"""Why a route cannot be put into one transaction; None if it can."""

ALTERNATIVES_MAX = 8


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
    """Something that fills the order, or of which only a bound is known: then there is no `plan`,
    but a `path`. `ways` is None as long as only the curves have been asked; a single pool's own
    quote has neither plan nor path.

    `net` is what it comes to after its costs; more is better, in either mode.
    """

    path: Path | None
    plan: Plan | Mix | None
    ways: Sequence[Hops] | None
    mints: tuple[Pubkey, ...]
    pools: tuple[tuple[Pubkey, ...], ...]
    value: int
    net: int

    @property
    def legs(self) -> int:
        return sum(map(len, self.pools))

    @property
    def kind(self) -> tuple[bool, int, tuple[Pubkey, ...]]:
        """What it stands for, however many legs it has."""
        is_mix = isinstance(self.plan, Mix)
        return self.plan is None, is_mix, () if is_mix else self.mints


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
        self._outlook = seen = outlook(supplies, wanted.request, wanted.reserve_bps)
        self._plans = [plan for plan in (seen.plan, seen.mix()) if plan is not None]
        bounds = [(one.path, one.bound(seen.level or one.spot)) for one in seen.detours]
        values = [plan.value for plan in self._plans] + [bound for _, bound in bounds]
        values += [self._value_of(quote) for quote in singles[:1]]
        worth = (max if self._exact_in else min)(values, default=0)
        request = wanted.request
        judged_by = request.out_mint if self._exact_in else request.in_mint
        self._charges = charges(wanted.costs, judged_by, worth, supplies)
        self._open = [self._worthwhile(plan) for plan in self._plans]
        self._open += [self._bound(path, bound) for path, bound in bounds]
        self._open += [self._single(quote) for quote in singles[:1]]
        self._too_large: list[tuple[_Candidate, str]] = []

    def run(self) -> Choice:
        """Take the best candidate that is exact and fits."""
        while self._open:
            best = min(self._open, key=_rank)
            self._open.remove(best)
            if best.path is not None:
                self._open += self._planned(best.path)
                continue
            ways = best.ways
            if ways is None and best.plan is not None and self._too_large:
                # Where one was too large, the next are weighed before their pools are asked.
                ways = best.plan.drawn()
            if ways is not None and (too_large := self._fits(self._bounded(ways))) is not None:
                self._too_large.append((best, too_large))
                self._open += self._smaller(best)
            elif best.ways is None:
                self._open += self._asked(best)
            else:
                return self._chosen(best, self._bounded(best.ways))
        return Choice(route=None, reason=self._why_none())

    def _bounded(self, ways: Sequence[Hops]) -> Route:
        request = self._wanted.request
        return bounded(ways, request.mode, request.amount, self._wanted.slippage_bps)

    def _planned(self, path: Path) -> list[_Candidate]:
        """The path at its best split, if it can do it."""
        plan = path.plan([LEGS_MAX] * len(path.hops))
        if plan is None:
            return []
        self._plans.append(plan)
        return [self._worthwhile(plan)]

    def _asked(self, candidate: _Candidate) -> list[_Candidate]:
        """The candidate to the unit, or the best without the pool that let it down."""
        assert candidate.plan is not None
        ways = candidate.plan.quoted(self._clock)
        if isinstance(ways, Refused):
            plan = candidate.plan.without(ways.pool)
            return [] if plan is None else [self._worthwhile(plan)]
        ends = (hops[-1 if self._exact_in else 0] for hops in ways)
        value = sum(self._value_of(quote) for end in ends for quote in end)
        pools = tuple(tuple(quote.pool for quote in hop) for hops in ways for hop in hops)
        return [self._candidate(candidate.mints, pools, value, plan=candidate.plan, ways=ways)]

    def _smaller(self, candidate: _Candidate) -> list[_Candidate]:
        if candidate.plan is not None:
            plan = candidate.plan.narrower()
            return [] if plan is None else [self._of(plan)]
        at = [quote.pool for quote in self._singles].index(candidate.pools[0][0])
        return [self._single(quote) for quote in self._singles[at + 1 : at + 2]]

    def _worthwhile(self, plan: Plan | Mix) -> _Candidate:
        """The plan, without the legs that do not earn what they cost."""
        best = self._of(plan)
        thin = plan.worth_its_legs(self._charges)
        if thin is not plan and (thinner := self._of(thin)).net >= best.net:
            best = thinner
        return best

    def _of(self, plan: Plan | Mix) -> _Candidate:
        return self._candidate(plan.mints, plan.pools, plan.value, plan=plan)

    def _bound(self, path: Path, bound: int) -> _Candidate:
        """What the path cannot beat, with one leg for each hop."""
        cheapest = self._charges.of(len(path.hops), path.through)
        return self._candidate(path.mints, (), bound, cost=cheapest, path=path)

    def _single(self, quote: Quote) -> _Candidate:
        mints = (quote.request.in_mint, quote.request.out_mint)
        value = self._value_of(quote)
        return self._candidate(mints, ((quote.pool,),), value, ways=(((quote,),),))

    def _candidate(
        self,
        mints: tuple[Pubkey, ...],
        pools: tuple[tuple[Pubkey, ...], ...],
        value: int,
        *,
        cost: int | None = None,
        path: Path | None = None,
        plan: Plan | Mix | None = None,
        ways: Sequence[Hops] | None = None,
    ) -> _Candidate:
        if cost is None:
            cost = self._charges.of(sum(map(len, pools)), mints[1:-1])
        net = (value if self._exact_in else -value) - cost
        return _Candidate(path, plan, ways, mints, pools, value, net)

    def _value_of(self, quote: Quote) -> int:
        return quote.out_amount if self._exact_in else quote.in_amount

    def _chosen(self, best: _Candidate, route: Route) -> Choice:
        better = max if self._exact_in else min
        bounds = [self._value_of(quote) for quote in self._singles[:1]]
        if self._plans:
            closest = better(self._plans, key=lambda plan: plan.value)
            amount = route.in_amount if self._exact_in else self._wanted.request.amount
            bounds.append(self._outlook.bound(amount, closest))
        bound = BaseUnits(better(bounds))
        route = replace(
            route,
            upper_bound_out=bound if self._exact_in else None,
            lower_bound_in=None if self._exact_in else bound,
            best_single=self._singles[0] if self._singles else None,
            alternatives=self._alternatives(best),
        )
        return Choice(route=route, reason=told.why(route, self._singles))

    def _alternatives(self, best: _Candidate) -> tuple[Alternative, ...]:
        passed = [(candidate, None) for candidate in self._open if candidate.pools != best.pools]
        # Of each kind's ever narrower routes that did not fit, the best says what was given up.
        too_large: dict[object, tuple[_Candidate, str | None]] = {}
        for candidate, why in self._too_large:
            too_large.setdefault(candidate.kind, (candidate, why))
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
            reason=told.why_not(
                behind,
                too_large,
                ways=1 if other.plan is None else len(other.plan.plans),
                is_bound=other.path is not None,
            ),
        )

    def _why_none(self) -> str:
        if not self._too_large:
            return ""
        _, too_large = self._too_large[-1]
        return f"No route fits a transaction; of the smallest one found, {too_large}."


def _rank(candidate: _Candidate) -> tuple[int, int, bool, list[bytes]]:
    # Between equals: fewer legs, then what is exact already, then the lower addresses.
    named = [bytes(pool) for hop in candidate.pools for pool in hop] or [
        *map(bytes, candidate.mints)
    ]
    return -candidate.net, candidate.legs, candidate.ways is None, named
