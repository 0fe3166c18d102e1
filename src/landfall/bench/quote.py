"""`POST /api/orders/quote` while the market moves: all ways over some sixty pools, priced.

The engine has a chain of its own, whose clock moves every slot, and its pools with it.
"""

import time
from collections.abc import Iterator

import uvloop

from landfall.bench.asking import accept, quote, sizes
from landfall.bench.engine import Engine, running
from landfall.bench.figures import Figure, percentiles
from landfall.bench.keep_alive import KeepAlive
from landfall.bench.paced import paced
from landfall.bench.scale import Scale

RATE = 100.0
ORDERS_PER_SECOND = 5.0
P50_MS_MAX, P99_MS_MAX = 5.0, 25.0


def quote_over_http(scale: Scale) -> Iterator[Figure]:
    """Quotes at a hundred a second, and what one costs the engine."""
    taken, cpu_ms = uvloop.run(_measured(scale.seconds))
    yield from percentiles(
        "quote over HTTP at 100/s, while the market moves",
        "ms",
        taken,
        {50: P50_MS_MAX, 99: P99_MS_MAX},
    )
    if cpu_ms:
        yield Figure(
            what="quote over HTTP: the API's processor time",
            value=cpu_ms / len(taken),
            unit="ms",
            samples=len(taken),
            note="all that its process did meanwhile, over the quotes",
        )


async def _measured(seconds: float) -> tuple[list[float], int]:
    async with running() as engine, KeepAlive(engine.url) as http:
        random = sizes()
        await paced(lambda: quote(http, random), RATE / 4, seconds / 4)
        return await _quotes(engine, http, seconds)


async def _quotes(engine: Engine, http: KeepAlive, seconds: float) -> tuple[list[float], int]:
    random, before = sizes(), engine.cpu_ms()
    next_order = time.perf_counter()

    async def one() -> None:
        nonlocal next_order
        if time.perf_counter() >= next_order:
            next_order += 1 / ORDERS_PER_SECOND
            await accept(http)
        await quote(http, random)

    taken = await paced(one, RATE, seconds)
    return taken, (engine.cpu_ms() - before)["API"]
