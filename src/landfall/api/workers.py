"""Who carries the orders, and how close they are to their limits."""

from litestar import get

from landfall.access import Scope
from landfall.api import shapes
from landfall.api.access import permitted
from landfall.api.parts import GivenParts, HttpRequest


class WorkerWire(shapes.Wire, frozen=True, kw_only=True):
    """A process that carries orders; `silentMs` is how long it was not heard of."""

    name: str
    orders: int
    silent_ms: int


class WorkersWire(shapes.Wire, frozen=True, kw_only=True):
    """The workers and their limits.

    `rate` of `rateLimit` orders were started in the last minute, over all workers; a limit of 0 is
    none. Each carries up to `concurrency` orders at once. Limits are those this process was
    started with.
    """

    workers: list[WorkerWire]
    concurrency: int
    rate: int
    rate_limit: int


@get("/api/workers", summary="Workers and their limits")
async def workers(request: HttpRequest, parts: GivenParts) -> WorkersWire:
    """The processes that carry orders, or did until some minutes ago."""
    permitted(request, Scope.READ)
    seen = await parts.reader.workers()
    stats = await parts.reader.stats()
    return WorkersWire(
        workers=[
            WorkerWire(name=each.name, orders=each.orders, silent_ms=each.silent_ms)
            for each in seen
        ],
        concurrency=parts.config.concurrency,
        rate=stats.started_last_minute,
        rate_limit=parts.config.rate_limit,
    )
