"""Pages and look-ups while the history grows: they are found by key and should cost the same.

The history is made by the database itself, copies of one order that was accepted and carried.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from landfall.bench.figures import Beside, Figure, percentile
from landfall.bench.log import an_order
from landfall.bench.scale import Scale
from landfall.core.execution import Status
from landfall.ports import OrderFilter
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.event_log import PostgresEventLog
from landfall.store.migrations.migrate import migrate
from landfall.store.reader import PostgresReader

_COPIES = """
with made as (
    select gen_random_uuid() as order_id, n from generate_series($1::bigint, $2::bigint) n
), copied as (
    insert into orders select made.order_id, o.account, null, o.request_hash, o.user_id,
        o.order_type, o.accepted_at_ms - made.n, o.body
    from made, orders o where o.order_id = $3
), logged as (
    insert into order_events (order_id, version, recorded_at_ms, kind, ends_commit, body)
    select made.order_id, e.version, e.recorded_at_ms - made.n, e.kind, e.ends_commit, e.body
    from made, order_events e where e.order_id = $3
)
insert into executions (order_id, account, status, version, accepted_at_ms, updated_at_ms, attempts)
select made.order_id, x.account, 'confirmed', x.version, x.accepted_at_ms - made.n,
    x.updated_at_ms - made.n, 0
from made, executions x where x.order_id = $3
"""
_BATCH = 50_000


def history(scale: Scale) -> Iterator[Figure]:
    """The same questions at each size, beside the smallest."""
    with (
        tempfile.TemporaryDirectory(prefix="landfall-bench-") as home,
        EmbeddedPostgres(Path(home) / "data") as server,
    ):
        found = uvloop.run(_measured(server.dsn, scale))
    smallest = found[scale.history[0]]
    for size, figures in found.items():
        for what, taken in figures.items():
            beside = Beside(what=f"with {scale.history[0]:,}", value=percentile(smallest[what], 50))
            yield Figure(
                what=f"{what}, of {size:,} orders, p50",
                value=percentile(taken, 50),
                unit="ms",
                samples=len(taken),
                beside=None if size == scale.history[0] else beside,
            )


async def _measured(dsn: str, scale: Scale) -> dict[int, dict[str, list[float]]]:
    await migrate(dsn)
    pool = await connect(dsn)
    try:
        order = an_order()
        await PostgresEventLog(pool).accept(order)
        reader, size = PostgresReader(pool), 1
        found = {}
        for wanted in scale.history:
            while size < wanted:
                end = min(size + _BATCH, wanted)
                await pool.execute(_COPIES, size, end - 1, order.order_id)
                size = end
            await pool.execute("analyze")
            found[wanted] = await _asked(pool, reader, scale.calls)
        return found
    finally:
        await pool.close()


async def _asked(pool: Any, reader: PostgresReader, calls: int) -> dict[str, list[float]]:
    ids = [
        row["order_id"] for row in await pool.fetch("select order_id from orders limit $1", calls)
    ]
    first = await reader.orders(OrderFilter(limit=50))
    cursor = first.next_cursor
    filters = {
        "first page": OrderFilter(limit=50),
        "page behind a cursor": OrderFilter(limit=50, cursor=cursor),
        "page of confirmed orders": OrderFilter(account="local", status=Status.CONFIRMED, limit=50),
    }
    taken = {what: await _timed_pages(reader, wanted, calls) for what, wanted in filters.items()}
    taken["an order's log"] = [await _timed_log(reader, order_id) for order_id in ids]
    return taken


async def _timed_pages(reader: PostgresReader, wanted: OrderFilter, calls: int) -> list[float]:
    taken = []
    for _ in range(calls):
        began = time.perf_counter()
        await reader.orders(wanted)
        taken.append((time.perf_counter() - began) * 1e3)
        await asyncio.sleep(0)
    return taken


async def _timed_log(reader: PostgresReader, order_id: UUID) -> float:
    began = time.perf_counter()
    await reader.log(order_id)
    return (time.perf_counter() - began) * 1e3
