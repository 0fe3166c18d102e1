"""What a pool has on offer, as stretches of falling price that a router can merge with others'.

A pool's answer to one amount says nothing about the next unit. Its supply curve does: in order, how
much input each stretch takes and how much it pays. Within a stretch the pool trades like a constant
product (one range of a concentrated pool, the whole of a plain one) or at one price (a bin), so the
two ends say everything in between: `1/√price` is linear in the input, and the price over the whole
stretch is the geometric mean of those at its ends.

Prices fall from one stretch to the next but for two cases, where they stand in the order in which
a swap meets them. A transfer fee that has reached its maximum costs nothing more, so the next unit
is cheaper. And a fee that follows volatility falls while a swap leads the price back to where that
is counted from.

Units: amounts are what a `Quote` calls `in_amount` and `out_amount`, transfer and pool fees
included, in base units of their own mints. A price is output per input, net of every fee, times
`PRICE_ONE`; rounded down.
Exact: the quote for the sum of the first n stretches' inputs pays the sum of their outputs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.token import TransferFee
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, BaseUnits, SwapMode

PRICE_ONE = 1 << 128
"""Prices are integers over this, fine enough for mints of very different decimals."""


Ask = Callable[[SwapRequest], Quote | Refused]
"""A pool's `quote`, its pool and its clock given."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch: it takes `in_amount` and pays `out_amount`, from `start_price` falling on."""

    in_amount: BaseUnits
    out_amount: BaseUnits
    start_price: int


class End(NamedTuple):
    """Where a stretch ends: all input and all output up to there, and the price it began at."""

    in_total: int
    out_total: int
    start_price: int


class Stretch(NamedTuple):
    """A stretch as the pool sees it: what reaches one vault and leaves the other, and the price it
    begins at, before transfer fees."""

    taken: int
    paid: int
    start_price: int


@dataclass(frozen=True, slots=True)
class TransferFees:
    """The transfer fees of a swap's two mints now; None where a mint has none."""

    on_input: TransferFee | None
    on_output: TransferFee | None

    def ends(self, stretches: Iterable[Stretch]) -> Iterator[End]:
        """The same stretches as the trader sees them, as long as 64 bits hold what it sends."""
        taken = paid = sent = received = 0
        for stretch in stretches:
            price = self.net(stretch.start_price, sent, paid)
            sent = taken = taken + stretch.taken
            received = paid = paid + stretch.paid
            if self.on_input is not None:
                try:
                    sent += self.on_input.inverse(taken)
                except OverflowError:
                    return
            if self.on_output is not None:
                received -= self.on_output.of(paid)
            if sent > U64_MAX:
                return
            yield End(sent, received, price)

    def net(self, price: int, sent: int, paid: int) -> int:
        """What is left of a price for the unit after `sent`, when `paid` has left the vault."""
        for fee, amount in ((self.on_input, sent), (self.on_output, paid)):
            if fee is not None and fee.of(amount) < fee.maximum:
                price = price * (BPS_DENOMINATOR - fee.basis_points) // BPS_DENOMINATOR
        return price

    def fill_up(
        self, request: SwapRequest, ask: Ask, in_total: int, out_total: int
    ) -> Iterator[tuple[int, TransferFee]]:
        """Each input below the whole at which one of the two fees reaches its maximum."""
        if self.on_input is not None and (full := self.on_input.is_full_from()) < in_total:
            yield full, self.on_input
        if self.on_output is not None:
            received = self.on_output.is_full_from() - self.on_output.maximum
            if 0 < received < out_total:
                wanted = replace(request, mode=SwapMode.EXACT_OUT, amount=BaseUnits(received))
                answer = ask(wanted)
                if isinstance(answer, Quote) and answer.in_amount < in_total:
                    yield answer.in_amount, self.on_output


def segments(ends: Iterable[End]) -> tuple[Segment, ...]:
    """The stretches between these ends; one too short to pay a unit is part of the next, and left
    out if it is the last.
    """
    found: list[Segment] = []
    in_before = out_before = 0
    for end in ends:
        taken, paid = end.in_total - in_before, end.out_total - out_before
        if taken > 0 and paid > 0:
            found.append(Segment(BaseUnits(taken), BaseUnits(paid), end.start_price))
            in_before, out_before = end.in_total, end.out_total
    return tuple(found)


