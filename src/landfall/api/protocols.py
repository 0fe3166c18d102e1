"""HTTP and WebSocket connections as uvicorn makes them, without what they would hold for ever.

A connection costs a descriptor and memory for as long as its client likes, so each has an end that
does not depend on the client: a request must be whole within a time, and a WebSocket that was
closed is gone soon after, also if the client takes nothing of what is still to be sent.
"""

import asyncio
import socket
from asyncio import BaseTransport, TimerHandle, Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from landfall import observe

REQUEST_SECONDS_MAX = 20.0
CLOSING_SECONDS_MAX = 30.0
UNREAD_BYTES_MAX = 64 * 1024


class Gathered:
    """A transport that sends together what was written together.

    The head and the body of an answer are two writes, and would be two packets, at twice the price
    for both sides.
    """

    __slots__ = ("_transport", "_written")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._written: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        """Everything else is the transport's own."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send this with what else is written before the loop turns."""
        if not self._written:
            asyncio.get_running_loop().call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        """Close once everything is sent."""
        self._send()
        self._transport.close()

    def plain(self) -> Transport:
        """The transport itself, with nothing left to send."""
        self._send()
        return self._transport

    def _send(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()


class UpgradesOnGet(HttpToolsProtocol):
    """HTTP that leaves a POST with `Upgrade: websocket` a POST, and waits no longer than it should.

    Otherwise the WebSocket parser gets it, trips over the method, and the client waits for ever.
    """

    _late: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A client is there, and has so long to ask for something."""
        super().connection_made(Gathered(transport))  # type: ignore[arg-type]
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._in_time()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        if self._late is None:
            self._expect()

    def on_message_complete(self) -> None:
        """A request is whole."""
        self._in_time()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on it is a WebSocket."""
        self._in_time()
        self.transport = self.transport.plain()  # type: ignore[attr-defined]
        super().handle_websocket_upgrade()
        # They hold one another, and nobody needs either any more.
        self.parser = None  # type: ignore[assignment]

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        observe.http_response("UNKNOWN", 400)
        super().send_400_response(msg)

    def _should_upgrade(self) -> bool:
        return self.scope["method"] == "GET" and super()._should_upgrade()

    def _expect(self) -> None:
        self._late = self.loop.call_later(REQUEST_SECONDS_MAX, self.transport.abort)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


class Inbox:
    """What came and was not taken yet, for one taker. An `asyncio.Queue` has four queues inside."""

    __slots__ = ("_came", "_taker")

    def __init__(self) -> None:
        self._came: list[Any] = []
        self._taker: asyncio.Future[None] | None = None

    def empty(self) -> bool:
        """Whether everything was taken."""
        return not self._came

    def put_nowait(self, message: Any) -> None:
        """Something came."""
        self._came.append(message)
        if self._taker is not None and not self._taker.done():
            self._taker.set_result(None)

    async def get(self) -> Any:
        """Take the oldest, once there is one."""
        while not self._came:
            self._taker = asyncio.get_running_loop().create_future()
            await self._taker
        return self._came.pop(0)


class EndsInTime(WebSocketsSansIOProtocol):
    """A WebSocket whose closing needs no help from a client that has stopped reading."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.queue = Inbox()  # type: ignore[assignment]

    def connection_made(self, transport: BaseTransport) -> None:
        """A client is there; the system shall not keep megabytes for it that it does not read."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES_MAX)

    async def send(self, message: Any) -> None:
        """As uvicorn does; a close does not wait for its turn behind what nobody takes."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)
        if message["type"] == "websocket.accept":
            # They are as large as the rest, and nobody asks for them again.
            del self.request, self.response
        elif self.close_sent:
            self._end_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone, and so is what reads of it; the two hold one another."""
        super().connection_lost(exc)
        self.conn.parser.close()

    def keepalive_timeout(self) -> None:
        """A ping was not answered."""
        super().keepalive_timeout()
        self._end_soon()

    def _end_soon(self) -> None:
        asyncio.get_running_loop().call_later(CLOSING_SECONDS_MAX, self.transport.abort)
