"""Price an order, look one up, withdraw one; they are submitted in `placing.py`, listed in
`listing.py`.
"""

from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath

from landfall.access import Caller, Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.asgi import json_body
from landfall.api.body import order_request, read_body
from landfall.api.errors import Problem, Refusal, order_not_found
from landfall.api.parts import GivenParts, HttpRequest, Parts
from landfall.core.errors import OrderRejected
from landfall.core.events import Recorded
from landfall.core.execution import summarize
from landfall.pipeline.cancel import NotCancellable, cancel
from landfall.pipeline.history import commits, order_of
from landfall.pipeline.market import preview


@post("/api/orders/quote", status_code=200, summary="Price an order without placing it")
async def quote(request: HttpRequest, parts: GivenParts) -> shapes.QuoteAnswer:
    """Every pool's price for this order, the route it would take, and why."""
    caller = permitted(request, Scope.READ)
    raw = await json_body(request.scope, request.receive, parts.config.body_bytes_max)
    body = read_body(raw)
    try:
        asked = order_request(body, parts.config.slippage_bps_default)
        return wire.preview(await preview(parts.world, caller.account, asked))
    except OrderRejected as error:
        raise body.in_the_clients_words(error) from None


@post("/api/orders/{order_id:str}/cancel", status_code=200, summary="Cancel an order")
async def cancel_order(
    request: HttpRequest, order_id: FromPath[str], parts: GivenParts
) -> shapes.OrderWire:
    """Withdraw an order while nothing of it is in flight; cancelling twice is cancelling once."""
    return await withdraw(parts, permitted(request, Scope.CANCEL), order_id)


@delete("/api/orders/{order_id:str}", status_code=200, summary="Cancel an order")
async def delete_order(
    request: HttpRequest, order_id: FromPath[str], parts: GivenParts
) -> shapes.OrderWire:
    """The same as POST …/cancel. What was on record stays on record."""
    return await withdraw(parts, permitted(request, Scope.CANCEL), order_id)


@get("/api/orders/{order_id:str}", summary="Look up an order")
async def order(
    request: HttpRequest, order_id: FromPath[str], parts: GivenParts
) -> shapes.OrderDetail:
    """The order, its status, every attempt with the quotes it considered, and its log."""
    log = await find(parts, permitted(request, Scope.READ), order_id)
    execution = [commit.execution for commit in commits(log)][-1]
    return wire.order_detail(execution, log)


async def find(parts: Parts, caller: Caller, order_id: str) -> tuple[Recorded, ...]:
    """The log of one of the caller's orders.

    Raises:
        Refusal: the id is not one, or no order of the caller's has it.
    """
    try:
        wanted = UUID(order_id)
    except ValueError:
        raise order_not_found() from None
    log = await parts.reader.log(wanted)
    placed = order_of(log)
    if placed is None or not caller.sees(placed.account):
        raise order_not_found()
    return log


async def withdraw(parts: Parts, caller: Caller, order_id: str) -> shapes.OrderWire:
    """Cancel one of the caller's orders.

    Raises:
        Refusal: there is no such order, or it is too late.
    """
    log = await find(parts, caller, order_id)
    try:
        cancelled = await cancel(parts.world, log[0].order_id)
    except NotCancellable as error:
        raise Refusal(
            409,
            Problem.NOT_CANCELLABLE,
            f"The order is {error.status.value}; only while nothing of it is in flight can it be "
            "cancelled.",
        ) from None
    return wire.order_summary(summarize(cancelled))
