"""Choosing the route: how long it takes over how many pools, how near the bound it is, what it won.

The market is SOL against USDC on localnet's own pools of all venues, and from there on
constant-product pools whose prices lie a little apart and whose depths lie far apart.
"""

import time
from collections.abc import Iterator, Sequence
from random import Random

from landfall.bench.figures import Beside, Figure, Goal, percentile, percentiles
from landfall.bench.pools import CLOCK, all_pools
from landfall.bench.scale import Scale
from landfall.core.quote import Quote, Route, SwapRequest
from landfall.core.routing.best_pool import rank
from landfall.core.routing.best_route import Wanted, best_route
from landfall.core.routing.supplies import Supplies
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Account, BaseUnits, BasisPoints, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts
from landfall.core.venues import VENUES
from landfall.localnet.genesis import genesis_accounts
from landfall.localnet.openings.deposits import Deposit
from landfall.localnet.openings.raydium_cpmm import open_pool, pool_address
from landfall.ports import LoadedPool

SOLD, BOUGHT = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]
P50_MS_MAX, P99_MS_MAX, GAP_PPB_P99_MAX = 2.0, 10.0, 10_000
_POOLS, _COUNTS = 10, (2, 5, 10, 50, 200, 1_000)
_TRADES_SOL = (1, 10, 100, 1_000)
_GRID_PERCENT = 10
_USDC_PER_SOL, _APART_PPM, _SEED = 150, 1_500, 11


def route(scale: Scale) -> Iterator[Figure]:
    """Time, gap and gain."""
    pools = market(max(_POOLS, scale.pools))
    ten = pools[:_POOLS]
    random = Random(_SEED)
    amounts = [random.randrange(10**8, 10**12) for _ in range(scale.calls)]
    best_route_of(ten, amounts[0])
    timed = [_timed(ten, amount) for amount in amounts]
    yield from percentiles(
        "route over 10 pools, nothing known before",
        "ms",
        [taken for _, taken in timed],
        {50: P50_MS_MAX, 99: P99_MS_MAX},
    )
    known = Supplies(ten, CLOCK)
    again = [_timed(ten, amount, known)[1] for amount in amounts]
    yield Figure(
        what="route over 10 pools, later in the same slot, p50",
        value=percentile(again, 50),
        unit="ms",
        samples=len(again),
        beside=Beside(what="nothing known", value=percentile([t for _, t in timed], 50)),
    )
    gaps = [one.gap_ppb for one, _ in timed if one.gap_ppb is not None]
    yield Figure(
        what="gap to the bound over 10 pools, p99",
        value=percentile(gaps, 99) / 100_000,
        unit="bps",
        samples=len(gaps),
        goal=Goal(GAP_PPB_P99_MAX / 100_000),
    )
    for count in _COUNTS:
        if count <= scale.pools:
            taken = [_timed(pools[:count], amount)[1] for amount in amounts[: scale.rounds]]
            what = f"market of {count} pools: route, nothing known before, p50"
            yield Figure(what=what, value=percentile(taken, 50), unit="ms", samples=len(taken))
    yield from _gains(ten)


def _gains(pools: Sequence[LoadedPool]) -> Iterator[Figure]:
    """What splitting exactly wins, over one pool and over tenths."""
    for sol in _TRADES_SOL:
        amount = sol * 10**9
        best = best_route_of(pools, amount).out_amount
        single = max(answer.out_amount for answer in _answers(pools, amount))
        for what, other in (("the best single pool", single), ("tenths", _grid(pools, amount))):
            yield Figure(
                what=f"gain of {sol} SOL over {what}",
                value=(best - other) * 10_000 / other,
                unit="bps",
                samples=1,
            )


def _grid(pools: Sequence[LoadedPool], amount: int) -> int:
    """The output of a split by tenths, each given to whoever pays most for it on top."""
    part = amount * _GRID_PERCENT // 100
    given, paid = [0] * len(pools), [0] * len(pools)
    for _ in range(100 // _GRID_PERCENT):
        outs = [_out(pool, held + part) for pool, held in zip(pools, given, strict=True)]
        at = max(range(len(pools)), key=lambda each: outs[each] - paid[each])
        given[at], paid[at] = given[at] + part, outs[at]
    return sum(paid)


def _out(pool: LoadedPool, amount: int) -> int:
    answer = pool.venue.quote(pool.pool, _request(amount), CLOCK)
    return answer.out_amount if isinstance(answer, Quote) else 0


def _timed(
    pools: Sequence[LoadedPool], amount: int, known: Supplies | None = None
) -> tuple[Route, float]:
    began = time.perf_counter()
    found = best_route_of(pools, amount, known)
    return found, (time.perf_counter() - began) * 1e3


def best_route_of(pools: Sequence[LoadedPool], amount: int, known: Supplies | None = None) -> Route:
    """The route, with the pools' own quotes before it, as the engine asks for both."""
    wanted = Wanted(request=_request(amount), slippage_bps=BasisPoints(50))
    singles = rank(_answers(pools, amount), SwapMode.EXACT_IN)
    supplies = Supplies(pools, CLOCK) if known is None else known
    choice = best_route(supplies, singles, wanted, lambda _: None)
    if choice.route is None:
        raise LookupError(f"no route for {amount}: {choice.reason}")
    return choice.route


def _answers(pools: Sequence[LoadedPool], amount: int) -> list[Quote]:
    asked = (pool.venue.quote(pool.pool, _request(amount), CLOCK) for pool in pools)
    return [answer for answer in asked if isinstance(answer, Quote) and answer.out_amount]


def _request(amount: int) -> SwapRequest:
    return SwapRequest(
        in_mint=SOLD.mint, out_mint=BOUGHT.mint, mode=SwapMode.EXACT_IN, amount=BaseUnits(amount)
    )


def market(count: int) -> tuple[LoadedPool, ...]:
    """So many pools of the pair, the same for every run."""
    pair, random = {SOLD.mint, BOUGHT.mint}, Random(_SEED)
    accounts = genesis_accounts([])
    mints = {mint: accounts[mint] for mint in pair}
    born = [pool for pool in all_pools() if set(pool.pool.mints) == pair]
    more = (_made(index, random, mints) for index in range(count - len(born)))
    return (*born, *more)[:count]


def _made(index: int, random: Random, mints: dict[Pubkey, Account]) -> LoadedPool:
    sol = random.randrange(100, 100_000) * 10**9
    price = _USDC_PER_SOL * (10**6 + random.randrange(-_APART_PPM, _APART_PPM))
    deposits = (
        Deposit(token=SOLD, amount=sol),
        Deposit(token=BOUGHT, amount=sol * price // 10**9),
    )
    venue, config = VENUES["raydium_cpmm"], 1_000 + index
    accounts = {**mints, **open_pool(deposits, config_index=config)}
    answer = venue.load(pool_address(deposits, config), accounts, Slot(1))
    assert not isinstance(answer, NeedAccounts)
    return LoadedPool(venue, answer)
