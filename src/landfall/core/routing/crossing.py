"""Getting from one mint to another over several pools at once: where the exact split is found.

At the best split no pool still offers a better price than another one gave: all are traded down to
one common price. That price follows from the curves in closed form once it is known between which
two of their corners it lies, and halving finds these.

With more useful pools than a transaction has room for, the best few depend on the price they end
at, so their choice and the price are found together; this part is the only one that can miss, and
the bound says by how much at most.

Source: Angeris, Chitra, Evans, Boyd, Optimal Routing for Constant Function Market Makers, 2021.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from landfall.core.quote import PPB, SwapRequest
from landfall.core.routing.curves import SQUARE_ONE, dual_bound, level_filling
from landfall.core.routing.offers import Source
from landfall.core.values import U64_MAX, Pubkey, SwapMode

# How often the best few pools and the price they end at are looked for in turn.
_ROUNDS = 6
# Halvings of the range in which the price lies where that finds none.
_HALVINGS = 14
_FIRST_STEP_SHIFT = 10
# Fewer pools need more input for an output than all together; this many times as much at most.
_FURTHER = 2
# Exchanging pools of a choice is tried only where more than this is left to gain (ppb: 0.02 bp).
_WORTH_TRYING_PPB = 2_000


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

    @property
    def spot(self) -> int:
        """The level of the best price that any of the pools has on offer."""
        return min(source.curve.best for source in self.sources)

    def reaches(self, amount: int) -> int:
        """How much there is on the other side of an amount, about and at most: what is paid for it
        at the best price (exact in), or twice what all pools together take for it (exact out).
        """
        if self.mode is SwapMode.EXACT_IN:
            return dual_bound(self.rounding(len(self.sources)), amount, self.spot, self.mode)
        level = self.level(self.sources, amount)
        level = self.levels[-1] if level is None else level
        return _FURTHER * sum(source.curve.taken(level) for source in self.sources) + 1

    def rounding(self, legs_max: int) -> int:
        """The most that so many of the pools pay above any price by their roundings alone."""
        slack = max(source.curve.slack for source in self.sources)
        return slack * min(legs_max, len(self.sources))

    def level(self, sources: Sequence[Source], amount: int, above: int = 0) -> int | None:
        """The level at which these pools fill the amount together; None if they cannot."""
        total = self.done if sources is self.sources else partial(self._sum, sources)
        return level_filling(amount, self.levels, total, self.mode, above)

    def best(self, amount: int, legs_max: int) -> Choice | None:
        """The best split of the amount over at most so many pools; None if they cannot fill it."""
        level = self.level(self.sources, amount)
        if level is None:
            return None
        choice = self.down_to(level, self.sources)
        if len(choice.sources) <= legs_max:
            return choice
        return self._best_few(choice.sources, level, amount, legs_max)

    def among(self, sources: Sequence[Source], amount: int, above: int = 0) -> Choice | None:
        """The split of the amount over just these pools; None if they cannot fill it.

        Args:
            above: a level that the one they end at is known not to be below.
        """
        level = self.level(sources, amount, above)
        return None if level is None else self.down_to(level, sources)

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
        parts = [source.curve.done(choice.level, self.mode) for source in choice.sources]
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
        return dual_bound(self.surplus(level, legs_max), amount, level, self.mode)

    def surplus(self, level: int, legs_max: int) -> int:
        """The most that any trade with at most so many of the pools pays above a level's price."""
        surpluses = sorted((s.curve.surplus(level) for s in self.sources), reverse=True)
        return sum(surpluses[:legs_max])

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

    def down_to(self, level: int, sources: Sequence[Source]) -> Choice:
        """What trading these pools down to a level comes to; unused ones are left out."""
        used = tuple(source for source in sources if source.curve.done(level, self.mode))
        if not used:
            # Parts of less than a unit each: the pool that offers most takes it all.
            used = (min(sources, key=lambda source: source.curve.starts[0]),)
        if self.mode is SwapMode.EXACT_IN:
            value = sum(source.curve.paid(level) for source in used)
        else:
            value = sum(source.curve.taken(level) for source in used)
        return Choice(used, level, value, level)

    def done(self, level: int) -> int:
        """What all pools do of the fixed side down to a level."""
        if level not in self.totals:
            self.totals[level] = self._sum(self.sources, level)
        return self.totals[level]

    def _sum(self, sources: Iterable[Source], level: int) -> int:
        if self.mode is SwapMode.EXACT_IN:
            return sum([source.curve.taken(level) for source in sources])
        return sum([source.curve.paid(level) for source in sources])

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
