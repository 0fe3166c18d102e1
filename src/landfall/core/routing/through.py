"""Two hops as one curve: what the pools to a mint between and those from it offer together.

Inside a stretch a pool's output is a fraction of two linear terms in its input, and so is what
another one makes of that: one stretch into another is a stretch again, whose level is the product
of theirs. So a way through a mint between has a supply curve like a pool's, with an end wherever
either hop has one, and can be merged with those of pools at one price.

Units: levels and amounts as in `curves.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from landfall.core.routing.curves import LEVEL_ONE, SQUARE_ONE, Curve, curve_of
from landfall.core.supply import PRICE_ONE, Segment
from landfall.core.values import BPS_DENOMINATOR, BaseUnits, BasisPoints, SwapMode, ceil_div


class _Stretch(NamedTuple):
    """What is taken and paid between two levels."""

    start: int
    end: int
    taken: int
    paid: int


def through(
    near: Sequence[Curve],
    far: Sequence[Curve],
    amount: int,
    mode: SwapMode,
    worst: int | None = None,
) -> tuple[Segment, ...]:
    """What leads through the mint between, until it does the amount of what `mode` fixes.

    Args:
        near: curves of pools that sell the mint between.
        far: curves of pools that buy it.
        worst: a level beyond which nothing is of interest.
    """
    near_worst, far_worst = None, None
    if worst is not None:
        near_worst = ceil_div(worst * LEVEL_ONE, min(curve.best for curve in far))
        far_worst = ceil_div(worst * LEVEL_ONE, min(curve.best for curve in near))
    found, done = [], 0
    for one in _joined(_together(near, near_worst), _together(far, far_worst)):
        found.append(one)
        done += one.in_amount if mode is SwapMode.EXACT_IN else one.out_amount
        if done >= amount:
            break
    return tuple(found)


def reserved(segments: Sequence[Segment], mode: SwapMode, bps: BasisPoints) -> tuple[Curve, ...]:
    """The curve of these stretches, where so much of the fixed side is kept (exact in), or must be
    done on top (exact out); none if there are none.
    """
    kept = [_reserved(segment, mode, bps) for segment in segments]
    return (curve_of(kept),) if kept else ()


def _reserved(segment: Segment, mode: SwapMode, bps: BasisPoints) -> Segment:
    taken, paid, price = segment.in_amount, segment.out_amount, segment.start_price
    if mode is SwapMode.EXACT_IN:
        left = BPS_DENOMINATOR - bps
        more = BaseUnits(ceil_div(taken * BPS_DENOMINATOR, left))
        return Segment(more, paid, price * left // BPS_DENOMINATOR)
    over = BPS_DENOMINATOR + bps
    less = BaseUnits(max(1, paid * BPS_DENOMINATOR // over))
    return Segment(taken, less, price * BPS_DENOMINATOR // over)


def _together(curves: Sequence[Curve], worst: int | None) -> Iterator[_Stretch]:
    """What the curves do together, from one of all their corners to the next."""
    ends = {one for curve in curves for one in (*curve.starts, *curve.ends)}
    taken = paid = 0
    for start, end in pairwise(sorted(ends)):
        if worst is not None and start >= worst:
            break
        in_total = sum([curve.taken(end) for curve in curves])
        out_total = sum([curve.paid(end) for curve in curves])
        # What is too short to move a unit is part of the next.
        if in_total > taken and out_total > paid:
            yield _Stretch(start, end, in_total - taken, out_total - paid)
            taken, paid = in_total, out_total


def _joined(near: Iterator[_Stretch], far: Iterator[_Stretch]) -> Iterator[Segment]:
    """One stretch into another, as far as the shorter of the two goes."""
    first, second = next(near, None), next(far, None)
    while first is not None and second is not None:
        between = min(first.paid, second.taken)
        into, first = _cut_paid(first, between)
        out_of, second = _cut_taken(second, between)
        if into.taken and out_of.paid:
            start = into.start * out_of.start // LEVEL_ONE
            price = PRICE_ONE * SQUARE_ONE // (start * start)
            yield Segment(BaseUnits(into.taken), BaseUnits(out_of.paid), price)
        first, second = first or next(near, None), second or next(far, None)


def _cut_paid(one: _Stretch, paid: int) -> tuple[_Stretch, _Stretch | None]:
    """The stretch until it has paid so much, and the rest if there is any."""
    start, end = one.start, one.end
    if paid == one.paid:
        return one, None
    level = ceil_div(start * end * one.paid, end * one.paid - (end - start) * paid)
    return _cut(one, level, ceil_div(one.taken * (level - start), end - start), paid)


def _cut_taken(one: _Stretch, taken: int) -> tuple[_Stretch, _Stretch | None]:
    """The stretch until it has taken so much, and the rest if there is any."""
    start, end = one.start, one.end
    if taken == one.taken:
        return one, None
    level = start + ceil_div((end - start) * taken, one.taken)
    return _cut(one, level, taken, one.paid * end * (level - start) // (level * (end - start)))


def _cut(one: _Stretch, level: int, taken: int, paid: int) -> tuple[_Stretch, _Stretch | None]:
    before = _Stretch(one.start, level, taken, paid)
    left_in, left_out = one.taken - taken, one.paid - paid
    rest = _Stretch(level, one.end, left_in, left_out) if left_in > 0 and left_out > 0 else None
    return before, rest
