"""WebSockets: how long after its commit a change arrives, and what a listener costs in memory.

A commit is stamped by the database, on the clock of the same machine, in whole milliseconds.
"""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from landfall.bench.asking import accept
from landfall.bench.engine import Engine, running
from landfall.bench.figures import Figure, Goal, percentiles
from landfall.bench.keep_alive import KeepAlive
from landfall.bench.paced import paced
from landfall.bench.scale import Scale
from landfall.client.asynchronous import AsyncClient

RATE = 50.0
P99_MS_MAX, KB_PER_SOCKET_MAX = 10.0, 25.0
_SPARE_DESCRIPTORS = 500
_AT_ONCE = 50
_SETTLE_SECONDS = 1.0
_UNLIMITED = {"API_SOCKETS_PER_ADDRESS": "0", "API_SOCKETS_PER_KEY": "0"}
_HANDSHAKE = (
    "GET /api/orders/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGFuZGZhbGwgYmVuY2hlcw==\r\n\r\n"
)


def stream(scale: Scale) -> Iterator[Figure]:
    """The delay of every change at fifty orders a second, and the kilobytes of a socket."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    sockets = max(1, min(scale.sockets, soft - _SPARE_DESCRIPTORS))
    delays, kb_each = uvloop.run(_measured(scale, sockets))
    yield from percentiles(
        "commit to WebSocket frame, one listener at 50 orders/s",
        "ms",
        delays,
        {50: P99_MS_MAX, 99: P99_MS_MAX},
    )
    if kb_each is not None:
        few = f"; the limit of {soft} descriptors allows no more" if sockets < scale.sockets else ""
        yield Figure(
            what="memory of a WebSocket that listens to all orders",
            value=kb_each,
            unit="KB",
            samples=sockets,
            goal=Goal(KB_PER_SOCKET_MAX),
            note=f"{sockets} sockets{few}",
        )


async def _measured(scale: Scale, sockets: int) -> tuple[list[float], float | None]:
    async with running(**_UNLIMITED) as engine:
        delays = await _delays(engine, scale.seconds)
        return delays, await _memory(engine, sockets)


async def _delays(engine: Engine, seconds: float) -> list[float]:
    delays: list[float] = []
    async with AsyncClient(engine.url) as client, KeepAlive(engine.url) as http:

        async def listen() -> None:
            async for update in client.updates():
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
    if before is None:
        return None
    writers: list[asyncio.StreamWriter] = []
    waiting = iter(range(sockets))

    async def lane() -> None:
        for _ in waiting:
            writers.append(await _open(engine.url))

    try:
        await asyncio.gather(*(lane() for _ in range(_AT_ONCE)))
        await asyncio.sleep(_SETTLE_SECONDS)
        after = _resident_kb(engine.pid)
        return None if after is None else (after - before) / sockets
    finally:
        for writer in writers:
            writer.close()


async def _open(url: str) -> asyncio.StreamWriter:
    at = urlsplit(url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(_HANDSHAKE.format(host=at.netloc).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 101 " not in head:
        raise ConnectionError(f"no WebSocket: {head.decode()}")
    return writer


def _resident_kb(pid: int) -> int | None:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return None
