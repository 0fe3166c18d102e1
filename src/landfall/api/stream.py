"""Follow an order over a WebSocket: its history first, then each commit as it happens.

A stream is a cursor over the log, not a buffer, so it can be left and taken up again anywhere:
`?after=` the last version that was seen.
"""

import asyncio
from contextlib import aclosing
from uuid import UUID

from litestar import websocket
from litestar.params import FromPath

from landfall.access import Caller, Scope
from landfall.api import wire
from landfall.api.conversation import converse, send, until_left, while_welcome
from landfall.api.errors import Problem, Refusal
from landfall.api.frames import frame
from landfall.api.orders import find
from landfall.api.parts import GivenParts, Parts, Socket
from landfall.api.placing import submit
from landfall.core.events import Recorded
from landfall.pipeline.history import follow

AFTER_MAX = 1_000_000


@websocket("/api/orders/{order_id:str}/ws")
async def order_updates(socket: Socket, order_id: FromPath[str], parts: GivenParts) -> None:
    """Updates of one order; `?after=` a version resumes there."""

    async def talk(caller: Caller) -> None:
        after = _after(socket)
        await _tell(socket, parts, caller, await find(parts, caller, order_id), after)

    await converse(socket, parts, Scope.READ, talk)


@websocket("/api/orders/execute")
async def execute_updates(socket: Socket, parts: GivenParts) -> None:
    """With `?orderId=` updates of that order; without, the first message is an order."""

    order_id = socket.query_params.get("orderId")

    async def talk(caller: Caller) -> None:
        if order_id is not None:
            log = await find(parts, caller, order_id)
            await _tell(socket, parts, caller, log, _after(socket))
            return
        accepted = await submit(parts, caller, await _first_message(socket, parts))
        await send(socket, parts, wire.accepted(accepted.execution), 0)
        log = await find(parts, caller, str(accepted.execution.order.order_id))
        await _tell(socket, parts, caller, log, after=0)

    # Whoever may place an order may hear what becomes of it.
    await converse(socket, parts, Scope.TRADE if order_id is None else Scope.READ, talk)


async def _tell(
    socket: Socket, parts: Parts, caller: Caller, log: tuple[Recorded, ...], after: int
) -> None:
    """Send the order's frames; stop early if the client leaves."""
    telling = _tell_all(socket, parts, log[0].order_id, log, after)
    await while_welcome(parts, caller, telling, lambda: until_left(socket))


async def _tell_all(
    socket: Socket, parts: Parts, order_id: UUID, log: tuple[Recorded, ...], after: int
) -> None:
    last = after
    async with aclosing(follow(parts.feed, order_id, log, after)) as story:
        async for commit in story:
            await send(socket, parts, frame(commit), last)
            last = commit.execution.version


async def _first_message(socket: Socket, parts: Parts) -> bytes:
    try:
        async with asyncio.timeout(parts.config.first_message_timeout_ms / 1000):
            return (await socket.receive_text()).encode("utf-8", "surrogatepass")
    except TimeoutError:
        raise Refusal(
            408, Problem.NO_ORDER, "No order was sent; the first message must be one."
        ) from None


def _after(socket: Socket) -> int:
    text = socket.query_params.get("after", "-1")
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= len(str(AFTER_MAX)):
        return max(-1, int(text))
    raise Refusal(400, Problem.INVALID_PARAMETER, "after must be the number of a version.", "after")
