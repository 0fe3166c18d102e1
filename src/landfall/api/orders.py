"""Price an order, look one up, list them, withdraw one. Submitting one is in `placing.py`."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from landfall.access import Caller, Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.asgi import json_body
from landfall.api.body import order_request, read_body
from landfall.api.errors import Problem, Refusal, order_not_found
from landfall.api.parts import GivenParts, HttpRequest, Parts
from landfall.core.errors import OrderRejected
from landfall.core.events import Recorded
from landfall.core.execution import Status, summarize
from landfall.core.order import OrderType
from landfall.pipeline.cancel import NotCancellable, cancel
from landfall.pipeline.history import commits, order_of
from landfall.pipeline.market import preview
from landfall.ports import OrderFilter

LIMIT_MAX = 500
OFFSET_MAX = 10_000
CURSOR_LENGTH_MAX = 200
_LIST_PARAMETERS = frozenset({"status", "type", "userId", "search", "limit", "offset", "cursor"})

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]
Offset = Annotated[int, QueryParameter(ge=0, le=OFFSET_MAX)]
TypeFilter = Annotated[OrderType | None, QueryParameter(name="type")]
UserFilter = Annotated[str | None, QueryParameter(name="userId", min_length=1, max_length=128)]
SearchFor = Annotated[str | None, QueryParameter(name="search", min_length=1, max_length=128)]
Cursor = Annotated[str | None, QueryParameter(max_length=CURSOR_LENGTH_MAX)]


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


@get("/api/orders", summary="List orders")
async def orders(
    request: HttpRequest,
    parts: GivenParts,
    status: FromQuery[Status | None] = None,
    order_type: TypeFilter = None,
    user_id: UserFilter = None,
    search: SearchFor = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> shapes.OrderList:
    """The caller's orders, newest first. `cursor` goes deeper than `offset` at a flat cost.

    `search` finds by an order's id, by its client order id, or by the signature of one of its
    transactions.
    """
    caller = permitted(request, Scope.READ)
    for name in request.query_params:
        if name not in _LIST_PARAMETERS:
            raise Refusal(400, Problem.UNKNOWN_PARAMETER, f"There is no parameter {name!r}.", name)
    for name, text in (("userId", user_id), ("search", search)):
        if text is not None and not text.isprintable():
            raise Refusal(400, Problem.INVALID_PARAMETER, f"{name} must be printable text.", name)
    wanted = OrderFilter(
        account=caller.reach,
        status=status,
        order_type=order_type,
        user_id=user_id,
        search=search,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )
    return wire.order_page(await parts.reader.orders(wanted))


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
