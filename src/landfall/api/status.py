"""How the engine is: liveness, health of its parts, the queue's counts, metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import msgspec
from litestar import MediaType, Response, get

from landfall import observe
from landfall.access import Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.aliases import HEALTH, QUEUE_STATS
from landfall.api.market_wire import market
from landfall.api.parts import GivenParts, HttpRequest

DRAINING = "draining"


class Alive(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers; `status` is ok or draining."""

    status: str


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One part: whether it is well, how long it took to say so, and what kind of error it gave."""

    ok: bool
    latency_ms: float
    error: str | None


class HealthDetail(msgspec.Struct, frozen=True, kw_only=True):
    """All parts; `status` is ok only if every one is, and draining once told to stop."""

    status: str
    checks: dict[str, Health]


@get(list(HEALTH), summary="Liveness")
async def health(parts: GivenParts) -> Response[Alive]:
    """Answers if the process does; asks nobody else. 503 once the process has been told to stop."""
    if parts.config.is_draining():
        return Response(Alive(status=DRAINING), status_code=503)
    return Response(Alive(status="ok"))


@get("/api/health/detailed", summary="Health of every part")
async def health_detailed(request: HttpRequest, parts: GivenParts) -> Response[HealthDetail]:
    """Database, chain, queue and worker, asked at the same time; 503 if one is not well."""
    permitted(request, Scope.READ)
    timeout = parts.config.health_timeout_ms / 1000
    answers = await asyncio.gather(*(_ask(check, timeout) for check in parts.health.values()))
    checks = dict(zip(parts.health, answers, strict=True))
    draining = parts.config.is_draining()
    well = all(each.ok for each in answers) and not draining
    status = DRAINING if draining else "ok" if well else "degraded"
    detail = HealthDetail(status=status, checks=checks)
    return Response(detail, status_code=200 if well else 503)


@get(list(QUEUE_STATS), summary="Counts of the queue")
async def queue_stats(request: HttpRequest, parts: GivenParts) -> shapes.QueueWire:
    """Orders by what is happening to them, workers, and this process's WebSockets."""
    permitted(request, Scope.READ)
    return wire.queue(await parts.reader.stats(), parts.sockets.open)


@get("/api/orders/stats", summary="Counts of the queue and of WebSockets")
async def order_stats(request: HttpRequest, parts: GivenParts) -> shapes.StatsWire:
    """The same counts, nested."""
    permitted(request, Scope.READ)
    return wire.stats(await parts.reader.stats(), parts.sockets.open)


@get("/api/metrics", summary="How venues did lately")
async def market_metrics(request: HttpRequest, parts: GivenParts) -> shapes.MarketWire:
    """Per venue: quotes, refusals, wins, ends, latencies, volumes; and exchanges' spreads."""
    permitted(request, Scope.READ)
    return market(await parts.market.read())


@get("/metrics", media_type=MediaType.TEXT, summary="Metrics for Prometheus")
async def metrics(request: HttpRequest, parts: GivenParts) -> Response[bytes]:
    """Metrics in Prometheus's text format: of this process, and of a worker started with it."""
    permitted(request, Scope.READ)
    ask = parts.config.worker_metrics
    of_worker = None if ask is None else await ask()
    ours = observe.metrics()
    told = ours if of_worker is None else observe.together((ours, of_worker))
    return Response(told, media_type=observe.METRICS_CONTENT_TYPE)


async def _ask(check: Callable[[], Awaitable[None]], timeout_s: float) -> Health:
    began = time.perf_counter()
    error: str | None = None
    try:
        async with asyncio.timeout(timeout_s):
            await check()
    except Exception as caught:  # noqa: BLE001 — a check that raises is the answer, whatever it raises.
        error = type(caught).__name__
    return Health(
        ok=error is None,
        latency_ms=round((time.perf_counter() - began) * 1000, 2),
        error=error,
    )
