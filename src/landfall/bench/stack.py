"""Everything together: orders over HTTP, carried, signed, landed on localnet and confirmed.

Chain, database, engine and this client share the machine, so its cores are the limit.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator

import msgspec
import uvloop

from landfall.bench.asking import accept
from landfall.bench.engine import running
from landfall.bench.figures import Figure, Goal
from landfall.bench.keep_alive import KeepAlive, NoAnswer
from landfall.bench.paced import flat_out
from landfall.bench.scale import Scale

PER_SECOND_MIN = 300.0
_AT_ONCE = 50
_LOOK_SECONDS = 0.1
_WARM_ORDERS = 20
_SECONDS_MAX = 300


class _Stats(msgspec.Struct, rename="camel"):
    completed: int
    failed: int


def stack(scale: Scale) -> Iterator[Figure]:
    """Orders confirmed a second, from the first POST to the last confirmation."""
    rate, failed, taken_ms = uvloop.run(_measured(scale.orders))
    yield Figure(
        what="whole stack on localnet, confirmed on the SVM",
        value=rate,
        unit="orders/s",
        samples=scale.orders,
        goal=Goal(PER_SECOND_MIN, at_least=True),
        note=f"{failed} failed",
    )
    for part, cpu_ms in taken_ms.items():
        yield Figure(
            what=f"whole stack: {part}'s processor time per order",
            value=cpu_ms / scale.orders,
            unit="ms",
            samples=scale.orders,
        )


async def _measured(orders: int) -> tuple[float, int, Counter[str]]:
    async with running(QUEUE_PACED_FROM="0") as engine, KeepAlive(engine.url) as http:

        async def one() -> None:
            await accept(http)

        await flat_out(one, _WARM_ORDERS, _AT_ONCE)
        await _ended(http, _WARM_ORDERS)
        before, began = engine.cpu_ms(), time.perf_counter()
        await flat_out(one, orders, _AT_ONCE)
        stats = await _ended(http, _WARM_ORDERS + orders)
        rate = (stats.completed - _WARM_ORDERS) / (time.perf_counter() - began)
        return rate, stats.failed, engine.cpu_ms() - before


async def _ended(http: KeepAlive, orders: int) -> _Stats:
    deadline = time.perf_counter() + _SECONDS_MAX
    while time.perf_counter() < deadline:
        status, content = await http.get("/api/queue/stats")
        stats = msgspec.json.decode(content, type=_Stats) if status == 200 else _Stats(0, 0)
        if stats.completed + stats.failed >= orders:
            return stats
        await asyncio.sleep(_LOOK_SECONDS)
    raise NoAnswer(f"{orders} orders had not ended after {_SECONDS_MAX} seconds")
