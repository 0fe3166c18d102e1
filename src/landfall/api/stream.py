"""Follow an order over a WebSocket: its history first, then each commit as it happens.

A stream is a cursor over the log, not a buffer: one message is on its way at a time, and whoever
reads too slowly is closed with 1013 and the version to resume from (`after=`). Close codes: 1000
after the terminal frame; 4000 + the HTTP status for what HTTP would have answered with that status,
after a message of the same error shape; 1011 for our own faults.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from uuid import UUID

import msgspec
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from landfall import observe
from landfall.api import wire
from landfall.api.errors import Refusal, answer, refusal
from landfall.api.frames import frame
from landfall.api.orders import find, submit
from landfall.api.parts import GivenParts, Parts, Socket
from landfall.core.events import Recorded
from landfall.pipeline.history import follow

TOO_SLOW = 1013
OUR_FAULT = 1011
AFTER_MAX = 1_000_000

Talk = Callable[[], Awaitable[None]]


@websocket("/api/orders/{order_id:str}/ws")
async def order_updates(socket: Socket, order_id: FromPath[str], parts: GivenParts) -> None:
    """Updates of one order; `?after=` a version resumes there."""

    async def talk() -> None:
        after = _after(socket)
        await _tell(socket, parts, await find(parts, order_id), after)

    await _converse(socket, parts, talk)


@websocket("/api/orders/execute")
async def execute_updates(socket: Socket, parts: GivenParts) -> None:
    """With `?orderId=` updates of that order; without, the first message is an order."""

    async def talk() -> None:
        order_id = socket.query_params.get("orderId")
        if order_id is not None:
            await _tell(socket, parts, await find(parts, order_id), _after(socket))
            return
        execution = await submit(parts, await _first_message(socket, parts))
        await _send(socket, parts, wire.accepted(execution))
        log = await find(parts, str(execution.order.order_id))
        await _tell(socket, parts, log, after=0)

    await _converse(socket, parts, talk)


async def _converse(socket: Socket, parts: Parts, talk: Talk) -> None:
    """Accept, talk until done or the client is gone, and close with a code that says why."""
    await socket.accept()
    parts.sockets.open += 1
    observe.socket_opened()
    too_slow = False
    try:
        await talk()
        await socket.close(1000, "the order has ended")
    except (WebSocketDisconnect, OSError):
        pass  # The client left.
    except _TooSlow as slow:
        too_slow = True
        await _close_slow(socket, parts, slow)
    except Exception as error:  # noqa: BLE001 — the boundary: whatever it is, the client is told.
        await _close_with(socket, parts, error)
    finally:
        parts.sockets.open -= 1
        observe.socket_closed(too_slow)


async def _tell(socket: Socket, parts: Parts, log: tuple[Recorded, ...], after: int) -> None:
    """Send the order's frames; stop early if the client leaves."""
    order_id = log[0].order_id
    telling = asyncio.create_task(_tell_all(socket, parts, order_id, log, after))
    leaving = asyncio.create_task(_left(socket))
    try:
        await asyncio.wait({telling, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            raise WebSocketDisconnect(detail="the client left")
        await telling
    finally:
        for task in (telling, leaving):
            task.cancel()
        await asyncio.gather(telling, leaving, return_exceptions=True)


async def _tell_all(
    socket: Socket, parts: Parts, order_id: UUID, log: tuple[Recorded, ...], after: int
) -> None:
    last = after
    async with aclosing(follow(parts.feed, order_id, log, after)) as story:
        async for commit in story:
            try:
                await _send(socket, parts, frame(commit))
            except TimeoutError:
                raise _TooSlow(last) from None
            last = commit.execution.version


async def _left(socket: Socket) -> None:
    """Return when the client closes; anything it sends meanwhile is ignored."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send(socket: Socket, parts: Parts, message: msgspec.Struct) -> None:
    async with asyncio.timeout(parts.config.send_timeout_ms / 1000):
        await socket.send_text(msgspec.json.encode(message).decode())


async def _first_message(socket: Socket, parts: Parts) -> bytes:
    try:
        async with asyncio.timeout(parts.config.first_message_timeout_ms / 1000):
            return (await socket.receive_text()).encode("utf-8", "surrogatepass")
    except TimeoutError:
        raise Refusal(
            408, "no_order", "No order was sent; the first message must be one."
        ) from None


def _after(socket: Socket) -> int:
    text = socket.query_params.get("after", "-1")
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(AFTER_MAX)):
        return max(-1, int(text))
    raise Refusal(400, "invalid_parameter", "after must be the number of a version.", "after")


class _TooSlow(Exception):
    """The reader did not take a message in time; `version` is the last it was sent."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


async def _close_slow(socket: Socket, parts: Parts, slow: _TooSlow) -> None:
    # The close itself waits behind what the reader has not taken, but not for ever.
    with suppress(TimeoutError, OSError, WebSocketDisconnect):
        async with asyncio.timeout(parts.config.send_timeout_ms / 1000):
            await socket.close(TOO_SLOW, f"too slow; resume with after={slow.version}")


async def _close_with(socket: Socket, parts: Parts, error: Exception) -> None:
    told = refusal(error)
    if told.status >= 500:
        observe.request_failed("WEBSOCKET", socket.url.path, error)
    code = OUR_FAULT if told.status == 500 else 4000 + told.status
    with suppress(TimeoutError, OSError, WebSocketDisconnect):
        await _send(socket, parts, answer(told))
        await socket.close(code, told.code)
