"""Follow all of the caller's orders over one WebSocket, from now on or from a cursor.

Each message is an order's frame with a `cursor` beside it; `?after=` a cursor resumes behind that
message, over orders and restarts. A message `{"subscribe": [ids]}` narrows the stream to these
orders from then on, `{"subscribe": null}` widens it again.
"""

from contextlib import aclosing
from uuid import UUID

import msgspec
from litestar import websocket

from landfall.access import Caller, Scope
from landfall.api.conversation import converse, send, while_welcome
from landfall.api.errors import Problem, Refusal
from landfall.api.frames import frame_with_cursor
from landfall.api.parts import GivenParts, Parts, Socket
from landfall.pipeline.history import follow_all

SUBSCRIBED_MAX = 1_000
_CURSOR_LENGTH_MAX = 100


class _Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which orders to tell of; None for all."""

    subscribe: list[UUID] | None


class _Wanted:
    """Which orders the client wants to hear of; changes while the stream runs."""

    __slots__ = ("only",)

    def __init__(self) -> None:
        self.only: frozenset[UUID] | None = None

    def has(self, order_id: UUID) -> bool:
        """Whether the client wants this one."""
        return self.only is None or order_id in self.only


@websocket("/api/orders/ws")
async def all_updates(socket: Socket, parts: GivenParts) -> None:
    """Updates of all the caller's orders; `?after=` a cursor resumes there."""

    async def talk(caller: Caller) -> None:
        after = socket.query_params.get("after")
        if after is not None and len(after) > _CURSOR_LENGTH_MAX:
            raise Refusal(400, Problem.INVALID_PARAMETER, "after is no cursor.", "after")
        wanted = _Wanted()
        telling = _tell_all(socket, parts, caller, wanted, after)
        await while_welcome(parts, caller, telling, _listen(socket, wanted))

    await converse(socket, parts, Scope.READ, talk)


async def _tell_all(
    socket: Socket, parts: Parts, caller: Caller, wanted: _Wanted, after: str | None
) -> None:
    last = after
    stories = follow_all(parts.feed, parts.reader.log, caller.reach, after, wanted.has)
    async with aclosing(stories) as commits:
        async for cursor, commit in commits:
            await send(socket, parts, frame_with_cursor(commit, cursor), last)
            last = cursor


async def _listen(socket: Socket, wanted: _Wanted) -> None:
    """Take the client's wishes until it leaves.

    Raises:
        WebSocketDisconnect: it has.
        Refusal: a message that is no wish.
    """
    while True:
        try:
            wish = msgspec.json.decode(await socket.receive_text(), type=_Subscribe)
        except (msgspec.DecodeError, UnicodeEncodeError):
            wish = None
        if wish is None or len(wish.subscribe or ()) > SUBSCRIBED_MAX:
            raise Refusal(
                400,
                Problem.MALFORMED_BODY,
                f'Send {{"subscribe": [orderIds]}}, with at most {SUBSCRIBED_MAX} ids, or null.',
            )
        wanted.only = None if wish.subscribe is None else frozenset(wish.subscribe)
