"""`POST /api/orders/execute`: from the request to the answer that the order is durable.

Beside it stands `GET /health`, which the same server answers without doing anything. What is
accepted is carried meanwhile, by the worker beside the API.
"""

from collections.abc import Iterator

import uvloop

from landfall.bench.asking import accept
from landfall.bench.engine import running
from landfall.bench.figures import Beside, Figure, Goal, percentile, percentiles
from landfall.bench.keep_alive import KeepAlive
from landfall.bench.paced import flat_out, paced
from landfall.bench.scale import Scale

RATE = 200.0
P50_MS_MAX, P99_MS_MAX = 3.0, 15.0
PER_SECOND_MIN = 5_000.0
_AT_ONCE = 100
_NO_PACE = {"QUEUE_PACED_FROM": "0", "QUEUE_DEPTH_MAX": "0"}


def accepting(scale: Scale) -> Iterator[Figure]:
    """At a fixed rate, and flat out."""
    taken, idle, rate = uvloop.run(_measured(scale))
    yield from percentiles(
        "POST to 201, durable, at 200/s",
        "ms",
        taken,
        {50: P50_MS_MAX, 99: P99_MS_MAX},
        Beside(what="GET /health at the same rate", value=percentile(idle, 50)),
    )
    yield Figure(
        what="orders accepted over HTTP, 100 at once",
        value=rate,
        unit="orders/s",
        samples=scale.orders,
        goal=Goal(PER_SECOND_MIN, at_least=True),
        note="the worker and this client on the same machine",
    )


async def _measured(scale: Scale) -> tuple[list[float], list[float], float]:
    async with running(**_NO_PACE) as engine, KeepAlive(engine.url) as http:

        async def order() -> None:
            await accept(http)

        async def nothing() -> None:
            await http.get("/health")

        await paced(order, RATE / 4, scale.seconds / 4)
        idle = await paced(nothing, RATE, scale.seconds / 2)
        taken = await paced(order, RATE, scale.seconds)
        return taken, idle, await flat_out(order, scale.orders, _AT_ONCE)
