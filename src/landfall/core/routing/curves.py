"""A pool's supply curve in the coordinate in which pools add up.

A level is `1/√price` times `LEVEL_ONE`: it rises as the price falls. Inside a stretch the input is
linear in the level, and the output in its inverse, so what any number of pools take or pay down to
one common price is a sum of straight lines, and the price at which they fill an order together is
found without search.

Units: levels are integers over `LEVEL_ONE`; amounts are base units, input and output as in a quote.
Rounding: what a curve takes or pays at a level is rounded down, its surplus up.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import isqrt

from landfall.core.supply import PRICE_ONE, Segment
from landfall.core.values import SwapMode, ceil_div

LEVEL_ONE = 1 << 128
SQUARE_ONE = LEVEL_ONE * LEVEL_ONE
"""An output equals an input times this over the level squared, at that level's price."""

# A stretch at one price gets this share of its level as a width, so that no curve ever jumps.
_FLAT_SHIFT = 64
# A quote's own roundings: up to this many units of input and of output off the ideal curve.
_UNITS_OFF = 3


@dataclass(frozen=True, slots=True)
class Curve:
    """One pool's curve. Index i of `ins` and `outs` is the total before stretch i.

    `starts` and `ends` are the levels between which each stretch is filled, made to ascend;
    `priced` are the stretches as the pool priced them: start, end, input, output. `passed` is the
    highest end among the first stretches. `rises` where some stretch is cheaper than one before it.
    `best` is the level of the best price that any of it is to be had at.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    ins: tuple[int, ...]
    outs: tuple[int, ...]
    priced: tuple[tuple[int, int, int, int], ...]
    passed: tuple[int, ...]
    rises: bool
    best: int
    slack: int

    def taken(self, level: int) -> int:
        """The input down to the price of this level."""
        at = bisect_right(self.starts, level) - 1
        if at < 0:
            return 0
        start, end, before = self.starts[at], self.ends[at], self.ins[at]
        if level >= end:
            return self.ins[at + 1]
        return before + (self.ins[at + 1] - before) * (level - start) // (end - start)

    def paid(self, level: int) -> int:
        """The output down to the price of this level."""
        at = bisect_right(self.starts, level) - 1
        if at < 0:
            return 0
        start, end, before = self.starts[at], self.ends[at], self.outs[at]
        if level >= end:
            return self.outs[at + 1]
        whole = self.outs[at + 1] - before
        return before + whole * end * (level - start) // (level * (end - start))

    def done(self, level: int, mode: SwapMode) -> int:
        """Of the side that a swap fixes, what is done down to the price of this level."""
        return self.taken(level) if mode is SwapMode.EXACT_IN else self.paid(level)

    def surplus(self, level: int) -> int:
        """The most that any trade with the pool pays above this level's price, rounded up.

        This is the conjugate of the curve. It holds for quotes, not only for the curve drawn
        through them: their roundings are allowed for.
        """
        square = level * level
        if self.rises:
            done, reached = 0, len(self.priced)
        else:
            reached = bisect_right(self.starts, level)
            if not reached:
                # No trade pays more than its first unit's price; the first unit may be rounded.
                return 1
            done = min(reached, bisect_right(self.passed, level))
        most = self.outs[done] - self.ins[done] * SQUARE_ONE // square
        for start, end, taken, paid in self.priced[done:reached]:
            if level >= end:
                most += max(0, paid - taken * SQUARE_ONE // square)
            elif level > start:
                above = (level - start) * (level - start)
                most += ceil_div(taken * above * SQUARE_ONE, (end - start) * start * square)
        return most + self.slack


def curve_of(segments: Sequence[Segment]) -> Curve:
    """The curve that these stretches make; there is at least one."""
    priced = tuple(_levels(segment) for segment in segments)
    starts = tuple(accumulate((start for start, *_ in priced), max))
    nexts = (*starts[1:], None)
    ends = []
    for start, following, (_, end, _, _) in zip(starts, nexts, priced, strict=True):
        # The output was rounded down, so a stretch seems to end a little below the next one.
        fitted = end if following is None else min(end, following)
        ends.append(max(fitted, start + (start >> _FLAT_SHIFT) + 1))
    dearest = max(segment.start_price for segment in segments)
    return Curve(
        starts=starts,
        ends=tuple(ends),
        ins=tuple(accumulate((segment.in_amount for segment in segments), initial=0)),
        outs=tuple(accumulate((segment.out_amount for segment in segments), initial=0)),
        priced=priced,
        passed=tuple(accumulate((end for _, end, _, _ in priced), max)),
        rises=any(start < before for (start, *_), before in zip(priced[1:], starts, strict=False)),
        best=min(start for start, *_ in priced),
        slack=_UNITS_OFF + ceil_div(_UNITS_OFF * dearest, PRICE_ONE),
    )


def level_filling(
    amount: int,
    corners: Sequence[int],
    done: Callable[[int], int],
    mode: SwapMode,
    above: int = 0,
) -> int | None:
    """The level at which curves do an amount together; None if they never do.

    Args:
        corners: the levels of all ends of their stretches, ascending.
        done: what they do of the fixed side down to a level.
        above: a level that it is known not to be below.
    """
    high = bisect_left(corners, amount, lo=bisect_left(corners, above), key=done)
    if high == len(corners):
        return None
    # Down to the first of all corners nothing is on offer yet.
    start, end = corners[max(0, high - 1)], corners[high]
    before = done(start)
    whole, part = done(end) - before, amount - before
    if part >= whole:
        return end
    if mode is SwapMode.EXACT_IN:
        return start + ceil_div((end - start) * part, whole)
    return ceil_div(start * end * whole, end * whole - (end - start) * part)


def dual_bound(surplus: int, amount: int, level: int, mode: SwapMode) -> int:
    """What no trade of the amount can beat, if none is paid more than `surplus` above this level.

    Returns:
        An output no smaller than any possible (exact in), or an input no larger (exact out).
    """
    square = level * level
    if mode is SwapMode.EXACT_IN:
        return surplus + ceil_div(amount * SQUARE_ONE, square)
    return max(0, (amount - surplus) * square // SQUARE_ONE)


def _levels(segment: Segment) -> tuple[int, int, int, int]:
    """Where the stretch starts, and where it ends: its price is the geometric mean of both ends."""
    start = max(1, isqrt(PRICE_ONE * SQUARE_ONE // max(1, segment.start_price)))
    end = segment.in_amount * SQUARE_ONE // (segment.out_amount * start)
    return start, end, segment.in_amount, segment.out_amount
