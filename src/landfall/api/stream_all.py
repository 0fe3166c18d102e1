"""Follow all of the caller's orders over one WebSocket, from now on or from a cursor.

Each message is an order's frame with a `cursor` beside it; `?after=` a cursor resumes behind that
frame, over orders and restarts. With `?after=now` the first message is the cursor of the start
alone, so that a connection lost before any frame came can be resumed as well. A message
`{"subscribe": [ids]}` narrows the stream to these orders from then on, `{"subscribe": null}` widens
it again.

Whoever shows totals need not hear of every change at once: with `?everyMs=1000` messages are lists
of frames, a second apart. Nothing waits in memory for that: the stream is a cursor, read more
seldom.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from uuid import UUID

import msgspec
from litestar import websocket
from litestar.exceptions import WebSocketDisconnect

from landfall.access import Caller, Scope
from landfall.api.conversation import converse, send, send_text, while_welcome
from landfall.api.errors import Problem, Refusal
from landfall.api.parts import GivenParts, Parts, Socket
from landfall.ports import COMMITS_AT_ONCE, Interest, Told

SUBSCRIBED_MAX = 1_000
EVERY_MS = range(100, 5_001)
LIST_LENGTH_MAX = 256 * 1024
"""A longer list of frames, in characters, is sent in pieces: clients bound what they take."""

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
    """Updates of all the caller's orders; `?after=` a cursor, or `now`, resumes there.

    With `?everyMs=` they come in lists, so many milliseconds apart.
    """

    async def talk(caller: Caller) -> None:
        after = socket.query_params.get("after")
        if after is not None and len(after) > _CURSOR_LENGTH_MAX:
            raise Refusal(400, Problem.INVALID_PARAMETER, "after is no cursor.", "after")
        interest, pause_s = Interest(), _pause_s(socket)
        telling = _tell_all(socket, parts, caller, interest, after, pause_s)
        await while_welcome(parts, caller, telling, lambda: _listen(socket, interest))

    await converse(socket, parts, Scope.READ, talk)


async def _tell_all(
    socket: Socket,
    parts: Parts,
    caller: Caller,
    interest: Interest,
    after: str | None,
    pause_s: float | None,
) -> None:
    last = await parts.feed.now() if after in (None, _NOW) else after
    if after == _NOW:
        await send(socket, parts, _Start(last))
    async with aclosing(parts.feed.follow_all(caller.reach, last, interest)) as stream:
        async for told in stream:
            messages = _frames(parts, told) if pause_s is None else _lists(parts, told)
            async with aclosing(messages):
                async for text, cursor in messages:
                    await send_text(socket, parts, text, last)
                    last = cursor
            if pause_s is not None and len(told) < COMMITS_AT_ONCE:
                await asyncio.sleep(pause_s)


async def _frames(parts: Parts, told: Sequence[Told]) -> AsyncGenerator[tuple[str, str], None]:
    """Each commit's frame, and the cursor behind it."""
    for each in told:
        text = await parts.frames.text(each)
        if text is not None:
            yield text, each.cursor


async def _lists(parts: Parts, told: Sequence[Told]) -> AsyncGenerator[tuple[str, str], None]:
    """The commits' frames in lists, and the cursor behind each."""
    texts: list[str] = []
    length = 0
    async with aclosing(_frames(parts, told)) as frames:
        async for text, cursor in frames:
            texts.append(text)
            length += len(text)
            if length > LIST_LENGTH_MAX:
                yield f"[{','.join(texts)}]", cursor
                texts, length = [], 0
    if texts:
        yield f"[{','.join(texts)}]", cursor


def _pause_s(socket: Socket) -> float | None:
    text = socket.query_params.get("everyMs")
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 4 and int(text) in EVERY_MS:
        return int(text) / 1000
    raise Refusal(
        400,
        Problem.INVALID_PARAMETER,
        f"everyMs must be {EVERY_MS.start} to {EVERY_MS.stop - 1} milliseconds.",
        "everyMs",
    )


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
