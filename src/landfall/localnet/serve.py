"""Runs a node: opens its ports, lets its slots pass, and stops it in good order.

The only module of localnet that knows the time, the network and the process it lives in.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import struct
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
import uvloop

from landfall.localnet.app import Address, App
from landfall.localnet.faults.faults import Faults
from landfall.localnet.node import Node
from landfall.localnet.options import BadOption, LocalnetOptions, check_options, read_faults
from landfall.localnet.programs import STAND_INS, StandIn
from landfall.localnet.start import opened_node

PARENT_POLL_SECONDS = 0.5
DRAIN_SECONDS = 2
KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep an idle connection, so that none is closed under a request."""


@dataclass(frozen=True, slots=True)
class RunningLocalnet:
    """A node that can be reached. `node` may also be driven by hand, from the same event loop.

    `ticking` ends only by failing: slots that no longer pass.
    """

    node: Node
    rpc_url: str
    ws_url: str
    second_ws_url: str | None
    ticking: asyncio.Task[None]
    faults: Faults


@asynccontextmanager
async def running_localnet(
    options: LocalnetOptions, stand_ins: Sequence[StandIn] = STAND_INS
) -> AsyncIterator[RunningLocalnet]:
    """A node on its ports, for as long as the block lasts.

    Raises:
        BadOption: the options cannot be used, or the port is taken.
    """
    check_options(options)
    faults = Faults(read_faults(options), options.seed)
    listener = _listen(options.host, options.port)
    if listener is None:
        raise BadOption(
            f"Port {options.port} on {options.host} is in use. Stop what runs there, "
            "or choose another with --port."
        )
    port = listener.getsockname()[1]
    second = _listen(options.host, port + 1) if options.port else None
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(each) for each in (listener, second) if each is not None]
        node = held.enter_context(opened_node(options, stand_ins, int(time.time())))
        shown = f"[{options.host}]" if ":" in options.host else options.host
        node.cluster.remember(faults.stale_slots())
        async with _served(node, faults, listeners), _ticking(node, options.slot_ms) as ticking:
            yield RunningLocalnet(
                node,
                f"http://{shown}:{port}",
                f"ws://{shown}:{port}",
                None if second is None else f"ws://{shown}:{port + 1}",
                ticking,
                faults,
            )


@asynccontextmanager
async def _served(
    node: Node, faults: Faults, listeners: list[socket.socket]
) -> AsyncIterator[None]:
    def cut(client: Address) -> None:
        _reset(server, client)

    app = App(node, faults, cut)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            loop="none",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=1 << 20,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )
    # `Server.serve` would take over the process's signals; these are its three steps without that.
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=listeners)
    running = asyncio.create_task(server.main_loop())
    try:
        yield
    finally:
        server.should_exit = True
        await running
        app.stop()
        await server.shutdown(sockets=listeners)


def _reset(server: uvicorn.Server, client: Address) -> None:
    """End a client's connection with a reset in the place of a farewell."""
    for connection in list(server.server_state.connections):
        transport = connection.transport
        if transport.get_extra_info("peername")[:2] == client[:2]:
            # Lingering for no time at all is what makes the kernel send a reset.
            linger = struct.pack("ii", 1, 0)
            held = transport.get_extra_info("socket")
            held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()


@asynccontextmanager
async def _ticking(node: Node, slot_ms: int) -> AsyncIterator[asyncio.Task[None]]:
    ticking = asyncio.create_task(_tick(node, slot_ms / 1000))
    try:
        yield ticking
    finally:
        ticking.cancel()
        await asyncio.wait({ticking})


async def serve(options: LocalnetOptions) -> None:
    """Run until SIGTERM or SIGINT, or until the parent dies where that was asked for.

    Raises:
        BadOption: as `running_localnet`.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    parent = options.parent
    watcher = None if parent is None else asyncio.create_task(_watch_parent(parent, stop))
    async with running_localnet(options) as running:
        _announce(options, running)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, running.ticking}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        _tell_faults(running.faults)
        if running.ticking.done():
            running.ticking.result()
    if watcher is not None:
        watcher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watcher


def run(options: LocalnetOptions) -> int:
    """Serve in an event loop of its own. Returns the exit code."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(options))
    except BadOption as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except sqlite3.Error as error:
        sys.stderr.write(f"The chain cannot be written any more: {error}.\n")
        return 1
    return 0


def _announce(options: LocalnetOptions, running: RunningLocalnet) -> None:
    port = running.rpc_url.rpartition(":")[2]
    extra = running.second_ws_url
    websockets = running.ws_url if extra is None else f"{running.ws_url} and {extra}"
    if extra is None:
        sys.stderr.write(
            f"Port {int(port) + 1} is in use, so WebSockets are served on {port} only.\n"
        )
    kept = "in memory" if options.data is None else f"in {options.data}"
    sys.stdout.write(
        f"localnet is ready: RPC on {running.rpc_url}, WebSocket on {websockets}, chain {kept}, "
        f"genesis {running.node.cluster.genesis_hash}, a slot every {options.slot_ms} ms\n"
    )
    sys.stdout.flush()


def _tell_faults(faults: Faults) -> None:
    for dice in faults.counted:
        sys.stdout.write(f"fault {dice.rule.text!r}: {dice.struck} of {dice.seen}\n")
    sys.stdout.flush()


async def _tick(node: Node, slot_seconds: float) -> None:
    """Slots keep their rhythm; a late one is not made up for. At 0 seconds none passes."""
    if not slot_seconds:
        await asyncio.Event().wait()
    loop = asyncio.get_running_loop()
    due = loop.time() + slot_seconds
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        node.advance(int(time.time()))
        due = max(due + slot_seconds, loop.time())


async def _watch_parent(parent: int, stop: asyncio.Event) -> None:
    """Stop once the parent is gone. It is told by number: it may be gone before we first look."""
    # A process whose parent dies is given another one; nothing announces it.
    while os.getppid() == parent and not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PARENT_POLL_SECONDS)
    stop.set()


def _listen(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        return None
    listener.setblocking(False)
    return listener
