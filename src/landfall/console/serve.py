"""Serve the console: NiceGUI on uvicorn, behind the same two checks that guard the API.

A page on any site can make a browser talk to 127.0.0.1, and this server trades for whoever it shows
a page to. So a Host header it does not know is refused (DNS rebinding), and so is an Origin that is
not its own (forms and WebSockets of other sites). Where other machines can reach it, nobody is
shown anything without a key of their own, even if the engine asks this machine for none.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
import uvloop
from fastapi import FastAPI
from nicegui import app as nicegui_app
from nicegui import ui

from landfall.console.engine import Engines
from landfall.console.pages import engine, orders, trade, wallet
from landfall.console.theme import DARK, PALETTES
from landfall.console.theme_head import add_head

ASSETS = Path(__file__).parent / "assets"
ASSETS_PATH = "/assets"
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
PARENT_LOOK_SECONDS = 1.0
READY = "console is ready"
RECONNECT_SECONDS = 10.0
NICENESS = 5
"""Where there is not processor time enough for both, pages wait for orders."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""Nothing is loaded from or sent to anywhere else. The framework's pages have inline scripts."""

AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """Where the console listens, which engine it shows, and whose end is its own end."""

    api: str
    host: str = "127.0.0.1"
    port: int = 3001
    allowed_hosts: frozenset[str] = frozenset()
    parent: int | None = None


def serve(options: ConsoleOptions) -> None:
    """Serve until SIGINT or SIGTERM, or until the parent is gone."""
    os.nice(NICENESS)
    engines = Engines(options.api, key_needed=options.host not in LOOPBACK_HOSTS)
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_closing(engines))
    nicegui_app.colors(primary=PALETTES[DARK]["accent"])
    nicegui_app.add_static_files(ASSETS_PATH, ASSETS, max_cache_age=0)
    add_head(ASSETS_PATH)
    for page in (trade, orders, engine, wallet):
        page.add(engines)
    ui.run_with(
        outer,
        title="Landfall",
        favicon=ASSETS / "favicon.svg",
        tailwind=False,
        language="en-US",
        reconnect_timeout=RECONNECT_SECONDS,
        binding_refresh_interval=None,
        show_welcome_message=False,
        message_history_length=200,
    )
    config = uvicorn.Config(
        guarded(outer, LOOPBACK_HOSTS | {options.host} | options.allowed_hosts),
        host=options.host,
        port=options.port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Announcing(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(server, options))


class _Announcing(uvicorn.Server):
    """Says when it listens, for whoever started it and waits; leaves signals to the program."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def startup(self, sockets: Any = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        if self.started:
            print(READY, flush=True)  # noqa: T201 — the parent reads it.


async def _run(server: uvicorn.Server, options: ConsoleOptions) -> None:
    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    serving = asyncio.create_task(server.serve())
    while not serving.done():
        if options.parent is not None and os.getppid() != options.parent:
            stop()
        await asyncio.wait({serving}, timeout=PARENT_LOOK_SECONDS)
    await serving


def _closing(engines: Engines) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await engines.close()

    return lifespan


def guarded(app: AsgiApp, allowed_hosts: frozenset[str]) -> AsgiApp:
    """The application behind the checks of Host and Origin, with the policy on every answer."""

    async def checked(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        if not may_pass(scope["headers"], allowed_hosts):
            await _refuse(scope["type"], send)
            return

        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_POLICY_HEADERS]
            await send(message)

        await app(scope, receive, with_policy)

    return checked


_POLICY_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


def may_pass(headers: list[tuple[bytes, bytes]], allowed_hosts: frozenset[str]) -> bool:
    """Whether a request names a host of ours, and comes from a page of ours if from any."""
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    origins = [value.decode("latin-1") for name, value in headers if name == b"origin"]
    if len(hosts) != 1 or _name(hosts[0]) not in allowed_hosts:
        return False
    return all(origin.partition("://")[2] == hosts[0] for origin in origins)


def _name(netloc: str) -> str | None:
    try:
        return urlsplit(f"//{netloc}").hostname
    except ValueError:
        return None


async def _refuse(kind: str, send: Any) -> None:
    if kind == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    body = b"This console is not known by that name, or not to be used from that page.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
