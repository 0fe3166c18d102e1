"""Ways from the input mint to the output mint: directly, or through one mint between.

Through a mint between, the two hops need no search together: whatever the second does with it, more
of the amount between is better, so the first hop buys the most of it (or, for a fixed output, the
second needs the least of it) and the other follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.routing.bounded import Hops
from landfall.core.routing.crossing import Choice, Crossing, Source
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

    def bound(self, legs_max: Sequence[int]) -> int:
        """What nothing on this path with so many legs per hop can beat: an output, or an input.

        Hop after hop: the second is bounded with the most that the first could hand it.
        """
        path, reached = self.path, int(self.path.request.amount)
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
        fewer = self.fewer()
        exact_in = self.path.request.mode is SwapMode.EXACT_IN
        ranked = sorted(fewer, key=self.bound, reverse=exact_in)
        return next((plan for each in ranked if (plan := self.path.plan(each)) is not None), None)

    def fewer(self) -> list[tuple[int, ...]]:
        """Legs per hop, with one leg less in one of the hops that have more than one."""
        counts = tuple(len(choice.sources) for choice in self.choices)
        return [
            (*counts[:at], count - 1, *counts[at + 1 :])
            for at, count in enumerate(counts)
            if count > 1
        ]

    def sketched(self) -> Hops:
        """The plan as the curves see it: enough to see how large its transaction would be."""
        modes = [self.path.request.mode]
        if len(self.choices) > 1:
            modes = [SwapMode.EXACT_OUT, SwapMode.EXACT_IN]
        return tuple(
            tuple(_sketch(hop, source, choice.level, mode) for source in choice.sources)
            for hop, choice, mode in zip(self.path.hops, self.choices, modes, strict=True)
        )

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


def _sketch(hop: Crossing, source: Source, level: int, mode: SwapMode) -> Quote:
    taken = BaseUnits(max(1, source.curve.taken(level)))
    paid = BaseUnits(max(1, source.curve.paid(level)))
    venue, pool = source.offer.venue, source.offer.pool
    return Quote(
        venue=venue.name,
        dex=venue.dex,
        pool=pool.address,
        request=SwapRequest(
            in_mint=hop.in_mint,
            out_mint=hop.out_mint,
            mode=mode,
            amount=taken if mode is SwapMode.EXACT_IN else paid,
        ),
        in_amount=taken,
        out_amount=paid,
        fee_amount=BaseUnits(0),
        fee_mint=hop.in_mint,
        price_impact_bps=BasisPoints(0),
        context_slot=pool.context_slot,
    )


def paths(supplies: Supplies, request: SwapRequest, reserve_bps: BasisPoints) -> list[Path]:
    """Every path that the pools offer and that can fill the request, the direct one first."""
    found = [Path(request, request.amount, (supplies.crossing(request),))]
    kept = BPS_DENOMINATOR + (-reserve_bps if request.mode is SwapMode.EXACT_IN else reserve_bps)
    aimed = request.amount * kept // BPS_DENOMINATOR
    thirds = supplies.against(request.in_mint) & supplies.against(request.out_mint)
    for third in sorted(thirds, key=bytes):
        hops = _hops(supplies, request, aimed, third)
        if hops is not None:
            found.append(Path(request, aimed, hops))
    return found


def _hops(
    supplies: Supplies, request: SwapRequest, aimed: int, third: Pubkey
) -> tuple[Crossing, Crossing] | None:
    """Both hops, the one at the fixed side first looked at, the other as far as it can matter."""
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
    return (first, second) if exact_in else (second, first)
