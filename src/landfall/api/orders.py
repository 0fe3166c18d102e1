"""Submit an order, price one, look one up, list them."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from landfall import observe
from landfall.api import shapes, wire
from landfall.api.body import Body, order_request, read_body
from landfall.api.errors import Refusal, order_not_found
from landfall.api.parts import GivenParts, HttpRequest, Parts
from landfall.core.errors import OrderRejected
from landfall.core.events import Recorded
from landfall.core.execution import Execution, Status
from landfall.core.order import OrderType
from landfall.pipeline.accept import accept
from landfall.pipeline.history import commits, order_of
from landfall.pipeline.market import preview
from landfall.ports import OrderFilter

LIMIT_MAX = 500
OFFSET_MAX = 10_000
CURSOR_LENGTH_MAX = 200
_LIST_PARAMETERS = frozenset({"status", "type", "userId", "limit", "offset", "cursor"})

Limit = Annotated[int, QueryParameter(ge=1, le=LIMIT_MAX)]
Offset = Annotated[int, QueryParameter(ge=0, le=OFFSET_MAX)]
TypeFilter = Annotated[OrderType | None, QueryParameter(name="type")]
UserFilter = Annotated[str | None, QueryParameter(name="userId", min_length=1, max_length=128)]
Cursor = Annotated[str | None, QueryParameter(max_length=CURSOR_LENGTH_MAX)]


@post("/api/orders/execute", status_code=201, summary="Submit an order")
async def execute(request: HttpRequest, parts: GivenParts) -> Response[shapes.Accepted]:
    """Make an order durable and answer with its id; follow it over the WebSocket of that id.

    The same clientOrderId with the same request is the same order, and answers alike.
    """
    _refuse_upgrade(request)
    execution = await submit(parts, await _raw_body(request))
    where = {"location": f"/api/orders/{execution.order.order_id}"}
    return Response(wire.accepted(execution), status_code=201, headers=where)


@post("/api/orders/quote", status_code=200, summary="Price an order without placing it")
async def quote(request: HttpRequest, parts: GivenParts) -> shapes.QuoteAnswer:
    """Every pool's price for this order, the route it would take, and why."""
    body = read_body(await _raw_body(request))
    try:
        asked = order_request(body, parts.config.slippage_bps_default)
        return wire.preview(await preview(parts.world, parts.config.account, asked))
    except OrderRejected as error:
        raise _in_the_clients_words(error, body) from None


@get("/api/orders/{order_id:str}", summary="Look up an order")
async def order(order_id: FromPath[str], parts: GivenParts) -> shapes.OrderDetail:
    """The order, its status, every attempt with the quotes it considered, and its log."""
    log = await find(parts, order_id)
    execution = [commit.execution for commit in commits(log)][-1]
    return wire.order_detail(execution, log)


@get("/api/orders", summary="List orders")
async def orders(
    request: HttpRequest,
    parts: GivenParts,
    status: FromQuery[Status | None] = None,
    order_type: TypeFilter = None,
    user_id: UserFilter = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> shapes.OrderList:
    """Orders, newest first. `cursor` goes deeper than `offset` at a flat cost."""
    for name in request.query_params:
        if name not in _LIST_PARAMETERS:
            raise Refusal(400, "unknown_parameter", f"There is no parameter {name!r}.", name)
    if user_id is not None and not user_id.isprintable():
        raise Refusal(400, "invalid_parameter", "userId must be printable text.", "userId")
    wanted = OrderFilter(
        account=parts.config.account,
        status=status,
        order_type=order_type,
        user_id=user_id,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )
    return wire.order_page(await parts.reader.orders(wanted))


async def submit(parts: Parts, raw: bytes) -> Execution:
    """Take a body in as an order; used by HTTP and WebSocket alike.

    Raises:
        MalformedBody, OrderRejected: nothing was stored.
    """
    body = read_body(raw)
    try:
        asked = order_request(body, parts.config.slippage_bps_default)
        accepted = await accept(parts.world, parts.config.account, asked)
    except OrderRejected as error:
        observe.order_rejected(error.reason.value, error.field)
        raise _in_the_clients_words(error, body) from None
    placed = accepted.execution.order
    observe.order_accepted(placed.order_id, placed.order_type.value, accepted.replayed)
    return accepted.execution


async def find(parts: Parts, order_id: str) -> tuple[Recorded, ...]:
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
    if placed is None or placed.account != parts.config.account:
        raise order_not_found()
    return log


def _in_the_clients_words(error: OrderRejected, body: Body) -> OrderRejected:
    return OrderRejected(error.reason, body.name_of(error.field), error.sentence)


def _refuse_upgrade(request: HttpRequest) -> None:
    if request.headers.get("upgrade", "").lower() == "websocket":
        raise Refusal(
            400,
            "websocket_needs_get",
            "A WebSocket opens with GET, never with POST: connect to this path with GET and send "
            "the order as the first message, or POST it and follow /api/orders/{orderId}/ws.",
        )


async def _raw_body(request: HttpRequest) -> bytes:
    """The body, if it says that it is plain JSON; browsers' forms cannot say so."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, "unsupported_media_type", "Send the order as application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, "unsupported_encoding", "Send the body without compression.")
    return await request.body()
