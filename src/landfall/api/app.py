"""Join the handlers into one ASGI application."""

import time

from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from landfall import __version__
from landfall.api import (
    asgi,
    cluster,
    describe,
    listing,
    orders,
    page,
    placing,
    status,
    stream,
    stream_all,
    tickets,
    wallet,
    workers,
)
from landfall.api.access import Access
from landfall.api.admission import Admission
from landfall.api.errors import answer_error
from landfall.api.guard import Guard, guarded
from landfall.api.limits import Buckets
from landfall.api.market_wire import LatestMarket
from landfall.api.parts import ApiConfig, HealthChecks, Parts
from landfall.api.shared_frames import SharedFrames
from landfall.api.welcome import Welcome
from landfall.ports import Feed, Keys, Reader, World

__all__ = ["ApiConfig", "HealthChecks", "create_app"]

ROUTES = (
    placing.execute,
    orders.quote,
    orders.cancel_order,
    orders.delete_order,
    orders.order,
    listing.orders,
    stream.order_updates,
    stream.execute_updates,
    stream_all.all_updates,
    tickets.ws_ticket,
    status.health,
    status.health_detailed,
    status.queue_stats,
    status.order_stats,
    status.market_metrics,
    status.metrics,
    cluster.cluster,
    workers.workers,
    wallet.wallet,
    wallet.tokens,
    wallet.token,
    describe.page,
    page.page,
)


def create_app(
    world: World, reader: Reader, feed: Feed, keys: Keys, health: HealthChecks, config: ApiConfig
) -> asgi.App:
    """The API over these ports; `server.py` serves it."""
    access = Access(keys, world.clock, config.anonymous)
    parts = Parts(
        world=world,
        reader=reader,
        feed=feed,
        frames=SharedFrames(reader.log),
        access=access,
        welcome=Welcome(access, config.recheck_ms),
        admission=Admission(
            reader,
            waiting_max=config.waiting_orders_max,
            open_max=config.open_orders_max,
            paced_from=config.paced_from,
            busy_from=config.busy_from,
            has_room=config.has_room,
            is_draining=config.is_draining,
            now_s=time.monotonic,
        ),
        market=LatestMarket(reader, time.monotonic),
        health=health,
        config=config,
    )
    app = Litestar(
        route_handlers=ROUTES,
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False)},
        exception_handlers={Exception: answer_error},
        response_headers=asgi.ALWAYS,
        cors_config=_cors(config.allowed_origins),
        openapi_config=OpenAPIConfig(
            title="Landfall",
            version=__version__,
            description=describe.INTRODUCTION,
            path="/openapi.json",
            render_plugins=[JsonRenderPlugin(path="/")],
            use_handler_docstrings=True,
        ),
        logging_config=None,  # The framework's would log every client request of the process.
        debug=False,
    )
    describe.complete(app.openapi_schema)
    guard = Guard(
        allowed_hosts=config.allowed_hosts,
        allowed_origins=config.allowed_origins,
        access=access,
        by_key=Buckets(config.requests_per_key, time.monotonic),
        by_address=Buckets(config.requests_per_address, time.monotonic),
    )
    return guarded(_short_cut(app, placing.placing(parts)), guard)


def _short_cut(app: asgi.App, place: asgi.App) -> asgi.App:
    """The application, but orders are placed past it, unless a page elsewhere needs its headers."""

    async def routed(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        is_short = (
            scope["path"] == placing.PATH
            and scope.get("method") == "POST"
            and not asgi.header(scope, b"origin")
        )
        await (place if is_short else app)(scope, receive, send)

    return routed


def _cors(allowed_origins: frozenset[str]) -> CORSConfig | None:
    """What browsers are told of pages that may come from elsewhere; nothing if none may."""
    if not allowed_origins:
        return None
    return CORSConfig(
        allow_origins=sorted(allowed_origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "x-api-key"],
        expose_headers=["location", "retry-after", "idempotent-replayed"],
        max_age=600,
    )
