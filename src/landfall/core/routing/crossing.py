"""Getting from one mint to another over several pools at once: where the exact split is found.

At the best split no pool still offers a better price than another one gave: all are traded down to
one common price. That price follows from the curves in closed form once it is known between which
two of their corners it lies, and halving finds these.

With more useful pools than a transaction has room for, the best few depend on the price they end
at, so their choice and the price are found together; this part is the only one that can miss, and
the bound says by how much at most.

Source: Angeris, Chitra, Evans, Boyd, Optimal Routing for Constant Function Market Makers, 2021.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from landfall.core.quote import PPB, SwapRequest
from landfall.core.routing.curves import SQUARE_ONE, Curve
from landfall.core.values import U64_MAX, Pubkey, SwapMode, ceil_div
from landfall.core.venue import AnyVenue, Pool

# How often the best few pools and the price they end at are looked for in turn.
_ROUNDS = 6
# Halvings of the range in which the price lies where that finds none.
_HALVINGS = 14
_FIRST_STEP_SHIFT = 10
# Exchanging pools of a choice is tried only where more than this is left to gain (ppb: 0.02 bp).
_WORTH_TRYING_PPB = 2_000


class Offer(Protocol):
    """A pool with the venue that understands it."""

    @property
    def venue(self) -> AnyVenue: ...

    @property
    def pool(self) -> Pool: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A pool that trades in the wanted direction, and what it has on offer."""

    offer: Offer
    curve: Curve

    @property
    def address(self) -> Pubkey:
        return self.offer.pool.address


@dataclass(frozen=True, slots=True)
class Choice:
    """Pools to trade with down to one price, and what the curves say that comes to.

    `value` is the output of a fixed input, or the input of a fixed output. `dual` is the level at
    which the crossing's bound is tightest; it is `level` unless there were too many useful pools.
    """

    sources: tuple[Source, ...]
    level: int
    value: int
    dual: int


