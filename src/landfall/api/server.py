"""Serve the application with uvicorn."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from landfall.api.asgi import App
from landfall.api.protocols import EndsInTime, UpgradesOnGet

WEBSOCKET_MESSAGE_BYTES_MAX = 4 * 1024
PING_INTERVAL_SECONDS = 20.0


class ServerWithoutSignals(uvicorn.Server):
    """A server that leaves SIGINT and SIGTERM to the program, which stops more than a server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


def make_server(app: App, host: str, port: int) -> uvicorn.Server:
    """A server ready for `await server.serve()`; set `should_exit` to end it in good order.

    Compression of frames is off: it costs more memory per socket than all else together. Access
    logging is off: `observe` counts, and URLs stay out of the logs. What is wrong with requests is
    not logged either, or whoever sends wrong ones could fill the disk.
    """
    _allow_many_sockets()
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=UpgradesOnGet,
        ws=EndsInTime,
        ws_max_size=WEBSOCKET_MESSAGE_BYTES_MAX,
        ws_ping_interval=PING_INTERVAL_SECONDS,
        ws_ping_timeout=PING_INTERVAL_SECONDS,
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="error",
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
