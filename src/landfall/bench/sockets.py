"""WebSockets that cost their client next to nothing: they answer pings, and count what they get.

A client that parses ten thousand streams on the machine of the engine would measure itself.
"""

import asyncio
import json
import socket
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

from landfall.bench.keep_alive import NoAnswer

_AT_ONCE = 50
_MASK = b"\0\0\0\0"
_PING, _PONG, _TEXT = 0x89, 0x8A, 0x81
_SHORT_MAX = 125
_STALLED_BUFFER_BYTES = 4096
_HANDSHAKE = (
    "GET /api/orders/ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: bGFuZGZhbGwgYmVuY2hlcw==\r\n\r\n"
)


class Listening(asyncio.Protocol):
    """One WebSocket; `opened` is done once it is one, and `is_lost` when it is gone."""

    __slots__ = ("is_lost", "opened", "transport")

    def __init__(self) -> None:
        self.opened: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()
        self.is_lost = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """The handshake's answer at first; then frames, of which only pings matter."""
        if self.opened is not None:
            if b" 101 " in data:
                self.opened.set_result(None)
            else:
                self.opened.set_exception(NoAnswer(f"no WebSocket: {data.decode()}"))
            self.opened = None
        elif data[0] == _PING:
            payload = data[2 : 2 + data[1]]
            self.transport.write(bytes((_PONG, 0x80 | len(payload))) + _MASK + payload)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.is_lost = True
        if self.opened is not None and not self.opened.done():
            self.opened.set_exception(NoAnswer(f"no WebSocket: {exc}"))

    def narrow_to(self, order_id: UUID) -> None:
        """Hear of one order alone."""
        wish = json.dumps({"subscribe": [str(order_id)]}).encode()
        assert len(wish) <= _SHORT_MAX
        self.transport.write(bytes((_TEXT, 0x80 | len(wish))) + _MASK + wish)


async def open_many(url: str, count: int) -> list[Listening]:
    """So many WebSockets, each to an order of its own.

    Raises:
        NoAnswer: one was refused.
    """
    found: list[Listening] = []
    waiting = iter(range(count))

    async def lane() -> None:
        for number in waiting:
            listening = await _open(url)
            listening.narrow_to(UUID(int=number))
            found.append(listening)

    await asyncio.gather(*(lane() for _ in range(_AT_ONCE)))
    return found


async def open_stalled(url: str, count: int) -> list[Listening]:
    """So many that take nothing of what they are sent."""
    found = []
    for _ in range(count):
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STALLED_BUFFER_BYTES)
        found.append(await _open(url, narrow))
        found[-1].transport.pause_reading()
    return found


async def _open(url: str, through: socket.socket | None = None) -> Listening:
    at = urlsplit(url)
    loop = asyncio.get_running_loop()
    if through is None:
        _, listening = await loop.create_connection(Listening, at.hostname or "", at.port or 80)
    else:
        through.setblocking(False)
        await loop.sock_connect(through, (at.hostname, at.port))
        _, listening = await loop.create_connection(Listening, sock=through)
    assert listening.opened is not None
    opened = listening.opened
    listening.transport.write(_HANDSHAKE.format(host=at.netloc).encode())
    await opened
    return listening
