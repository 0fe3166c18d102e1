"""Submit an order, price one, look one up, list them, withdraw one."""

import time
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from litestar import Response, delete, get, post
from litestar.exceptions import InternalServerException
from litestar.params import FromPath, FromQuery, QueryParameter

from landfall import observe
from landfall.access import Caller, Scope
from landfall.api import shapes, wire
from landfall.api.access import permitted
from landfall.api.body import Body, order_request, read_body
from landfall.api.errors import Problem, Refusal, order_not_found
from landfall.api.parts import GivenParts, HttpRequest, Parts
from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.events import Recorded
from landfall.core.execution import Status, summarize
from landfall.core.order import OrderType
from landfall.pipeline.accept import OrderRequest, accept
from landfall.pipeline.cancel import NotCancellable, cancel
from landfall.pipeline.history import commits, order_of
from landfall.pipeline.market import preview
from landfall.ports import Acceptance, OrderFilter

LIMIT_MAX = 500
OFFSET_MAX = 10_000
CURSOR_LENGTH_MAX = 200
IDEMPOTENCY_HEADER = "idempotency-key"
REPLAYED_HEADER = "idempotent-replayed"
_LIST_PARAMETERS = frozenset({"status", "type", "userId", "search", "limit", "offset", "cursor"})

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]
Offset = Annotated[int, QueryParameter(ge=0, le=OFFSET_MAX)]
TypeFilter = Annotated[OrderType | None, QueryParameter(name="type")]
UserFilter = Annotated[str | None, QueryParameter(name="userId", min_length=1, max_length=128)]
SearchFor = Annotated[str | None, QueryParameter(name="search", min_length=1, max_length=128)]
Cursor = Annotated[str | None, QueryParameter(max_length=CURSOR_LENGTH_MAX)]


@post("/api/orders/execute", status_code=201, summary="Submit an order")
async def execute(request: HttpRequest, parts: GivenParts) -> Response[shapes.Accepted]:
    """Make an order durable and answer with its id; follow it over the WebSocket of that id.

    The same Idempotency-Key (or clientOrderId) with the same request is the same order, and answers
    alike, for ever; with another request it is a 409.
    """
    began_ns = time.time_ns()
    _refuse_upgrade(request)
    caller = permitted(request, Scope.TRADE)
    accepted = await submit(parts, caller, await _raw_body(request), _idempotency_key(request))
    order_id = accepted.execution.order.order_id
    if parts.config.placed is not None:
        parts.config.placed(order_id, request.headers, began_ns)
    headers = {"location": f"/api/orders/{order_id}"}
    if accepted.replayed:
        headers[REPLAYED_HEADER] = "true"
    return Response(wire.accepted(accepted.execution), status_code=201, headers=headers)


@post("/api/orders/quote", status_code=200, summary="Price an order without placing it")
async def quote(request: HttpRequest, parts: GivenParts) -> shapes.QuoteAnswer:
    """Every pool's price for this order, the route it would take, and why."""
    caller = permitted(request, Scope.READ)
    body = read_body(await _raw_body(request))
    try:
        asked = order_request(body, parts.config.slippage_bps_default)
        return wire.preview(await preview(parts.world, caller.account, asked))
    except OrderRejected as error:
        raise _in_the_clients_words(error, body) from None


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


async def submit(
    parts: Parts, caller: Caller, raw: bytes, idempotency_key: str | None = None
) -> Acceptance:
    """Take a body in as an order; used by HTTP and WebSocket alike.

    Raises:
        MalformedBody, OrderRejected, Refusal: nothing was stored.
    """
    body = read_body(raw)
    try:
        asked = _with_key(
            order_request(body, parts.config.slippage_bps_default), body, idempotency_key
        )
        await _admit(parts, caller, asked)
        accepted = await accept(parts.world, caller.account, asked)
    except OrderRejected as error:
        observe.order_rejected(error.reason.value, error.field)
        raise _in_the_clients_words(error, body) from None
    placed = accepted.execution.order
    observe.order_accepted(placed.order_id, placed.order_type.value, accepted.replayed)
    return accepted


async def _admit(parts: Parts, caller: Caller, asked: OrderRequest) -> None:
    """Return if there is room, or if the order has its place already: a repeated key needs none.

    Raises:
        Refusal: there is no room; nothing was stored.
    """
    try:
        await parts.admission.admit(caller)
    except Refusal:
        if asked.client_order_id is None:
            raise
        named = OrderFilter(account=caller.account, search=asked.client_order_id)
        known = (await parts.reader.orders(named)).orders
        if all(each.order.client_order_id != asked.client_order_id for each in known):
            raise


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


def _with_key(asked: OrderRequest, body: Body, idempotency_key: str | None) -> OrderRequest:
    """The request under its idempotency key, which is a client order id sent as a header."""
    if idempotency_key is None or idempotency_key == asked.client_order_id:
        return asked
    if asked.client_order_id is not None:
        raise OrderRejected(
            RejectionReason.DUPLICATE_FIELD,
            "clientOrderId",
            "Idempotency-Key and clientOrderId say the same thing, and differ; send one of them.",
        )
    return replace(asked, client_order_id=idempotency_key)


def _idempotency_key(request: HttpRequest) -> str | None:
    given = request.headers.getall(IDEMPOTENCY_HEADER, [])
    if not given:
        return None
    if len(given) > 1 or not given[0].isprintable() or not given[0].isascii():
        raise Refusal(
            400,
            Problem.INVALID_PARAMETER,
            "Idempotency-Key must be one header of printable ASCII.",
            "Idempotency-Key",
        )
    return given[0]


def _in_the_clients_words(error: OrderRejected, body: Body) -> OrderRejected:
    return OrderRejected(error.reason, body.name_of(error.field), error.sentence)


def _refuse_upgrade(request: HttpRequest) -> None:
    if request.headers.get("upgrade", "").lower() == "websocket":
        raise Refusal(
            400,
            Problem.WEBSOCKET_NEEDS_GET,
            "A WebSocket opens with GET, never with POST: connect to this path with GET and send "
            "the order as the first message, or POST it and follow /api/orders/{orderId}/ws.",
        )


async def _raw_body(request: HttpRequest) -> bytes:
    """The body, if it says that it is plain JSON; browsers' forms cannot say so."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, Problem.UNSUPPORTED_MEDIA_TYPE, "Send the order as application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, Problem.UNSUPPORTED_ENCODING, "Send the body without compression.")
    try:
        return await request.body()
    except InternalServerException:
        # So the framework calls a client that hangs up in the middle.
        raise Refusal(400, Problem.MALFORMED_BODY, "The body ended before it was whole.") from None
