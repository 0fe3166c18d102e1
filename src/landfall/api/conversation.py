"""What every WebSocket has in common: who may hold one, how it is spoken on, and how it ends.

One message is on its way at a time, and whoever reads too slowly is closed with 1013 and the place
to resume from (`after=`). Close codes: 1000 after the last word; 4000 + the HTTP status for what
HTTP would have answered with that status, after a message of the same error shape; 1011 for our own
faults. The key is looked at again while the socket is open: 4401 when it no longer opens anything.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from litestar.exceptions import WebSocketDisconnect

from landfall import observe
from landfall.access import Caller, Scope
from landfall.api.access import permitted
from landfall.api.errors import Problem, Refusal, answer, refusal
from landfall.api.guard import address_of
from landfall.api.leaving import Leaving
from landfall.api.parts import Parts, Socket

TOO_SLOW = 1013
OUR_FAULT = 1011

Talk = Callable[[Caller], Awaitable[None]]
Listening = Callable[[], Awaitable[None]]


class TooSlow(Exception):
    """The reader did not take a message in time; `place` is after the last it was sent."""

    def __init__(self, place: object) -> None:
        super().__init__(place)
        self.place = place


async def converse(socket: Socket, parts: Parts, needed: Scope, talk: Talk) -> None:
    """Accept, talk until done or the client is gone, and close with a code that says why."""
    await socket.accept()
    observe.socket_opened()
    too_slow = False
    try:
        caller = permitted(socket, needed)
        _take(socket, parts, caller)
        try:
            await talk(caller)
        finally:
            _give_back(socket, parts, caller)
        await socket.close(1000, "the order has ended")
    except (WebSocketDisconnect, OSError):
        pass  # The client left.
    except TooSlow as slow:
        too_slow = True
        await _close_slow(socket, parts, slow)
    except Exception as error:  # noqa: BLE001 — the boundary: whatever it is, the client is told.
        await _close_with(socket, parts, error)
    finally:
        observe.socket_closed(too_slow)
        # The framework's hold the socket that holds them; without them it is gone at once.
        del socket.receive, socket.send


async def send(socket: Socket, parts: Parts, message: msgspec.Struct, place: object = None) -> None:
    """Send one message.

    Raises:
        TooSlow: the reader does not take it; it has everything up to `place`.
    """
    await send_text(socket, parts, msgspec.json.encode(message).decode(), place)


async def send_text(socket: Socket, parts: Parts, text: str, place: object = None) -> None:
    """Send a message that is text already.

    Raises:
        TooSlow: the reader does not take it; it has everything up to `place`.
    """
    try:
        async with asyncio.timeout(parts.config.send_timeout_ms / 1000):
            await socket.send({"type": "websocket.send", "text": text, "bytes": None})
    except TimeoutError:
        raise TooSlow(place) from None


async def while_welcome(
    parts: Parts, caller: Caller, telling: Awaitable[None], listening: Listening
) -> None:
    """Tell until done; stop early if the client leaves or their key stops being good."""
    leaving = Leaving()
    ears = asyncio.create_task(_until_error(listening, leaving.leave))
    parts.welcome.watch(caller, leaving.leave)
    try:
        await telling
    except asyncio.CancelledError:
        leaving.check()
        raise
    finally:
        parts.welcome.unwatch(caller, leaving.leave)
        ears.cancel()


async def until_left(socket: Socket) -> None:
    """Wait for the client to close; anything it sends meanwhile is ignored.

    Raises:
        WebSocketDisconnect: it has.
    """
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    raise WebSocketDisconnect(detail="the client left")


def _take(socket: Socket, parts: Parts, caller: Caller) -> None:
    """Count a socket that is open.

    Raises:
        Refusal: its key or its address holds too many.
    """
    sockets, config, address = parts.sockets, parts.config, address_of(socket.scope)
    key = caller.key_id or ""
    limits = [
        (sockets.by_key[key], config.sockets_per_key if caller.key_id else 0),
        (sockets.by_address[address], config.sockets_per_address),
    ]
    if any(most and held >= most for held, most in limits):
        raise Refusal(
            429,
            Problem.TOO_MANY_SOCKETS,
            "This key or address holds as many WebSockets as it may; one on /api/orders/ws tells "
            "of all your orders.",
        )
    sockets.open += 1
    sockets.by_key[key] += 1
    sockets.by_address[address] += 1


def _give_back(socket: Socket, parts: Parts, caller: Caller) -> None:
    sockets, address = parts.sockets, address_of(socket.scope)
    sockets.open -= 1
    for counter, name in ((sockets.by_key, caller.key_id or ""), (sockets.by_address, address)):
        counter[name] -= 1
        if not counter[name]:
            del counter[name]


async def _until_error(listening: Listening, leave: Callable[[Exception], None]) -> None:
    try:
        await listening()
    except Exception as error:  # noqa: BLE001 — it is raised where it ends the conversation.
        leave(error)


async def _close_slow(socket: Socket, parts: Parts, slow: TooSlow) -> None:
    # The close itself waits behind what the reader has not taken, but not for ever.
    with suppress(TimeoutError, OSError, WebSocketDisconnect):
        async with asyncio.timeout(parts.config.send_timeout_ms / 1000):
            resume = "" if slow.place is None else f"; resume with after={slow.place}"
            await socket.close(TOO_SLOW, f"too slow{resume}")


async def _close_with(socket: Socket, parts: Parts, error: Exception) -> None:
    told = refusal(error)
    if told.status >= 500:
        observe.request_failed("WEBSOCKET", socket.url.path, error)
    code = OUR_FAULT if told.status == 500 else 4000 + told.status
    with suppress(TooSlow, TimeoutError, OSError, WebSocketDisconnect):
        await send(socket, parts, answer(told))
        await socket.close(code, told.code)
