"""One way from the input mint to the output mint: directly, or through one mint between.

Through a mint between, the two hops need no search together: whatever the second does with it, more
of the amount between is better, so the first hop buys the most of it (or, for a fixed output, the
second needs the least of it) and the other follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from landfall.core.quote import Refused, SwapRequest
from landfall.core.routing.bounded import Hops
from landfall.core.routing.costs import Charges
from landfall.core.routing.crossing import Choice, Crossing
from landfall.core.routing.curves import LEVEL_ONE
from landfall.core.routing.exact import as_drawn, fixing_input, fixing_output, in_mode
from landfall.core.routing.offers import Source
from landfall.core.routing.supplies import Supplies
from landfall.core.values import (
    BPS_DENOMINATOR,
    U64_MAX,
    BaseUnits,
    BasisPoints,
    ChainClock,
    Pubkey,
    SwapMode,
    ceil_div,
)

LEGS_MAX = 5
"""Pools that one hop may be split over."""

NO_RESERVE = BasisPoints(0)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Path:
    """The pools hop by hop, for one order.

    `share` is what goes this way of the amount that the order fixes; `reserve_bps` how much of it
    is kept (exact in), or done on top (exact out), for the hop that must not move.
    """

    request: SwapRequest
    hops: tuple[Crossing, ...]
    share: int
    reserve_bps: BasisPoints = NO_RESERVE

    @property
    def aimed(self) -> int:
        """What is routed of the fixed side, rounded so that the reserve is whole."""
        if self.request.mode is SwapMode.EXACT_IN:
            return self.share * (BPS_DENOMINATOR - self.reserve_bps) // BPS_DENOMINATOR
        return ceil_div(self.share * (BPS_DENOMINATOR + self.reserve_bps), BPS_DENOMINATOR)

    @property
    def through(self) -> tuple[Pubkey, ...]:
        """The mint between, if any."""
        return tuple(hop.out_mint for hop in self.hops[:-1])

    @property
    def mints(self) -> tuple[Pubkey, ...]:
        return (self.request.in_mint, *self.through, self.request.out_mint)

    @property
    def spot(self) -> int:
        """The level of the best price to be had on this way."""
        level = LEVEL_ONE
        for hop in self.hops:
            level = level * hop.spot // LEVEL_ONE
        return level

    def without(self, pool: Pubkey) -> "Path":
        """The same path with one pool less."""
        return replace(self, hops=tuple(hop.without(pool) for hop in self.hops))

    def plan(self, legs_max: Sequence[int]) -> "Plan | None":
        """The best split with at most so many legs per hop; None if the pools cannot fill it."""
        return self._planned(legs_max, lambda hop, amount, most: hop.best(amount, most))

    def among(self, sources: Sequence[Sequence[Source]]) -> "Plan | None":
        """The best split over just these pools, hop by hop; None if they cannot fill it."""
        return self._planned(sources, lambda hop, amount, few: hop.among(few, amount))

    def _planned(
        self, given: Sequence[_T], choose: Callable[[Crossing, int, _T], Choice | None]
    ) -> "Plan | None":
        amount, choices = self.aimed, []
        for hop, each in zip(self.from_fixed(self.hops), self.from_fixed(given), strict=True):
            choice = choose(hop, amount, each) if amount else None
            if choice is None:
                return None
            choices.append(choice)
            amount = choice.value
        return Plan(self, tuple(self.from_fixed(choices)), amount)

    def down_to(self, level: int, sources: Sequence[Source]) -> "Plan":
        """A path of one hop over just these pools, down to a level."""
        (hop,) = self.hops
        choice = hop.down_to(level, sources)
        return Plan(self, (choice,), choice.value)

    def from_fixed(self, hops: Sequence[_T]) -> Sequence[_T]:
        """What belongs to each hop, from the side whose amount is fixed, or back again."""
        return hops if self.request.mode is SwapMode.EXACT_IN else hops[::-1]


@dataclass(frozen=True, slots=True)
class Plan:
    """A path with pools chosen for each hop. `value` is the output or the input, by the curves."""

    path: Path
    choices: tuple[Choice, ...]
    value: int

    @property
    def plans(self) -> tuple["Plan"]:
        return (self,)

    @property
    def mints(self) -> tuple[Pubkey, ...]:
        return self.path.mints

    @property
    def dual(self) -> int:
        """The level at which a bound is tightest."""
        level = LEVEL_ONE
        for choice in self.choices:
            level = level * choice.dual // LEVEL_ONE
        return level

    @property
    def pools(self) -> tuple[tuple[Pubkey, ...], ...]:
        return tuple(tuple(s.address for s in choice.sources) for choice in self.choices)

    def bound(self, legs_max: Sequence[int], amount: int) -> int:
        """What nothing on this path with so many legs per hop can beat: an output, or an input.

        Hop after hop: the second is bounded with the most that the first could hand it.

        Args:
            amount: what is taken (exact in), or paid (exact out).
        """
        path, reached = self.path, amount
        for hop, choice, most in zip(
            path.from_fixed(path.hops),
            path.from_fixed(self.choices),
            path.from_fixed(legs_max),
            strict=True,
        ):
            reached = hop.bound(reached, most, choice.dual)
        return reached

    def without(self, pool: Pubkey) -> "Plan | None":
        """The best plan without a pool; None if the others cannot fill it."""
        return self.path.without(pool).plan([LEGS_MAX] * len(self.choices))

    def narrower(self) -> "Plan | None":
        """The best plan with one leg less; None if no hop has one to spare.

        The hop that spares it is the one whose bound suffers least.
        """

        def bounded(legs_max: Sequence[int]) -> int:
            return self.bound(legs_max, self.path.aimed)

        exact_in = self.path.request.mode is SwapMode.EXACT_IN
        ranked = sorted(self.fewer(), key=bounded, reverse=exact_in)
        return next((plan for each in ranked if (plan := self.path.plan(each)) is not None), None)

    def fewer(self) -> list[tuple[int, ...]]:
        """Legs per hop, with one leg less in one of the hops that have more than one."""
        counts = tuple(len(choice.sources) for choice in self.choices)
        return [
            (*counts[:at], count - 1, *counts[at + 1 :])
            for at, count in enumerate(counts)
            if count > 1
        ]

    def worth_its_legs(self, charges: Charges) -> "Plan":
        """The plan without the legs that add less than each costs."""
        path, amount, kept = self.path, self.path.aimed, []
        choices = path.from_fixed(self.choices)
        asked = (path.aimed, choices[0].value)
        for hop, choice, before in zip(path.from_fixed(path.hops), choices, asked, strict=False):
            again = choice if amount == before else hop.among(choice.sources, amount)
            if again is None:
                return self
            # A hop's value is in its own token: the cost is the same share of it.
            cost = ceil_div(charges.leg * choice.value, max(1, self.value))
            kept.append(hop.worth_their_legs(again, amount, cost))
            amount = kept[-1].value
        return self if kept == [*choices] else Plan(path, tuple(path.from_fixed(kept)), amount)

    def drawn(self) -> tuple[Hops]:
        """The plan about as it would be quoted, without asking a pool."""
        modes = (SwapMode.EXACT_OUT, SwapMode.EXACT_IN)
        if len(self.choices) == 1:
            modes = (self.path.request.mode, self.path.request.mode)
        hops = zip(self.path.hops, self.choices, modes, strict=False)
        return (tuple(as_drawn(hop, choice, mode) for hop, choice, mode in hops),)

    def quoted(self, clock: ChainClock) -> tuple[Hops] | Refused:
        """The plan to the unit, or the first pool that would not do its part."""
        hops: Hops | Refused
        if len(self.choices) == 1:
            answers = in_mode(self.path.hops[0], self.choices[0], self.path.aimed, clock)
            hops = answers if isinstance(answers, Refused) else (answers,)
        elif self.path.request.mode is SwapMode.EXACT_IN:
            hops = self._forwards(clock)
        else:
            hops = self._backwards(clock)
        return hops if isinstance(hops, Refused) else (hops,)

    def _forwards(self, clock: ChainClock) -> Hops | Refused:
        first, second = self.path.hops
        bought = fixing_output(first, self.choices[0], self.path.aimed, clock)
        if isinstance(bought, Refused):
            return bought
        between = sum(quote.out_amount for quote in bought)
        sold = in_mode(second, self.choices[1], between, clock)
        return sold if isinstance(sold, Refused) else (bought, sold)

    def _backwards(self, clock: ChainClock) -> Hops | Refused:
        first, second = self.path.hops
        sold = fixing_input(second, self.choices[1], self.path.aimed, clock)
        if isinstance(sold, Refused):
            return sold
        between = sum(quote.in_amount for quote in sold)
        bought = in_mode(first, self.choices[0], between, clock)
        return bought if isinstance(bought, Refused) else (bought, sold)


def direct(supplies: Supplies, request: SwapRequest) -> Path:
    """The way over pools of the pair itself, of which there may be none."""
    return Path(request, (supplies.crossing(request),), request.amount)


def detours(supplies: Supplies, request: SwapRequest, reserve_bps: BasisPoints) -> list[Path]:
    """Every way through a mint between, in order of their addresses."""
    thirds = supplies.against(request.in_mint) & supplies.against(request.out_mint)
    found = (_through(supplies, request, reserve_bps, one) for one in sorted(thirds, key=bytes))
    return [path for path in found if path is not None]


def _through(
    supplies: Supplies, request: SwapRequest, reserve_bps: BasisPoints, third: Pubkey
) -> Path | None:
    """Two hops, that at the fixed side as far as the order goes, the other as far as it matters."""
    into = replace(request, out_mint=third)
    out_of = replace(request, in_mint=third)
    exact_in = request.mode is SwapMode.EXACT_IN
    near, far = (into, out_of) if exact_in else (out_of, into)
    path = Path(request, (), request.amount, reserve_bps)
    furthest = max(path.aimed, request.amount)
    # Whatever the order fixes, the first hop is swapped for an exact output.
    first = supplies.crossing(_of(near, furthest), for_exact_out=exact_in)
    if not first.sources:
        return None
    between = first.reaches(furthest)
    second = supplies.crossing(_of(far, between), for_exact_out=not exact_in)
    if not second.sources:
        return None
    return replace(path, hops=tuple(path.from_fixed((first, second))))


def _of(request: SwapRequest, amount: int) -> SwapRequest:
    return replace(request, amount=BaseUnits(min(amount, U64_MAX)))
