"""Serve the application with uvicorn."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from landfall.api.guard import App

WEBSOCKET_MESSAGE_BYTES_MAX = 4 * 1024
PING_INTERVAL_SECONDS = 20.0


class UpgradesOnGet(HttpToolsProtocol):
    """HTTP that leaves a POST with `Upgrade: websocket` a POST.

    Otherwise the WebSocket parser gets it, trips over the method, and the client waits for ever.
    """

    def _should_upgrade(self) -> bool:
        return self.scope["method"] == "GET" and super()._should_upgrade()


class ServerWithoutSignals(uvicorn.Server):
    """A server that leaves SIGINT and SIGTERM to the program, which stops more than a server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def make_server(app: App, host: str, port: int) -> uvicorn.Server:
    """A server ready for `await server.serve()`; set `should_exit` to end it in good order.

    Compression of frames is off: it costs more memory per socket than all else together. Access
    logging is off: `observe` counts, and URLs stay out of the logs.
    """
    _allow_many_sockets()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=UpgradesOnGet,
        ws="websockets-sansio",
        ws_max_size=WEBSOCKET_MESSAGE_BYTES_MAX,
        ws_ping_interval=PING_INTERVAL_SECONDS,
        ws_ping_timeout=PING_INTERVAL_SECONDS,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    return ServerWithoutSignals(config)


def _allow_many_sockets() -> None:
    """Take as many files as the system lets this process have; the usual number is for shells."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
