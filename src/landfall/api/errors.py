"""Errors on the wire: one shape for all, and the table from exceptions to HTTP answers.

    {"error": {"code": "amount_not_positive", "message": "The amount must …", "field": "amountIn"}}

`code` is for machines and never changes its meaning: one of `Problem` here, or of the core's
reasons for rejecting an order. `message` is a sentence for people; `field` is null unless one field
is at fault. 400: the body cannot be read. 422: it can, and asks for something impossible. 503:
nothing happened, or nobody knows yet what did. `Retry-After` says when to ask again. 500 says
nothing of our insides.
"""

from enum import Enum
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException, ValidationException

from landfall import observe
from landfall.api.body import MalformedBody
from landfall.core.errors import (
    NoRoom,
    OrderRejected,
    OutcomeUnknown,
    RejectionReason,
    Unavailable,
)
from landfall.core.execution import Status
from landfall.core.order import OrderType

RETRY_AFTER_SECONDS = 1
_PARAMETER_NAMES = {"order_type": "type", "user_id": "userId"}
"""Query parameters whose wire name is not the handler's name for them."""
_CHOICES = {
    "status": [status.value for status in Status],
    "order_type": [each.value for each in OrderType],
}


class Problem(Enum):
    """Why a request was refused, beyond what an order asks. The value is the machine code."""

    MALFORMED_BODY = "malformed_body"
    """400: the body is not one JSON object that every parser would read alike."""
    INVALID_PARAMETER = "invalid_parameter"
    """400: a parameter in the URL cannot be used; `field` names it."""
    UNKNOWN_PARAMETER = "unknown_parameter"
    """400: there is no such parameter in the URL; `field` names it."""
    WEBSOCKET_NEEDS_GET = "websocket_needs_get"
    """400: a WebSocket opens with GET, never with POST."""
    BAD_REQUEST = "bad_request"
    """4xx: the request cannot be read as HTTP of this API."""
    KEY_NEEDED = "key_needed"
    """401: this needs an API key, and none was sent."""
    INVALID_KEY = "invalid_key"
    """401: the API key is unknown, wrong, expired or revoked."""
    INVALID_TICKET = "invalid_ticket"
    """401: the WebSocket ticket was used, or its 30 seconds are over."""
    SCOPE_MISSING = "scope_missing"
    """403: the API key is good, and not for this."""
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    """403: pages of that origin may not use this API."""
    NOT_FOUND = "not_found"
    """404: there is nothing at this path."""
    ORDER_NOT_FOUND = "order_not_found"
    """404: no order of the caller's has this id."""
    METHOD_NOT_ALLOWED = "method_not_allowed"
    """405: the path does not take this method; `Allow` lists those it takes."""
    NO_ORDER = "no_order"
    """408: a WebSocket was opened for an order, and none was sent in time."""
    NOT_CANCELLABLE = "not_cancellable"
    """409: something of the order is in flight, or it has ended."""
    BODY_TOO_LARGE = "body_too_large"
    """413: the body is larger than 64 KiB."""
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    """415: the body is not application/json."""
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    """415: the body is compressed."""
    HOST_NOT_ALLOWED = "host_not_allowed"
    """421: this server is not known by the name in the Host header."""
    RATE_LIMITED = "rate_limited"
    """429: too many requests of this key or address; `Retry-After` says when to come back."""
    TOO_MANY_SOCKETS = "too_many_sockets"
    """429: this key or address holds as many WebSockets as it may."""
    QUEUE_FULL = "queue_full"
    """429: more orders wait than the engine can soon start; nothing was stored."""
    TOO_MANY_OPEN_ORDERS = "too_many_open_orders"
    """429: the account has as many open orders as it may; nothing was stored."""
    INTERNAL_ERROR = "internal_error"
    """500: something went wrong on our side; it is on record."""
    UNAVAILABLE = "unavailable"
    """503: a part that this needs does not answer; nothing happened."""
    DISK_FULL = "disk_full"
    """503: the disk is nearly full, and the rest is for orders in flight; nothing was stored."""
    DRAINING = "draining"
    """503: this process is stopping; orders it has are followed, new ones are not taken."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """503: it may have happened; ask again with the same idempotency key, which is safe."""


class Refusal(Exception):
    """The request cannot be answered; carries the whole answer.

    `code` is the machine code, `sentence` the message for people; `retry_after_s` is after how many
    seconds asking again makes sense.
    """

    def __init__(
        self,
        status: int,
        code: Problem | RejectionReason,
        sentence: str,
        field: str | None = None,
        *,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code.value
        self.sentence = sentence
        self.field = field
        self.retry_after_s = retry_after_s


class ErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: for machines, for people, and where."""

    code: str
    message: str
    field: str | None


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The shape of every error."""

    error: ErrorBody


def order_not_found() -> Refusal:
    """No such order, or not the caller's: the two look alike."""
    return Refusal(404, Problem.ORDER_NOT_FOUND, "There is no order with this id.")


