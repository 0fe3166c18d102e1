"""A WebSocket server between the engine and a node, which does to the stream what a test wants."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

Change = Callable[[str], list[str]]
"""What becomes of a frame on its way to the engine: the frames that go on instead."""


def untouched(frame: str) -> list[str]:
    return [frame]


@dataclass
class Relay:
    """`to_client` and `to_node` change what passes. `connections` counts all there were.

    `asked` is what the last of them was asked.
    """

    url: str = ""
    to_client: Change = untouched
    to_node: Change = untouched
    connections: int = 0
    refusing: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    open: set[web.WebSocketResponse] = field(default_factory=set)

    def mute(self) -> None:
        """Swallow all that the node says, on connections that stay open."""
        self.to_client = lambda frame: []

    async def cut(self) -> None:
        """Close every connection."""
        for socket in [*self.open]:
            await socket.close()

    async def say(self, frame: str) -> None:
        """Say something that the node did not."""
        for socket in [*self.open]:
            await socket.send_str(frame)

    def numbers_of(self, address: str) -> set[int]:
        """Request ids under which an account was subscribed to."""
        return {
            each["id"]
            for each in self.asked
            if each["method"] == "accountSubscribe" and each["params"][0] == address
        }


def forgetting(relay: Relay, address: str) -> Change:
    """The node tells of every account but this one, whose subscriptions it has confirmed."""
    numbers: set[int] = set()

    def change(frame: str) -> list[str]:
        told = json.loads(frame)
        if told.get("id") in relay.numbers_of(address):
            numbers.add(told["result"])
        is_about = told.get("method") and told["params"]["subscription"] in numbers
        return [] if is_about else [frame]

    return change


@asynccontextmanager
async def running_relay(node_url: str) -> AsyncIterator[Relay]:
    """A relay on a port of its own."""
    relay = Relay()

    async def serve(request: web.Request) -> web.StreamResponse:
        relay.connections += 1
        if relay.refusing:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async with aiohttp.ClientSession() as session, session.ws_connect(node_url) as node:
            relay.asked.clear()
            relay.open.add(socket)
            ways = [
                asyncio.create_task(pass_on(socket, node, from_client=True)),
                asyncio.create_task(pass_on(node, socket, from_client=False)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            relay.open.discard(socket)
            await socket.close()
        return socket

    async def pass_on(source: Any, target: Any, from_client: bool) -> None:
        async for message in source:
            if from_client:
                relay.asked.append(json.loads(message.data))
            change = relay.to_node if from_client else relay.to_client
            for frame in change(message.data):
                await target.send_str(frame)

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    relay.url = f"ws://127.0.0.1:{port}/"
    try:
        yield relay
    finally:
        await relay.cut()
        await runner.cleanup()
