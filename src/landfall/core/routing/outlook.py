"""What nothing can beat: a bound over all ways at once, and over each way alone.

By weak duality any level gives one: above its price no way pays more than its surplus, and besides,
the whole amount is paid at that price. The surplus of a way through a mint between is that of its
second hop, and of its first at the price of the second, for any two levels whose product is the
way's; the tightest are those at which the first hop pays what the second takes.

Ways that offer nothing above the price at which the pools of the pair fill the order by themselves
need no closer look: they can be neither part of a better route nor one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from landfall.core.quote import SwapRequest
from landfall.core.routing.curves import (
    LEVEL_ONE,
    SQUARE_ONE,
    Curve,
    dual_bound,
    level_filling,
)
from landfall.core.routing.mixed import Mix, Way, mixed, narrowed
from landfall.core.routing.paths import LEGS_MAX, NO_RESERVE, Path, Plan, detours, direct
from landfall.core.routing.supplies import Supplies
from landfall.core.routing.through import reserved, through
from landfall.core.supply import Segment
from landfall.core.values import BasisPoints, Pubkey, SwapMode, ceil_div


@dataclass(frozen=True, slots=True)
class Detour:
    """A way through a mint between, and its best price as a level.

    `offered` is what all its pools together offer above the worst price of interest, and `curve`
    the same as a curve: empty and None where there is nothing.
    """

    path: Path
    spot: int
    offered: tuple[Segment, ...] = ()
    curve: Curve | None = None

    def bound(self, level: int) -> int:
        """What the way alone cannot beat with what it is aimed at, as seen from a level."""
        mode, aimed = self.path.request.mode, self.path.aimed
        if self.curve is None:
            return dual_bound(0, aimed, self.spot, mode)
        return dual_bound(self.curve.surplus(level), aimed, level, mode)

    def surplus(self, level: int, hints: Iterable[int]) -> int:
        """The most that any trade on this way pays above a level's price.

        Args:
            hints: levels that the hop on the fixed side may end at.
        """
        if level < self.spot:
            return self._rounding()
        return min(self._surplus(level, one) for one in (self._fixed(level), *hints))

    def _fixed(self, level: int) -> int:
        """The level of the hop on the fixed side at which the other hop does what it does."""
        fixed = self.path.from_fixed(self.path.hops)[0]
        done = 0 if self.curve is None else self.curve.done(level, self.path.request.mode)
        found = fixed.level(fixed.sources, done) if done else None
        return fixed.spot if found is None else found

    def _rounding(self) -> int:
        into, out_of = self.path.hops
        handed = into.rounding(LEGS_MAX) * SQUARE_ONE
        return out_of.rounding(LEGS_MAX) + ceil_div(handed, out_of.spot * out_of.spot)

    def _surplus(self, level: int, fixed: int) -> int:
        # Rounded so that the product of both prices is no more than the level's.
        other = ceil_div(level * LEVEL_ONE, fixed)
        first, second = self.path.from_fixed((fixed, other))
        into, out_of = self.path.hops
        handed = into.surplus(first, LEGS_MAX)
        return out_of.surplus(second, LEGS_MAX) + ceil_div(handed * SQUARE_ONE, second * second)


@dataclass(frozen=True, slots=True)
class Outlook:
    """All ways for one order. `level` is where they would fill it without reserves; None if never.

    `plan` is the best split over the pools of the pair alone, if they can fill it.
    """

    request: SwapRequest
    direct: Path
    plan: Plan | None
    detours: tuple[Detour, ...]
    level: int | None

    def mix(self) -> Mix | None:
        """The best mix of all ways; None where fewer than two are of use together."""
        near = [detour for detour in self.detours if detour.curve is not None]
        if not near:
            return None
        (hop,) = self.direct.hops
        curves = tuple(source.curve for source in hop.sources)
        ways = [Way(self.direct, (hop.sources,), curves)] if curves else []
        for one in near:
            path, pools = one.path, tuple(each.sources for each in one.path.hops)
            kept = reserved(one.offered, self.request.mode, path.reserve_bps)
            ways.append(Way(path, pools, kept))
        mix = mixed(self.request, ways)
        return None if mix is None else narrowed(mix)

    def bound(self, amount: int, best: Plan | Mix) -> int:
        """What no mix of any ways can beat with this amount.

        Args:
            best: what comes closest; its levels may give a tighter bound than where all would end.
        """
        hints = {plan.path.through: _fixed_level(plan) for plan in best.plans}
        is_full = any(len(pools) == LEGS_MAX for pools in best.pools)
        levels = {best.dual} if is_full else set()
        levels.add(best.dual if self.level is None else self.level)
        found = [self._bound(amount, level, hints) for level in levels]
        return (min if self.request.mode is SwapMode.EXACT_IN else max)(found)

    def _bound(self, amount: int, level: int, hints: Mapping[tuple[Pubkey, ...], int]) -> int:
        (hop,) = self.direct.hops
        most = hop.surplus(level, LEGS_MAX)
        for detour in self.detours:
            hint = hints.get(detour.path.through)
            most += detour.surplus(level, () if hint is None else (hint,))
        return dual_bound(most, amount, level, self.request.mode)


def outlook(supplies: Supplies, request: SwapRequest, reserve_bps: BasisPoints) -> Outlook:
    """All ways that the pools offer."""
    path = direct(supplies, request)
    plan = path.plan([LEGS_MAX])
    worst = None if plan is None else plan.choices[0].level
    found = tuple(_detour(each, worst) for each in detours(supplies, request, reserve_bps))
    curves = [detour.curve for detour in found if detour.curve is not None]
    level = _together(path, curves) if curves else None
    return Outlook(request, path, plan, found, level)


def _detour(path: Path, worst: int | None) -> Detour:
    spot, mode = path.spot, path.request.mode
    if worst is not None and spot >= worst:
        return Detour(path, spot)
    near, far = ([source.curve for source in hop.sources] for hop in path.hops)
    offered = through(near, far, path.request.amount, mode, worst)
    found = reserved(offered, mode, NO_RESERVE)
    return Detour(path, spot, offered, found[0] if found else None)


def _together(path: Path, curves: Sequence[Curve]) -> int | None:
    """The level at which the pair's pools and these curves fill the order."""
    (hop,), mode = path.hops, path.request.mode
    ends = {one for curve in curves for one in (*curve.starts, *curve.ends)}

    def done(level: int) -> int:
        return hop.done(level) + sum([curve.done(level, mode) for curve in curves])

    return level_filling(path.request.amount, sorted(ends.union(hop.levels)), done, mode)


def _fixed_level(plan: Plan) -> int:
    return plan.path.from_fixed(plan.choices)[0].dual
