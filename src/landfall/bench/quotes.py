"""How long one pool takes to answer: a price, a price across ticks or bins, and its own bytes.

The pools are those that localnet is born with, one of each venue. A quote within one tick array or
bin is small; one that crosses some is large, and each crossing costs the difference. Where the
program's official TypeScript SDK quotes without a network, it is asked the same in the same run.
"""

from collections.abc import Iterator
from functools import partial

from landfall.bench.figures import Beside, Figure, Goal, microseconds_per_call
from landfall.bench.official_sdks import Answer, NotThere, answers, asked_of
from landfall.bench.pools import CLOCK, pools_of
from landfall.bench.scale import Scale
from landfall.core.quote import Quote, SwapRequest
from landfall.core.values import Accounts, BaseUnits, Slot, SwapMode
from landfall.core.venue import AnyVenue, Pool
from landfall.core.venues import VENUES
from landfall.localnet.genesis import genesis_accounts

RANGED = {"raydium_clmm", "meteora_dlmm"}
"""Venues whose liquidity lies in ranges: a large swap crosses from one to the next."""
QUOTE_US_MAX, RANGED_QUOTE_US_MAX, DECODE_US_MAX = 15.0, 60.0, 100.0
SMALL, LARGE = 10_000, 50
"""A small swap is this fraction of what the pool holds, a large one that."""


def quotes(scale: Scale) -> Iterator[Figure]:
    """Each venue's quote and decoding, and a crossing where it has any."""
    born = genesis_accounts([])
    sdks, note = _asked_of_sdks(born)
    for venue in VENUES.values():
        loaded, accounts = next(pools_of(venue, born))
        pool = loaded.pool
        yield from _of_pool(venue, pool, scale, sdks.get(venue.name), note)
        yield Figure(
            what=f"{venue.name}: decode {len(accounts)} accounts",
            value=microseconds_per_call(
                partial(venue.load, pool.address, accounts, Slot(1)),
                calls=max(1, scale.calls // 5),
                rounds=scale.rounds,
            ),
            unit="µs",
            samples=max(1, scale.calls // 5) * scale.rounds,
            goal=Goal(DECODE_US_MAX),
        )


def _asked_of_sdks(born: Accounts) -> tuple[dict[str, Answer], str]:
    """What the official SDKs say of the small swaps, and why nothing if nothing."""
    asked = {}
    for venue in VENUES.values():
        loaded, accounts = next(pools_of(venue, born))
        small = request_of(venue, loaded.pool, SMALL)
        question = asked_of(loaded.pool, accounts, small, CLOCK.unix_timestamp)
        if question is not None:
            asked[venue.name] = question
    try:
        return answers(asked), ""
    except NotThere as error:
        return {}, f"not beside the official SDKs: {error}"


def _of_pool(
    venue: AnyVenue, pool: Pool, scale: Scale, sdk: Answer | None, note: str
) -> Iterator[Figure]:
    small = request_of(venue, pool, SMALL)
    quick = _quote_us(venue, pool, small, scale)
    beside = None
    if sdk is not None:
        beside = Beside(what="the official TypeScript SDK", value=sdk.microseconds)
        answer = venue.quote(pool, small, CLOCK)
        is_same = isinstance(answer, Quote) and answer.out_amount == sdk.out_amount
        note = "the same amount" if is_same else f"the SDK says {sdk.out_amount}, not {answer}"
    yield Figure(
        what=f"{venue.name}: quote",
        value=quick,
        unit="µs",
        samples=scale.calls * scale.rounds,
        goal=Goal(RANGED_QUOTE_US_MAX if venue.name in RANGED else QUOTE_US_MAX),
        beside=beside,
        note=note,
    )
    large = request_of(venue, pool, LARGE)
    crossed = len(venue.supply(pool, large, CLOCK)) - len(venue.supply(pool, small, CLOCK))
    if crossed > 0:
        yield Figure(
            what=f"{venue.name}: each tick or bin crossed, of {crossed}",
            value=(_quote_us(venue, pool, large, scale) - quick) / crossed,
            unit="µs",
            samples=scale.calls * scale.rounds,
        )


def _quote_us(venue: AnyVenue, pool: Pool, request: SwapRequest, scale: Scale) -> float:
    return microseconds_per_call(
        lambda: venue.quote(pool, request, CLOCK), calls=scale.calls, rounds=scale.rounds
    )


def request_of(venue: AnyVenue, pool: Pool, fraction: int) -> SwapRequest:
    """A swap of one `fraction`-th of the most that halving finds the pool to take."""
    amount = 1 << 62
    while True:
        request = SwapRequest(
            in_mint=pool.mints[0],
            out_mint=pool.mints[1],
            mode=SwapMode.EXACT_IN,
            amount=BaseUnits(amount),
        )
        answer = venue.quote(pool, request, CLOCK)
        if isinstance(answer, Quote) and answer.price_impact_bps < 9_000:
            break
        amount //= 2
    return SwapRequest(
        in_mint=request.in_mint,
        out_mint=request.out_mint,
        mode=SwapMode.EXACT_IN,
        amount=BaseUnits(max(1, amount // fraction)),
    )
