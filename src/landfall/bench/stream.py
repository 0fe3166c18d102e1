"""WebSockets: how long after its commit a change arrives, and what a listener costs in memory.

A commit is stamped by the database, on the clock of the same machine, in whole milliseconds. What
shares a later step's commit bears an earlier time than that, and is not measured. The many sockets
each follow an order of their own; those that have stalled follow everything and read nothing of it.
"""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import uvloop

from landfall.bench.asking import accept
from landfall.bench.engine import Engine, running
from landfall.bench.figures import Figure, Goal, percentiles
from landfall.bench.keep_alive import KeepAlive
from landfall.bench.paced import paced
from landfall.bench.scale import Scale
from landfall.bench.sockets import open_many, open_stalled
from landfall.client.asynchronous import AsyncClient

RATE = 50.0
P99_MS_MAX, KB_PER_SOCKET_MAX = 10.0, 25.0
STALLED_OF_ALL = 100
_TOLD_WITH_A_LATER_STEP = frozenset({"routing", "building"})
_SPARE_DESCRIPTORS = 500
_SETTLE_SECONDS = 1.0
_UNLIMITED = {"API_SOCKETS_PER_ADDRESS": "0", "API_SOCKETS_PER_KEY": "0"}
_GOALS: dict[float, float] = {50: P99_MS_MAX, 99: P99_MS_MAX}


def stream(scale: Scale) -> Iterator[Figure]:
    """The delay of every change at fifty orders a second, and the kilobytes of a socket."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sockets = max(1, min(scale.sockets, most - _SPARE_DESCRIPTORS))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            stack = AsyncExitStack()
            try:
                yield from _figures(runner, stack, scale, sockets)
            finally:
                runner.run(stack.aclose())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def _figures(
    runner: asyncio.Runner, stack: AsyncExitStack, scale: Scale, sockets: int
) -> Iterator[Figure]:
    engine = runner.run(stack.enter_async_context(running(**_UNLIMITED)))
    # Weighed first: what orders leave behind in memory is room for sockets.
    kb_each = runner.run(_memory(engine, sockets))
    few = "" if sockets == scale.sockets else "; the limit of descriptors allows no more"
    if kb_each is not None:
        yield Figure(
            what="memory of a WebSocket that listens to an order of its own",
            value=kb_each,
            unit="KB",
            samples=sockets,
            goal=Goal(KB_PER_SOCKET_MAX),
            note=f"{sockets} sockets{few}",
        )
    yield from percentiles(
        "commit to WebSocket frame, one listener at 50 orders/s",
        "ms",
        runner.run(_delays(engine, scale.seconds)),
        _GOALS,
    )
    stalled = max(1, sockets // STALLED_OF_ALL)
    runner.run(_crowd(engine, stack, sockets, stalled))
    yield from percentiles(
        f"the same beside {sockets} more, and {stalled} that have stalled",
        "ms",
        runner.run(_delays(engine, scale.seconds)),
        _GOALS,
    )


async def _delays(engine: Engine, seconds: float) -> list[float]:
    delays: list[float] = []
    async with AsyncClient(engine.url) as client, KeepAlive(engine.url) as http:

        async def listen() -> None:
            async for update in client.updates():
                if update.status not in _TOLD_WITH_A_LATER_STEP:
                    delays.append((time.time() - update.timestamp.timestamp()) * 1e3)

        async def order() -> None:
            await accept(http)

        listening = asyncio.create_task(listen())
        await asyncio.sleep(_SETTLE_SECONDS)
        await paced(order, RATE, seconds)
        await asyncio.sleep(_SETTLE_SECONDS)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
    return delays


async def _memory(engine: Engine, sockets: int) -> float | None:
    """Kilobytes that the engine's process grows by, per socket; None where nobody tells."""
    before = _resident_kb(engine.pid)
    opened = await open_many(engine.url, sockets)
    await asyncio.sleep(_SETTLE_SECONDS)
    after = _resident_kb(engine.pid)
    for each in opened:
        each.transport.abort()
    await asyncio.sleep(_SETTLE_SECONDS)
    return None if before is None or after is None else (after - before) / sockets


async def _crowd(engine: Engine, stack: AsyncExitStack, sockets: int, stalled: int) -> None:
    """Open so many and leave them open, and so many that stall."""
    opened = await open_many(engine.url, sockets)
    for each in opened + await open_stalled(engine.url, stalled):
        stack.callback(each.transport.abort)


def _resident_kb(pid: int) -> int | None:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return None
