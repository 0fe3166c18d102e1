"""Ways from the input mint to the output mint: directly, or through one mint between.

Through a mint between, the two hops need no search together: whatever the second does with it, more
of the amount between is better, so the first hop buys the most of it (or, for a fixed output, the
second needs the least of it) and the other follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from landfall.core.quote import Refused, SwapRequest
from landfall.core.routing.bounded import Hops
from landfall.core.routing.crossing import Choice, Crossing
from landfall.core.routing.exact import fixing_input, fixing_output, in_mode
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

# Fewer legs need more of the mint between; curves reach this much further than the best ones do.
_FURTHER = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Path:
    """The pools hop by hop, for one order.

    `amount` is the order's, `aimed` what is routed of it: less than the amount by the reserve
    (exact in through a mint between), or more by it (exact out).
    """

    request: SwapRequest
    aimed: int
    hops: tuple[Crossing, ...]

    @property
    def through(self) -> tuple[Pubkey, ...]:
        """The mint between, if any."""
        return tuple(hop.out_mint for hop in self.hops[:-1])

    @property
    def mints(self) -> tuple[Pubkey, ...]:
        return (self.request.in_mint, *self.through, self.request.out_mint)

    def without(self, pool: Pubkey) -> "Path":
        """The same path with one pool less."""
        return replace(self, hops=tuple(hop.without(pool) for hop in self.hops))

    def plan(self, legs_max: Sequence[int]) -> "Plan | None":
        """The best split with at most so many legs per hop; None if the pools cannot fill it."""
        amount, choices = self.aimed, []
        for hop, most in zip(self.from_fixed(self.hops), self.from_fixed(legs_max), strict=True):
            choice = hop.best(amount, most)
            if choice is None:
                return None
            choices.append(choice)
            amount = choice.value
        return Plan(self, tuple(self.from_fixed(choices)), amount)

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
    def legs(self) -> int:
        return sum(len(choice.sources) for choice in self.choices)

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

    def worth_its_legs(self, leg: int) -> "Plan":
        """The plan without the legs that add less than each costs.

        Args:
            leg: what a leg costs, in the unit of the plan's value.
        """
        path, amount, kept = self.path, self.path.aimed, []
        choices = path.from_fixed(self.choices)
        asked = (path.aimed, choices[0].value)
        for hop, choice, before in zip(path.from_fixed(path.hops), choices, asked, strict=False):
            again = choice if amount == before else hop.among(choice.sources, amount)
            if again is None:
                return self
            # A hop's value is in its own token: the cost is the same share of it.
            cost = ceil_div(leg * choice.value, max(1, self.value))
            kept.append(hop.worth_their_legs(again, amount, cost))
            amount = kept[-1].value
        return self if kept == [*choices] else Plan(path, tuple(path.from_fixed(kept)), amount)

    def quoted(self, clock: ChainClock) -> Hops | Refused:
        """The plan to the unit, or the first pool that would not do its part."""
        if len(self.choices) == 1:
            answers = in_mode(self.path.hops[0], self.choices[0], self.path.aimed, clock)
            return answers if isinstance(answers, Refused) else (answers,)
        if self.path.request.mode is SwapMode.EXACT_IN:
            return self._forwards(clock)
        return self._backwards(clock)

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


def plans(supplies: Supplies, request: SwapRequest, reserve_bps: BasisPoints) -> list[Plan]:
    """Every way that the pools offer, each at its best split, the direct one first.

    What cannot fill the request is left out.
    """
    direct = Path(request, request.amount, (supplies.crossing(request),))
    kept = BPS_DENOMINATOR + (-reserve_bps if request.mode is SwapMode.EXACT_IN else reserve_bps)
    aimed = request.amount * kept // BPS_DENOMINATOR
    thirds = supplies.against(request.in_mint) & supplies.against(request.out_mint)
    found = [
        direct.plan([LEGS_MAX]),
        *(_through(supplies, request, aimed, third) for third in sorted(thirds, key=bytes)),
    ]
    return [plan for plan in found if plan is not None]


def _through(supplies: Supplies, request: SwapRequest, aimed: int, third: Pubkey) -> Plan | None:
    """The best split of two hops, that at the fixed side first, the other as far as it matters."""
    into = replace(request, out_mint=third)
    out_of = replace(request, in_mint=third)
    exact_in = request.mode is SwapMode.EXACT_IN
    near, far = (into, out_of) if exact_in else (out_of, into)
    # Whatever the order fixes, the first hop is swapped for an exact output.
    first = supplies.crossing(near, for_exact_out=exact_in)
    best = first.best(aimed, LEGS_MAX)
    if best is None:
        return None
    if exact_in:
        reach = first.bound(request.amount, LEGS_MAX, best.dual)
    else:
        reach = best.value + best.value // _FURTHER + 1
    reached = replace(far, amount=BaseUnits(min(reach, U64_MAX)))
    second = supplies.crossing(reached, for_exact_out=not exact_in)
    then = second.best(best.value, LEGS_MAX)
    if then is None:
        return None
    hops, choices = (first, second), (best, then)
    if not exact_in:
        hops, choices = hops[::-1], choices[::-1]
    return Plan(Path(request, aimed, hops), choices, then.value)
