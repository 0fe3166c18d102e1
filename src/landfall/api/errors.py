"""Errors on the wire: one shape for all, and the table from exceptions to HTTP answers.

    {"error": {"code": "amount_not_positive", "message": "The amount must …", "field": "amountIn"}}

`code` is for machines and never changes its meaning; `message` is a sentence for people; `field` is
null unless one field is at fault. 400: the body cannot be read. 422: it can, and asks for something
impossible. 409: the client order id was used for another request. 503: nothing happened, or nobody
knows yet what did; `Retry-After` says when to ask again. 500 says nothing of our insides.
"""

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotFoundException, ValidationException

from landfall import observe
from landfall.api.body import MalformedBody
from landfall.core.errors import (
    InvariantViolation,
    OrderRejected,
    OutcomeUnknown,
    RejectionReason,
    Unavailable,
)

RETRY_AFTER_SECONDS = 1
_PARAMETER_NAMES = {"order_type": "type", "user_id": "userId"}
"""Query parameters whose wire name is not the handler's name for them."""


class Refusal(Exception):
    """The request cannot be answered; carries the whole answer.

    `code` is the machine code, `sentence` the message for people.
    """

    def __init__(self, status: int, code: str, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.sentence = sentence
        self.field = field


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
    return Refusal(404, "order_not_found", "There is no order with this id.")


def refusal(error: Exception) -> Refusal:
    """What a client is told about an exception."""
    match error:
        case Refusal():
            return error
        case OrderRejected(reason=RejectionReason.IDEMPOTENCY_CONFLICT):
            return Refusal(409, error.reason.value, error.sentence, error.field)
        case OrderRejected():
            return Refusal(422, error.reason.value, error.sentence, error.field)
        case MalformedBody():
            return Refusal(400, "malformed_body", str(error))
        case Unavailable():
            return Refusal(
                503,
                "unavailable",
                "A part this needs does not answer; nothing happened. Try again.",
            )
        case OutcomeUnknown():
            return Refusal(
                503,
                "outcome_unknown",
                "The order may have been accepted. Send it again with the same clientOrderId, or "
                "look for it in GET /api/orders, before asking anew.",
            )
        case InvariantViolation():
            return _internal()
        case ValidationException():
            return _bad_parameter(error)
        case NotFoundException():
            return Refusal(404, "not_found", "There is nothing at this path.")
        case HTTPException() if 400 <= error.status_code < 500:
            return _framework(error)
        case _:
            return _internal()


def answer(told: Refusal) -> ErrorAnswer:
    """The body of an error's answer."""
    return ErrorAnswer(error=ErrorBody(code=told.code, message=told.sentence, field=told.field))


def answer_error(request: Request[Any, Any, State], error: Exception) -> Response[ErrorAnswer]:
    """The HTTP answer to an exception; Litestar calls it for whatever a handler raises."""
    told = refusal(error)
    if told.status >= 500:
        observe.request_failed(request.method, request.url.path, error)
    headers: dict[str, str] = {}
    if told.status == 503:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    if told.status == 405 and isinstance(error, HTTPException) and error.headers:
        headers |= error.headers
    return Response(answer(told), status_code=told.status, headers=headers)


def _internal() -> Refusal:
    return Refusal(500, "internal_error", "Something went wrong on our side; it is on record.")


def _bad_parameter(error: ValidationException) -> Refusal:
    first = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    key = first.get("key") if isinstance(first, dict) else None
    field = None if key is None else _PARAMETER_NAMES.get(key, key)
    detail = first.get("message") if isinstance(first, dict) else None
    sentence = f"{field or 'A parameter'} cannot be used: {detail or 'wrong value'}."
    return Refusal(400, "invalid_parameter", sentence, field)


def _framework(error: HTTPException) -> Refusal:
    match error.status_code:
        case 405:
            return Refusal(405, "method_not_allowed", "This path does not take this method.")
        case 413:
            return Refusal(413, "body_too_large", "The body is larger than 64 KiB.")
        case status:
            return Refusal(status, "bad_request", "The request cannot be read.")
