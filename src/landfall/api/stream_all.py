"""Follow all of the caller's orders over one WebSocket, from now on or from a cursor.

Each message is an order's frame with a `cursor` beside it; `?after=` a cursor resumes behind that
message, over orders and restarts. With `?after=now` the first message is the cursor of the start
alone, so that a connection lost before any frame came can be resumed as well. A message
`{"subscribe": [ids]}` narrows the stream to these orders from then on, `{"subscribe": null}` widens
it again.
"""

from contextlib import aclosing
from uuid import UUID

import msgspec
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect

from landfall.access import Caller, Scope
from landfall.api.conversation import converse, send, send_text, while_welcome
from landfall.api.errors import Problem, Refusal
from landfall.api.parts import GivenParts, Parts, Socket
from landfall.ports import Interest

SUBSCRIBED_MAX = 1_000
_CURSOR_LENGTH_MAX = 100
_NOW = "now"


class _Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders to tell of; None for all."""

    subscribe: list[UUID] | None


class _Start(msgspec.Struct, frozen=True):
    """Where a stream starts: the first message of one that was asked for from now on."""

    cursor: str


@websocket("/api/orders/ws")
async def all_updates(socket: Socket, parts: GivenParts) -> None:
    """Updates of all the caller's orders; `?after=` a cursor, or `now`, resumes there."""

    async def talk(caller: Caller) -> None:
        after = socket.query_params.get("after")
        if after is not None and len(after) > _CURSOR_LENGTH_MAX:
            raise Refusal(400, Problem.INVALID_PARAMETER, "after is no cursor.", "after")
        interest = Interest()
        telling = _tell_all(socket, parts, caller, interest, after)
        await while_welcome(parts, caller, telling, lambda: _listen(socket, interest))

    await converse(socket, parts, Scope.READ, talk)


async def _tell_all(
    socket: Socket, parts: Parts, caller: Caller, interest: Interest, after: str | None
) -> None:
    last = await parts.feed.now() if after in (None, _NOW) else after
    if after == _NOW:
        await send(socket, parts, _Start(last))
    async with aclosing(parts.feed.follow_all(caller.reach, last, interest)) as commits:
        async for told in commits:
            text = await parts.frames.text(told)
            if text is not None:
                await send_text(socket, parts, text, last)
            last = told.cursor


async def _listen(socket: Socket, interest: Interest) -> None:
    """Take the client's wishes until it leaves.

    Raises:
        WebSocketDisconnect: it has.
        Refusal: a message that is no wish.
    """
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        try:
            wish = msgspec.json.decode(str(message.get("text") or ""), type=_Subscribe)
        except (msgspec.DecodeError, UnicodeEncodeError):
            wish = None
        if wish is None or len(wish.subscribe or ()) > SUBSCRIBED_MAX:
            raise Refusal(
                400,
                Problem.MALFORMED_BODY,
                f'Send {{"subscribe": [orderIds]}}, with at most {SUBSCRIBED_MAX} ids, or null.',
            )
        interest.change(None if wish.subscribe is None else frozenset(wish.subscribe))
    raise WebSocketDisconnect(detail="the client left")
