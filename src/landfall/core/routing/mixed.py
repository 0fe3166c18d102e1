"""Several ways at once: a part of the order goes directly, other parts go through mints between.

A way through a mint between is one more curve (`through.py`), so the parts follow from where all
curves together fill the order, as those of a split do: no way is left at a better price than
another. What is given up, for its costs or for room, is the leg or the way that adds least.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from landfall.core.quote import Refused, SwapRequest
from landfall.core.routing.bounded import Hops
from landfall.core.routing.costs import Charges
from landfall.core.routing.curves import SQUARE_ONE, Curve, level_filling
from landfall.core.routing.offers import Source
from landfall.core.routing.paths import LEGS_MAX, Path, Plan
from landfall.core.routing.through import reserved, through
from landfall.core.values import ChainClock, Pubkey, SwapMode

Pools = tuple[tuple[Source, ...], ...]
"""Hop by hop."""


@dataclass(frozen=True, slots=True)
class Way:
    """A path over just some of its pools; `curves` are what that offers of the order's mints."""

    path: Path
    pools: Pools
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class _Spare:
    """Something that a mix can do without: a pool, or a whole way where none is named.

    `adds` is what it adds to the value at least; so many `legs` are spared with it.
    """

    way: Way
    pool: Source | None
    adds: int
    legs: int


@dataclass(frozen=True, slots=True)
class Mix:
    """Ways taken at once, all down to one level, and the plan of each; at least two.

    `value` is the output of a fixed input, or the input of a fixed output, by the curves.
    """

    request: SwapRequest
    level: int
    ways: tuple[Way, ...]
    plans: tuple[Plan, ...]
    value: int

    @property
    def dual(self) -> int:
        """The level at which a bound is tightest."""
        return self.level

    @property
    def mints(self) -> tuple[Pubkey, ...]:
        between = (mint for plan in self.plans for mint in plan.path.through)
        return (self.request.in_mint, *between, self.request.out_mint)

    @property
    def pools(self) -> tuple[tuple[Pubkey, ...], ...]:
        return tuple(hop for plan in self.plans for hop in plan.pools)

    def drawn(self) -> tuple[Hops, ...]:
        """The plans about as they would be quoted, without asking a pool."""
        return tuple(hops for plan in self.plans for hops in plan.drawn())

    def quoted(self, clock: ChainClock) -> tuple[Hops, ...] | Refused:
        """The plans to the unit, or the first pool that would not do its part."""
        found: tuple[Hops, ...] = ()
        for plan in self.plans:
            hops = plan.quoted(clock)
            if isinstance(hops, Refused):
                return hops
            found += hops
        return found

    def without(self, pool: Pubkey) -> "Mix | None":
        """The best mix of the same ways without a pool; None if fewer than two are left."""
        paths = (way.path.without(pool) for way in self.ways)
        ways = (way_over(path, tuple(hop.sources for hop in path.hops)) for path in paths)
        mix = mixed(self.request, [way for way in ways if all(way.pools)])
        return None if mix is None else narrowed(mix)

    def narrower(self) -> "Mix | None":
        """The mix without what adds least for each leg; None if no two ways are left."""
        ranked = sorted(self._spares(), key=lambda spare: spare.adds // spare.legs)
        return next((mix for spare in ranked if (mix := self._without(spare)) is not None), None)

    def worth_its_legs(self, charges: Charges) -> "Mix":
        """The mix without the legs and ways that add less than they cost, one by one."""
        mix = self
        while True:
            least, saved = min(
                ((spare, charges.of(spare.legs, _opened(spare))) for spare in mix._spares()),
                key=lambda each: each[0].adds - each[1],
            )
            fewer = mix._without(least) if least.adds <= saved else None
            if fewer is None or abs(mix.value - fewer.value) > saved:
                return mix
            mix = fewer

    def _spares(self) -> Iterator[_Spare]:
        for way, plan in zip(self.ways, self.plans, strict=True):
            legs = sum(map(len, plan.pools))
            if way.path.through:
                (curve,) = way.curves
                yield _Spare(way, None, self._worth(curve.surplus(self.level) - curve.slack), legs)
            following = plan.choices[-1].level
            for choice in plan.choices:
                if len(choice.sources) == 1 and way.path.through:
                    continue
                for source in choice.sources:
                    adds = source.curve.surplus(choice.level) - source.curve.slack
                    if choice is not plan.choices[-1]:
                        adds = adds * SQUARE_ONE // (following * following)
                    yield _Spare(way, source, self._worth(adds), 1)

    def _worth(self, surplus: int) -> int:
        """An output above the level, as the value counts."""
        if self.request.mode is SwapMode.EXACT_IN:
            return surplus
        return surplus * self.level * self.level // SQUARE_ONE

    def _without(self, spare: _Spare) -> "Mix | None":
        kept = [way for way in self.ways if way is not spare.way]
        pools = tuple(
            tuple(source for source in choice.sources if source is not spare.pool)
            for plan in self.plans
            if plan.path.through == spare.way.path.through
            for choice in plan.choices
        )
        is_whole = spare.pool is None or not all(pools)
        if len(kept) + (not is_whole) < 2:
            return None
        if not is_whole:
            kept.insert(self.ways.index(spare.way), way_over(spare.way.path, pools))
        return mixed(self.request, kept)


def way_over(path: Path, pools: Pools) -> Way:
    """The way over just these pools of a path."""
    near, far = ([source.curve for source in hop] for hop in (pools[0], pools[-1]))
    if len(pools) == 1:
        return Way(path, pools, tuple(near))
    request = path.request
    offered = through(near, far, request.amount, request.mode)
    return Way(path, pools, reserved(offered, request.mode, path.reserve_bps))


def mixed(request: SwapRequest, ways: Sequence[Way]) -> Mix | None:
    """The best mix of these ways over just their pools; None if fewer than two are of use."""
    mode, amount = request.mode, request.amount
    curves = [curve for way in ways for curve in way.curves]
    corners = sorted({one for curve in curves for one in (*curve.starts, *curve.ends)})

    def done(level: int) -> int:
        return sum([curve.done(level, mode) for curve in curves])

    level = level_filling(amount, corners, done, mode)
    if level is None:
        return None
    shares = [sum([curve.done(level, mode) for curve in way.curves]) for way in ways]
    shares[shares.index(max(shares))] += amount - sum(shares)
    used, plans = [], []
    for way, share in zip(ways, shares, strict=True):
        path = replace(way.path, share=share)
        is_direct = not path.through
        plan = path.down_to(level, *way.pools) if is_direct else path.among(way.pools)
        if share and plan is not None:
            used.append(way)
            plans.append(plan)
    if len(used) < max(2, sum(map(bool, shares))):
        return None
    return Mix(request, level, tuple(used), tuple(plans), sum(plan.value for plan in plans))


def narrowed(mix: Mix) -> Mix | None:
    """The same with no more pools in each hop than it may be split over."""
    if all(len(pools) <= LEGS_MAX for plan in mix.plans for pools in plan.pools):
        return mix
    ways = []
    for plan in mix.plans:
        few = plan.path.plan([LEGS_MAX] * len(plan.choices))
        if few is not None:
            ways.append(way_over(plan.path, tuple(choice.sources for choice in few.choices)))
    return mixed(mix.request, ways)


def _opened(spare: _Spare) -> tuple[Pubkey, ...]:
    """The mints whose accounts are spared, too."""
    return spare.way.path.through if spare.pool is None else ()