def walked(
    stretches: Iterable[Stretch],
    filled: tuple[int, int] | None,
    request: SwapRequest,
    ask: Ask,
    fees: TransferFees,
) -> tuple[Segment, ...]:
    """The curve that a walk through a pool found, cut where a transfer fee reaches its maximum.

    Args:
        filled: what the whole walk takes from the trader and pays it; None if it was refused on the
            way, and only the whole stretches before that are on offer.
    """
    ends = list(fees.ends(stretches))
    if filled is not None:
        ends[-1] = End(*filled, ends[-1].start_price)
    # A pool may refuse to stop where it refuses to go further.
    while filled is None and ends and not _is_paid(ends[-1], request, ask):
        ends.pop()
    return cut_at_full_fees(segments(ends), request, ask, fees)


def _is_paid(end: End, request: SwapRequest, ask: Ask) -> bool:
    answer = ask(exact_in(request, end.in_total))
    return isinstance(answer, Quote) and answer.out_amount == end.out_total


def cut_at_full_fees(
    found: tuple[Segment, ...], request: SwapRequest, ask: Ask, fees: TransferFees
) -> tuple[Segment, ...]:
    """The same curve, with a stretch in which a transfer fee reaches its maximum cut in two."""
    in_total = sum(one.in_amount for one in found)
    out_total = sum(one.out_amount for one in found)
    for cut, fee in fees.fill_up(request, ask, in_total, out_total):
        answer = ask(exact_in(request, cut))
        if isinstance(answer, Quote):
            found = tuple(_cut(found, answer, fee))
    return found


def _cut(found: tuple[Segment, ...], at: Quote, fee: TransferFee) -> Iterator[Segment]:
    taken, paid = int(at.in_amount), int(at.out_amount)
    for one in found:
        if 0 < taken < one.in_amount and 0 < paid < one.out_amount and one.start_price:
            yield Segment(BaseUnits(taken), BaseUnits(paid), one.start_price)
            # The price over a stretch is the geometric mean of those at its ends.
            price = (PRICE_ONE * paid) ** 2 // (one.start_price * taken**2)
            price = price * BPS_DENOMINATOR // (BPS_DENOMINATOR - fee.basis_points)
            left = one.in_amount - taken, one.out_amount - paid
            yield Segment(BaseUnits(left[0]), BaseUnits(left[1]), price)
        else:
            yield one
        taken, paid = taken - one.in_amount, paid - one.out_amount


def filling(request: SwapRequest, ask: Ask, most: Callable[[], int]) -> Quote | None:
    """The exact input that fills `request`, as the pool prices it; None if nothing comes of it.

    Args:
        most: the largest input the pool takes, asked for where it cannot fill the request.
    """
    answer = ask(request)
    if isinstance(answer, Quote) and request.mode is SwapMode.EXACT_IN:
        return answer if answer.out_amount else None
    amount = answer.in_amount if isinstance(answer, Quote) else most()
    wanted = request.amount if isinstance(answer, Quote) else 0
    filled, step = None, 1
    while isinstance(answer := ask(exact_in(request, amount)), Quote):
        filled = answer
        if filled.out_amount >= wanted:
            break
        # Some programs round the two modes apart: what an exact output costs may buy a little less.
        amount, step = amount + step, 2 * step
    return filled if filled is not None and filled.out_amount else None


def cost(request: SwapRequest, ask: Ask) -> BaseUnits:
    """The input that fills `request`; more than any pool takes where it cannot be filled."""
    if request.mode is SwapMode.EXACT_IN:
        return request.amount
    answer = ask(request)
    return answer.in_amount if isinstance(answer, Quote) else BaseUnits(U64_MAX)


def exact_in(request: SwapRequest, amount: int) -> SwapRequest:
    """The same two mints, with `amount` of the input fixed."""
    return SwapRequest(
        in_mint=request.in_mint,
        out_mint=request.out_mint,
        mode=SwapMode.EXACT_IN,
        amount=BaseUnits(amount),
    )