@dataclass(frozen=True, slots=True)
class Crossing:
    """All pools from one mint to another. `levels` are the corners of all curves, ascending.

    `mode` says which side of the swap is fixed; every source does at least `reach` of it. `totals`
    is what all do of it together down to the levels that were asked about so far.
    """

    in_mint: Pubkey
    out_mint: Pubkey
    mode: SwapMode
    sources: tuple[Source, ...]
    levels: tuple[int, ...]
    reach: int
    totals: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def without(self, pool: Pubkey) -> "Crossing":
        """The same with one pool less."""
        left = tuple(source for source in self.sources if source.address != pool)
        return replace(self, sources=left, levels=_corners(left), totals={})

    def capacity(self, source: Source) -> int:
        """The most that a source does of the fixed side."""
        return _capacity(source, self.mode)

    def best(self, amount: int, legs_max: int) -> Choice | None:
        """The best split of the amount over at most so many pools; None if they cannot fill it."""
        level = self._level(self.sources, amount)
        # Nothing is asked where a first hop pays less than a unit.
        if level is None or amount == 0:
            return None
        choice = self._down_to(level, self.sources)
        if len(choice.sources) <= legs_max:
            return choice
        return self._best_few(choice.sources, level, amount, legs_max)

    def among(self, sources: Sequence[Source], amount: int, above: int = 0) -> Choice | None:
        """The split of the amount over just these pools; None if they cannot fill it.

        Args:
            above: a level that the one they end at is known not to be below.
        """
        level = self._level(sources, amount, above)
        return None if level is None else self._down_to(level, sources)

    def worth_their_legs(self, choice: Choice, amount: int, leg: int) -> Choice:
        """The choice without the pools that add less than a leg costs, given up one by one.

        A pool adds no less than its surplus, so only those of the least need to be tried without.

        Args:
            leg: what a leg costs, in the unit of the choice's value.
        """
        if len(choice.sources) == 1:
            return choice
        added = [self._adds(source, choice.level) for source in choice.sources]
        ranked = sorted(zip(added, choice.sources, strict=True), key=lambda each: each[0])
        for least, source in ranked:
            # Without one pool, the others add only more.
            if least > leg or len(choice.sources) == 1:
                break
            left = [other for other in choice.sources if other is not source]
            fewer = self.among(left, amount, choice.level)
            if fewer is not None and abs(choice.value - fewer.value) <= leg:
                choice = fewer
        return choice

    def _adds(self, source: Source, level: int) -> int:
        """What a pool adds to the value at least, where all are traded down to a level."""
        surplus = source.curve.surplus(level) - source.curve.slack
        return surplus if self.mode is SwapMode.EXACT_IN else surplus * level * level // SQUARE_ONE

    def parts(self, choice: Choice, amount: int) -> list[int]:
        """Each pool's whole units of the amount; they sum to it.

        What rounding leaves over goes to, or comes from, the pool with the most room for it.
        """
        parts = [self._filled(source, choice.level) for source in choice.sources]
        over = amount - sum(parts)
        rooms = [
            self.capacity(source) - part if over > 0 else part
            for source, part in zip(choice.sources, parts, strict=True)
        ]
        parts[rooms.index(max(rooms))] += over
        return parts

    def bound(self, amount: int, legs_max: int, level: int) -> int:
        """What no split of the amount over at most so many of the pools can beat.

        By weak duality any level gives a bound: no pool pays more above that level's price than its
        surplus, and no choice of a few pools more than the largest few. A choice's `dual` is the
        level to ask at.

        Returns:
            An output no smaller than any possible (exact in), or an input no larger (exact out).
        """
        surpluses = sorted((s.curve.surplus(level) for s in self.sources), reverse=True)
        most, square = sum(surpluses[:legs_max]), level * level
        if self.mode is SwapMode.EXACT_IN:
            return most + ceil_div(amount * SQUARE_ONE, square)
        return max(0, (amount - most) * square // SQUARE_ONE)

    def _best_few(
        self, used: Sequence[Source], level: int, amount: int, legs_max: int
    ) -> Choice | None:
        """The pools that are worth most at the price that they alone end at."""
        top, first = self._top(level, legs_max), level
        for _ in range(_ROUNDS):
            choice = self.among(top, amount)
            if choice is None:
                break
            before, top = top, self._top(choice.level, legs_max)
            if top == before:
                return choice
        return self._straddled(used, first, amount, legs_max)

    def _straddled(
        self, used: Sequence[Source], low: int, amount: int, legs_max: int
    ) -> Choice | None:
        """Where no few pools are the best at their own price: the better of those on either side
        of the level at which the best few fill the amount, improved by exchanges.
        """
        high = self._beyond(low, amount, legs_max)
        for _ in range(_HALVINGS):
            middle = (low + high) // 2
            is_enough = self._fills(middle, amount, legs_max)
            low, high = (low, middle) if is_enough else (middle, high)
        tops = (self._top(low, legs_max), self._top(high, legs_max))
        choices = [choice for top in tops if (choice := self.among(top, amount)) is not None]
        if not choices:
            return None
        best = replace(min(choices, key=self._rank), dual=high)
        left = abs(self.bound(amount, legs_max, high) - best.value)
        if left * PPB <= _WORTH_TRYING_PPB * best.value:
            return best
        return replace(self._exchanged(best, used, amount), dual=high)

    def _beyond(self, low: int, amount: int, legs_max: int) -> int:
        """A level not far above `low` at which the best few fill the amount."""
        step = low >> _FIRST_STEP_SHIFT
        while low + step < self.levels[-1] and not self._fills(low + step, amount, legs_max):
            step *= 4
        return low + step

    def _fills(self, level: int, amount: int, legs_max: int) -> bool:
        return self._sum(self._top(level, legs_max), level) >= amount

    def _exchanged(self, best: Choice, used: Sequence[Source], amount: int) -> Choice:
        """The choice after every exchange of one pool for another that improves it."""
        for source in used:
            if source in best.sources:
                continue
            for at in range(len(best.sources)):
                others = (*best.sources[:at], source, *best.sources[at + 1 :])
                tried = self.among(sorted(others, key=_by_address), amount)
                if tried is not None and self._rank(tried) < self._rank(best):
                    best = tried
                    break
        return best

    def _top(self, level: int, legs_max: int) -> list[Source]:
        """The pools worth most at this price, in order of their addresses."""
        worth = [source.curve.surplus(level) for source in self.sources]
        ranked = sorted(range(len(worth)), key=worth.__getitem__, reverse=True)
        return [self.sources[index] for index in sorted(ranked[:legs_max])]

    def _down_to(self, level: int, sources: Sequence[Source]) -> Choice:
        """What trading these pools down to a level comes to; unused ones are left out."""
        used = tuple(source for source in sources if self._filled(source, level))
        if not used:
            # Parts of less than a unit each: the pool that offers most takes it all.
            used = (min(sources, key=lambda source: source.curve.starts[0]),)
        if self.mode is SwapMode.EXACT_IN:
            value = sum(source.curve.paid(level) for source in used)
        else:
            value = sum(source.curve.taken(level) for source in used)
        return Choice(used, level, value, level)

    def _level(self, sources: Sequence[Source], amount: int, above: int = 0) -> int | None:
        """The level at which these pools fill the amount together."""
        levels, known = self.levels, bisect_left(self.levels, above)
        total = self._total if sources is self.sources else partial(self._sum, sources)
        high = bisect_left(levels, amount, lo=known, key=total)
        if high == len(levels):
            return None
        # Down to the first of all corners nothing is on offer yet.
        start, end = levels[max(0, high - 1)], levels[high]
        before = total(start)
        whole, part = total(end) - before, amount - before
        if part >= whole:
            return end
        if self.mode is SwapMode.EXACT_IN:
            return start + ceil_div((end - start) * part, whole)
        return ceil_div(start * end * whole, end * whole - (end - start) * part)

    def _total(self, level: int) -> int:
        if level not in self.totals:
            self.totals[level] = self._sum(self.sources, level)
        return self.totals[level]

    def _sum(self, sources: Iterable[Source], level: int) -> int:
        if self.mode is SwapMode.EXACT_IN:
            return sum([source.curve.taken(level) for source in sources])
        return sum([source.curve.paid(level) for source in sources])

    def _filled(self, source: Source, level: int) -> int:
        curve = source.curve
        return curve.taken(level) if self.mode is SwapMode.EXACT_IN else curve.paid(level)

    def _rank(self, choice: Choice) -> tuple[int, int, list[bytes]]:
        value = -choice.value if self.mode is SwapMode.EXACT_IN else choice.value
        return value, len(choice.sources), [_by_address(source) for source in choice.sources]


def crossing(request: SwapRequest, sources: Sequence[Source]) -> Crossing:
    """These pools, in order of their addresses, from one of the request's mints to the other."""
    ordered, mode = tuple(sorted(sources, key=_by_address)), request.mode
    reach = min((_capacity(source, mode) for source in ordered), default=U64_MAX)
    return Crossing(request.in_mint, request.out_mint, mode, ordered, _corners(ordered), reach)


def _capacity(source: Source, mode: SwapMode) -> int:
    return source.curve.ins[-1] if mode is SwapMode.EXACT_IN else source.curve.outs[-1]


def _corners(sources: Iterable[Source]) -> tuple[int, ...]:
    return tuple(sorted({one for s in sources for one in (*s.curve.starts, *s.curve.ends)}))


def _by_address(source: Source) -> bytes:
    return bytes(source.address)