def refusal(error: Exception) -> Refusal:
    """What a client is told about an exception."""
    match error:
        case Refusal():
            return error
        case OrderRejected(reason=RejectionReason.IDEMPOTENCY_CONFLICT):
            return Refusal(409, error.reason, error.sentence, error.field)
        case OrderRejected():
            return Refusal(422, error.reason, error.sentence, error.field)
        case MalformedBody():
            return Refusal(400, Problem.MALFORMED_BODY, str(error))
        case NoRoom():
            return Refusal(
                503,
                Problem.DISK_FULL,
                "The database has no room; nothing was stored.",
                retry_after_s=RETRY_AFTER_SECONDS,
            )
        case Unavailable():
            return Refusal(
                503,
                Problem.UNAVAILABLE,
                "A part this needs does not answer; nothing happened. Try again.",
                retry_after_s=RETRY_AFTER_SECONDS,
            )
        case OutcomeUnknown():
            return Refusal(
                503,
                Problem.OUTCOME_UNKNOWN,
                "It may have happened. Send an order again with the same clientOrderId, or look "
                "for it in GET /api/orders, before asking anew; cancelling may be repeated.",
                retry_after_s=RETRY_AFTER_SECONDS,
            )
        case ValidationException():
            return _bad_parameter(error)
        case NotFoundException():
            return Refusal(404, Problem.NOT_FOUND, "There is nothing at this path.")
        case HTTPException() if 400 <= error.status_code < 500:
            return _framework(error)
        case _:
            return _internal()


def answer(told: Refusal) -> ErrorAnswer:
    """The body of an error's answer."""
    return ErrorAnswer(error=ErrorBody(code=told.code, message=told.sentence, field=told.field))


def answer_headers(told: Refusal) -> dict[str, str]:
    """The headers that belong to an error's answer."""
    headers: dict[str, str] = {}
    if told.retry_after_s is not None:
        headers["retry-after"] = str(told.retry_after_s)
    if told.status == 401:
        headers["www-authenticate"] = "Bearer"
    return headers


def answer_error(request: Request[Any, Any, State], error: Exception) -> Response[ErrorAnswer]:
    """The HTTP answer to an exception; Litestar calls it for whatever a handler raises."""
    told = refusal(error)
    if told.status >= 500:
        observe.request_failed(request.method, request.url.path, error)
    headers = answer_headers(told)
    if told.status == 405 and isinstance(error, HTTPException) and error.headers:
        headers |= error.headers
    return Response(answer(told), status_code=told.status, headers=headers)


def _internal() -> Refusal:
    return Refusal(
        500, Problem.INTERNAL_ERROR, "Something went wrong on our side; it is on record."
    )


def _bad_parameter(error: ValidationException) -> Refusal:
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    key = first.get("key") if isinstance(first, dict) else None
    field = None if key is None else _PARAMETER_NAMES.get(key, key)
    detail = first.get("message") if isinstance(first, dict) else None
    if key in _CHOICES:
        detail = f"it must be one of {', '.join(_CHOICES[key])}"
    sentence = f"{field or 'A parameter'} cannot be used: {detail or 'wrong value'}."
    return Refusal(400, Problem.INVALID_PARAMETER, sentence, field)


def _framework(error: HTTPException) -> Refusal:
    match error.status_code:
        case 405:
            return Refusal(405, Problem.METHOD_NOT_ALLOWED, "This path does not take this method.")
        case status:
            return Refusal(status, Problem.BAD_REQUEST, "The request cannot be read.")
