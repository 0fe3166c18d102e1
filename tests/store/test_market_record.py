"""What the log says of venues: counted from attempts as a worker records them."""

import asyncio
from dataclasses import replace

import asyncpg

from landfall.core.errors import FailureReason
from landfall.core.events import (
    AttemptFailed,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionSigned,
)
from landfall.core.values import BaseUnits, Pubkey, Slot
from landfall.ports import Claim, Held
from landfall.store.event_log import PostgresEventLog
from landfall.store.reader import PostgresReader
from tests.api.stories import BEST, CLOSED, FILL, ROUTE, SIGNED, SOL, USDC
from tests.store.stories import new_order

METEORA = replace(
    BEST,
    venue="meteora_dlmm",
    dex="meteora",
    pool=Pubkey(bytes([9] * 32)),
    out_amount=BaseUnits(224_000_000),
)


def market(*quotes, refused=()) -> RoutingStarted:
    return RoutingStarted(attempt=1, quotes=quotes, refused=refused, context_slot=Slot(77))


async def play(log: PostgresEventLog, *events) -> None:
    execution = (await log.accept(new_order())).execution
    for event in events:
        execution = await log.append(
            Claim(execution.order.order_id, 0), execution, (event,), Held.HELD
        )


async def test_wins_ends_volumes_and_spreads_are_counted_per_venue(pool: asyncpg.Pool):
    log, reader = PostgresEventLog(pool), PostgresReader(pool)
    selected = RouteSelected(attempt=1, route=ROUTE, reason="most out")
    signed = TransactionSigned(attempt=1, transaction=SIGNED)
    confirmed = TransactionConfirmed(attempt=1, fill=FILL)
    failed = AttemptFailed(attempt=1, reason=FailureReason.STALE_QUOTE, detail="old")
    await play(log, market(BEST, METEORA, refused=(CLOSED,)), selected, signed, confirmed)
    await play(log, market(BEST), selected, failed)
    await play(log, market(METEORA, replace(BEST, out_amount=BaseUnits(112_000_000))))

    record = await reader.market()
    assert record.attempts == 3
    dlmm, cpmm = record.venues
    assert (dlmm.venue, dlmm.quotes, dlmm.refusals, dlmm.asked, dlmm.won) == (
        *("meteora_dlmm", 2, 1, 2, 0),
    )
    assert (cpmm.venue, cpmm.quotes, cpmm.asked, cpmm.won) == ("raydium_cpmm", 3, 3, 2)
    assert (cpmm.confirmed, cpmm.failed) == (1, 1)
    assert cpmm.volume_in == {SOL.mint: 1_500_000_000}
    assert cpmm.volume_out == {USDC.mint: 225_000_001}
    assert dlmm.volume_in == {}
    assert cpmm.latency_p50_ms is not None
    assert cpmm.latency_p50_ms >= 0
    assert dlmm.latency_p50_ms is None
    (spread,) = record.spreads
    assert (spread.dex, spread.other, spread.attempts, spread.better) == (
        *("raydium", "meteora", 2, 1),
    )
    assert spread.max_ppm == 1_000_000
    assert spread.average_ppm == (1_000_000 + 1_000_001 * 10**6 // 224_000_000) // 2


async def test_nothing_recorded_is_nothing_counted(pool: asyncpg.Pool):
    record = await PostgresReader(pool).market()
    assert (record.attempts, record.venues, record.spreads) == (0, (), ())


async def test_load_counts_no_further_than_asked(pool: asyncpg.Pool):
    log, reader = PostgresEventLog(pool), PostgresReader(pool)
    await asyncio.gather(*(log.accept(new_order(account="a")) for _ in range(5)))
    await log.accept(new_order(account="b"))
    load = await reader.load("a", 100)
    assert (load.waiting, load.open_of_account, load.ended, load.workers) == (6, 5, 0, 0)
    assert (await reader.load("a", 3)).waiting == 3
    assert (await reader.load("b", 100)).open_of_account == 1
