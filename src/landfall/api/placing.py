"""Submit an order: what the API is asked most, and so answered without the framework's help.

The framework describes it, and hands over what comes by another spelling of its path or from
another origin's page; everything else comes here past it (`app.py`), at half the price.
"""

import time
from dataclasses import replace

from litestar import post
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ASGIApp

from landfall import observe
from landfall.access import Caller, Scope
from landfall.api import asgi, shapes, wire
from landfall.api.access import granted
from landfall.api.body import Body, order_request, read_body
from landfall.api.errors import Problem, Refusal, answer, answer_headers, refusal
from landfall.api.parts import GivenParts, Parts
from landfall.core.errors import OrderRejected, RejectionReason
from landfall.pipeline.accept import OrderRequest, accept
from landfall.ports import Acceptance, OrderFilter

PATH = "/api/orders/execute"
IDEMPOTENCY_HEADER = b"idempotency-key"
REPLAYED_HEADER = "idempotent-replayed"
_ACCEPTED = ResponseSpec(
    shapes.Accepted, generate_examples=False, description="The order is on record"
)


@post(
    PATH,
    status_code=201,
    summary="Submit an order",
    responses={201: _ACCEPTED},
)
async def execute(parts: GivenParts) -> ASGIApp:
    """Make an order durable and answer with its id; follow it over the WebSocket of that id.

    The same Idempotency-Key (or clientOrderId) with the same request is the same order, and answers
    alike, for ever; with another request it is a 409.
    """
    return placing(parts)


def placing(parts: Parts) -> asgi.App:
    """Answers a request that submits an order, once the guard has let it in."""

    async def place(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        try:
            accepted = await _placed(parts, scope, receive)
        except Exception as error:  # noqa: BLE001 — the boundary: whatever it is, there is an answer.
            told = refusal(error)
            if told.status >= 500:
                observe.request_failed(scope["method"], scope["path"], error)
            await asgi.send_json(send, told.status, answer(told), answer_headers(told))
            return
        headers = {"location": f"/api/orders/{accepted.execution.order.order_id}"}
        if accepted.replayed:
            headers[REPLAYED_HEADER] = "true"
        await asgi.send_json(send, 201, wire.accepted(accepted.execution), headers)

    return place


async def _placed(parts: Parts, scope: asgi.Scope, receive: asgi.Receive) -> Acceptance:
    began_ns = time.time_ns()
    _refuse_upgrade(scope)
    caller = granted(scope["caller"], Scope.TRADE)
    raw = await asgi.json_body(scope, receive, parts.config.body_bytes_max)
    accepted = await submit(parts, caller, raw, _idempotency_key(scope))
    if parts.config.placed is not None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        parts.config.placed(accepted.execution.order.order_id, headers, began_ns)
    return accepted


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
        raise body.in_the_clients_words(error) from None
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


def _idempotency_key(scope: asgi.Scope) -> str | None:
    given = asgi.header(scope, IDEMPOTENCY_HEADER)
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


def _refuse_upgrade(scope: asgi.Scope) -> None:
    if any(word.lower() == "websocket" for word in asgi.header(scope, b"upgrade")):
        raise Refusal(
            400,
            Problem.WEBSOCKET_NEEDS_GET,
            "A WebSocket opens with GET, never with POST: connect to this path with GET and send "
            "the order as the first message, or POST it and follow /api/orders/{orderId}/ws.",
        )
