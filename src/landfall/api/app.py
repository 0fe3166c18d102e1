"""Join the handlers into one ASGI application."""

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from landfall import __version__
from landfall.api import describe, orders, status, stream
from landfall.api.errors import answer_error
from landfall.api.guard import App, guarded
from landfall.api.parts import ApiConfig, HealthChecks, Parts
from landfall.ports import Feed, Reader, World

__all__ = ["ApiConfig", "HealthChecks", "create_app"]


def create_app(
    world: World, reader: Reader, feed: Feed, health: HealthChecks, config: ApiConfig
) -> App:
    """The API over these ports; `server.py` serves it."""
    parts = Parts(world=world, reader=reader, feed=feed, health=health, config=config)
    app = Litestar(
        route_handlers=[
            orders.execute,
            orders.quote,
            orders.order,
            orders.orders,
            stream.order_updates,
            stream.execute_updates,
            status.health,
            status.health_detailed,
            status.queue_stats,
            status.order_stats,
            status.metrics,
            describe.page,
        ],
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False)},
        exception_handlers={Exception: answer_error},
        response_headers={"cache-control": "no-store", "x-content-type-options": "nosniff"},
        request_max_body_size=config.body_bytes_max,
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
    return guarded(app, config.allowed_hosts)
