"""A choice of pools becomes quotes, to the unit: what the curves promise, the programs are asked.

The curves run through the quotes at their corners and within a few units of them in between, so the
parts of a split need little repair: they are made to sum to the amount. Only of an amount so small
that single units matter, where fees are rounded up to whole ones, parts are moved between the pools
as long as that gains.
"""

from collections.abc import Sequence
from itertools import permutations

from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.routing.crossing import Choice, Crossing
from landfall.core.routing.offers import Source
from landfall.core.values import BaseUnits, BasisPoints, ChainClock, SwapMode, ceil_div

# Below this many units of either side one unit is a tenth of a basis point or more.
_UNITS_MATTER = 10**5
_TRIES = 8


def as_drawn(crossing: Crossing, choice: Choice, mode: SwapMode) -> tuple[Quote, ...]:
    """What the chosen pools' curves say instead of quotes: within a few units, and in no time."""
    quotes = []
    for source in choice.sources:
        taken = BaseUnits(max(1, source.curve.taken(choice.level)))
        paid = BaseUnits(max(1, source.curve.paid(choice.level)))
        amount = taken if mode is SwapMode.EXACT_IN else paid
        venue, pool = source.offer.venue, source.offer.pool
        quotes.append(
            Quote(
                venue=venue.name,
                dex=venue.dex,
                pool=pool.address,
                request=SwapRequest(
                    in_mint=crossing.in_mint, out_mint=crossing.out_mint, mode=mode, amount=amount
                ),
                in_amount=taken,
                out_amount=paid,
                fee_amount=BaseUnits(0),
                fee_mint=crossing.in_mint,
                price_impact_bps=BasisPoints(0),
                context_slot=pool.context_slot,
            )
        )
    return tuple(quotes)


def in_mode(
    crossing: Crossing, choice: Choice, amount: int, clock: ChainClock
) -> tuple[Quote, ...] | Refused:
    """The amount split over the chosen pools and quoted by them, the largest part first."""
    parts = crossing.parts(choice, amount)
    answers = _asked(crossing, choice.sources, crossing.mode, parts, clock)
    if isinstance(answers, Refused):
        return answers
    if len(parts) > 1 and min(amount, choice.value) < _UNITS_MATTER:
        answers = _improved(crossing, choice.sources, answers, clock)
    return _largest_first(answers)


def fixing_output(
    crossing: Crossing, choice: Choice, amount: int, clock: ChainClock
) -> tuple[Quote, ...] | Refused:
    """Exact-out quotes that cost no more than `amount` together: the most it buys."""
    answers = in_mode(crossing, choice, amount, clock)
    if isinstance(answers, Refused):
        return answers
    by_pool = {source.address: source for source in choice.sources}
    sources = [by_pool[answer.pool] for answer in answers]
    outs = [int(answer.out_amount) for answer in answers]
    for _ in range(_TRIES):
        fixed = _asked(crossing, sources, SwapMode.EXACT_OUT, outs, clock)
        if isinstance(fixed, Refused):
            return fixed
        over = sum(quote.in_amount for quote in fixed) - amount
        if over <= 0:
            return fixed
        outs[0] -= min(outs[0] - 1, ceil_div(over * outs[0], fixed[0].in_amount) + 1)
    return _unfillable(answers[0])


def fixing_input(
    crossing: Crossing, choice: Choice, amount: int, clock: ChainClock
) -> tuple[Quote, ...] | Refused:
    """Exact-in quotes that pay no less than `amount` together: the least it costs."""
    ins = [max(1, source.curve.taken(choice.level)) for source in choice.sources]
    fixed = _asked(crossing, choice.sources, SwapMode.EXACT_IN, ins, clock)
    for _ in range(_TRIES):
        if isinstance(fixed, Refused):
            return fixed
        short = amount - sum(quote.out_amount for quote in fixed)
        if short <= 0:
            return _largest_first(fixed)
        # A pool that is at its end already takes no unit more.
        rooms = [each.curve.ins[-1] - one for each, one in zip(choice.sources, ins, strict=True)]
        roomy = rooms.index(max(rooms))
        ins[roomy] += ceil_div(short * fixed[roomy].in_amount, fixed[roomy].out_amount)
        fixed = _asked(crossing, choice.sources, SwapMode.EXACT_IN, ins, clock)
    return fixed if isinstance(fixed, Refused) else _unfillable(fixed[0])


def _asked(
    crossing: Crossing,
    sources: Sequence[Source],
    mode: SwapMode,
    amounts: Sequence[int],
    clock: ChainClock,
) -> tuple[Quote, ...] | Refused:
    quotes = []
    for source, amount in zip(sources, amounts, strict=True):
        answer = _ask(crossing, source, mode, amount, clock)
        if isinstance(answer, Refused):
            return answer
        quotes.append(answer)
    return tuple(quotes)


def _ask(
    crossing: Crossing, source: Source, mode: SwapMode, amount: int, clock: ChainClock
) -> Quote | Refused:
    request = SwapRequest(
        in_mint=crossing.in_mint,
        out_mint=crossing.out_mint,
        mode=mode,
        amount=BaseUnits(max(0, amount)),
    )
    offer = source.offer
    answer = offer.venue.quote(offer.pool, request, clock)
    if isinstance(answer, Quote) and not (answer.in_amount and answer.out_amount):
        return _unfillable(answer)
    return answer


def _improved(
    crossing: Crossing,
    sources: Sequence[Source],
    answers: tuple[Quote, ...],
    clock: ChainClock,
) -> tuple[Quote, ...]:
    """The same split after every move between two pools that gains something, large moves first."""
    quotes = list(answers)
    pairs = list(permutations(range(len(quotes)), 2))
    step = 1 << sum(_fixed(crossing, quote) for quote in quotes).bit_length()
    while step := step >> 1:
        for giver, taker in pairs:
            amounts = (
                _fixed(crossing, quotes[giver]) - step,
                _fixed(crossing, quotes[taker]) + step,
            )
            if amounts[0] <= 0:
                continue
            between = sources[giver], sources[taker]
            tried = _asked(crossing, between, crossing.mode, amounts, clock)
            if isinstance(tried, Refused):
                continue
            before = _worth(crossing, quotes[giver]) + _worth(crossing, quotes[taker])
            if sum(_worth(crossing, quote) for quote in tried) > before:
                quotes[giver], quotes[taker] = tried
    return tuple(quotes)


def _fixed(crossing: Crossing, quote: Quote) -> int:
    return quote.in_amount if crossing.mode is SwapMode.EXACT_IN else quote.out_amount


def _worth(crossing: Crossing, quote: Quote) -> int:
    """What a quote adds to the split: its output, or less its input."""
    return quote.out_amount if crossing.mode is SwapMode.EXACT_IN else -quote.in_amount


def _largest_first(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    return tuple(sorted(quotes, key=lambda quote: (-quote.out_amount, bytes(quote.pool))))


def _unfillable(quote: Quote) -> Refused:
    return Refused(
        venue=quote.venue,
        dex=quote.dex,
        pool=quote.pool,
        error="NotFilled",
        sentence="The pool's quotes do not meet what its curve offers.",
    )
