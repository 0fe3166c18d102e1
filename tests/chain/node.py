"""A node that answers what a test tells it to, byte by byte, and remembers what it was asked."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

KEY = "CANARY-4f1d8a"


@dataclass
class Exchange:
    """One request that was read in full, and the connection it came on."""

    request: dict[str, Any]
    writer: asyncio.StreamWriter

    @property
    def request_id(self) -> int:
        return self.request["id"]


Behaviour = Callable[[Exchange], Awaitable[None]]


@dataclass
class Node:
    """What came: connections, and requests that were read."""

    url: str
    behaviour: Behaviour
    connections: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)


@asynccontextmanager
async def running_node(behaviour: Behaviour, reads: bool = True) -> AsyncIterator[Node]:
    """A node on a port of its own. One that does not read resets every connection at once."""
    node = Node("", behaviour)
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        node.connections += 1
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            if not reads:
                return reset(writer)
            while request := await _request(reader):
                node.requests.append(request)
                await node.behaviour(Exchange(request, writer))
        except (ConnectionError, asyncio.CancelledError):
            return None
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    node.url = f"http://{KEY}-user:{KEY}-word@127.0.0.1:{port}/v2/{KEY}-path?api-key={KEY}-query"
    try:
        yield node
    finally:
        # From Python 3.12 on, a server is closed only when its connections are.
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        server.close()
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    if head.startswith(b"GET "):
        return {"id": 0, "method": "GET", "params": []}
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    body = await reader.readexactly(int(lengths[0].split(b":")[1]))
    return json.loads(body)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset, not an end."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def raw(response: bytes) -> Behaviour:
    """Write these bytes and close."""

    async def behave(exchange: Exchange) -> None:
        exchange.writer.write(response)
        exchange.writer.close()

    return behave


def body(text: str | bytes) -> Behaviour:
    """A good HTTP response with this body, in which ID stands for the request's id."""
    pattern = text.encode() if isinstance(text, str) else text

    async def behave(exchange: Exchange) -> None:
        exchange.writer.write(http(pattern.replace(b"ID", str(exchange.request_id).encode())))

    return behave


def result(value: Any) -> Behaviour:
    """The result every caller wants, or what a test makes of it."""

    async def behave(exchange: Exchange) -> None:
        reply = {"jsonrpc": "2.0", "id": exchange.request_id, "result": value}
        exchange.writer.write(http(json.dumps(reply).encode()))

    return behave


def error(code: int, message: str = "no", data: Any = None) -> Behaviour:
    """An error object in a good HTTP response."""
    told = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return body('{"jsonrpc":"2.0","id":ID,"error":' + json.dumps(told) + "}")
