"""Read a body strictly: bytes become an OrderRequest, or are refused with a field and a reason.

Python's own JSON parser is used because it hands over the text of every number and every repeated
key: no number passes through a float, and nothing that two parsers could read differently is taken.
The body is flat, so nesting is refused where it stands.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from enum import Enum
from typing import NoReturn, TypeVar

from landfall.api.aliases import CANONICAL, FIELDS
from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.order import SLIPPAGE_BPS_MAX, OrderType
from landfall.core.slippage import AUTOMATIC_SLIPPAGE_BPS_MAX
from landfall.core.values import BPS_DENOMINATOR, BasisPoints, Lamports, SwapMode
from landfall.pipeline.accept import OrderRequest

NUMBER_LENGTH_MAX = 40
TOKEN_LENGTH_MAX = 64
AUTOMATIC = "auto"
SLIPPAGE_FRACTIONS = ("slippage", "maxSlippage")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

_EXACT = Context(prec=2 * NUMBER_LENGTH_MAX)
"""Enough digits that scaling a number of the greatest length rounds nothing."""

Choice = TypeVar("Choice", bound=Enum)


class MalformedBody(Exception):
    """The body is not one JSON object that every parser would read alike."""


@dataclass(frozen=True, slots=True)
class _Number:
    """A JSON number as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """The fields of a body under their canonical names, and the names the client used."""

    values: Mapping[str, object]
    written: Mapping[str, str]

    def name_of(self, field: str | None) -> str | None:
        """The client's own name for a canonical field, so that an error names what was sent."""
        if field == "slippage":
            names = (name for name in ("slippageBps", "maxSlippage") if name in self.written)
            return next(names, field)
        return None if field is None else self.written.get(field, field)

    def in_the_clients_words(self, error: OrderRejected) -> OrderRejected:
        """The error, with its field under the name that was sent."""
        return OrderRejected(error.reason, self.name_of(error.field), error.sentence)


def read_body(raw: bytes) -> Body:
    """Parse a JSON object of known fields.

    Raises:
        MalformedBody: not JSON, not an object, or a key twice.
        OrderRejected: an unknown field, or one field under two names.
    """
    values: dict[str, object] = {}
    written: dict[str, str] = {}
    for name, value in _pairs(raw):
        canonical = CANONICAL.get(name)
        if canonical is None:
            shown = name if name.isprintable() and len(name) <= TOKEN_LENGTH_MAX else "?"
            raise OrderRejected(
                RejectionReason.UNKNOWN_FIELD, shown, f"There is no field {shown!r} in an order."
            )
        if canonical in values:
            raise OrderRejected(
                RejectionReason.DUPLICATE_FIELD,
                name,
                f"{name} and {written[canonical]} are the same field; send one of them.",
            )
        values[canonical] = value
        written[canonical] = name
    return Body(values, written)


def order_request(body: Body, slippage_bps_default: BasisPoints) -> OrderRequest:
    """What the body asks for.

    Raises:
        OrderRejected: a missing field, a wrong type, a value out of range.
    """
    for field in FIELDS:
        if field.required and field.names[0] not in body.values:
            raise OrderRejected(
                RejectionReason.MISSING_FIELD, field.names[0], f"{field.names[0]} is missing."
            )
    swap_mode = _choice(body, "swapMode", SwapMode.EXACT_IN, RejectionReason.WRONG_TYPE)
    amount_name = body.written["amountIn"]
    if swap_mode is SwapMode.EXACT_OUT and amount_name == "amountIn":
        raise OrderRejected(
            RejectionReason.WRONG_TYPE,
            "amountIn",
            "With swapMode ExactOut the amount is of tokenOut; call it amount, not amountIn.",
        )
    slippage_bps, slippage_is_automatic = _slippage(body, slippage_bps_default)
    impact = _integer(body, "maxPriceImpactBps", RejectionReason.PRICE_IMPACT_OUT_OF_RANGE)
    fee = _integer(body, "maxFeeLamports", RejectionReason.FEE_LIMIT_OUT_OF_RANGE)
    return OrderRequest(
        token_in=_token(body, "tokenIn"),
        token_out=_token(body, "tokenOut"),
        amount=_decimal(body, "amountIn", RejectionReason.AMOUNT_NOT_A_NUMBER),
        slippage_bps=slippage_bps,
        slippage_is_automatic=slippage_is_automatic,
        max_price_impact_bps=None if impact is None else BasisPoints(impact),
        max_fee_lamports=None if fee is None else Lamports(fee),
        order_type=_choice(body, "type", OrderType.MARKET, RejectionReason.UNKNOWN_ORDER_TYPE),
        swap_mode=swap_mode,
        priority=_integer(body, "priority", RejectionReason.PRIORITY_OUT_OF_RANGE) or 0,
        client_order_id=_text(body, "clientOrderId"),
        user_id=_text(body, "userId"),
    )


def _pairs(raw: bytes) -> list[tuple[str, object]]:
    try:
        parsed = _JSON.decode(raw.decode("utf-8"))
    except RecursionError:
        raise MalformedBody("The body is nested too deeply.") from None
    except ValueError:
        raise MalformedBody("The body is not valid JSON in UTF-8.") from None
    if not isinstance(parsed, dict):
        raise MalformedBody("The body must be a JSON object.")
    return list(parsed.items())


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedBody("The body has the same key twice.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_JSON = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_Number,
    parse_float=_Number,
    parse_constant=_no_constant,
)


def _text(body: Body, field: str) -> str | None:
    """A text field; None if absent or null."""
    value = body.values.get(field)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong_type(body, field, "a string")
    # Control characters and lone surrogates cannot be stored, and printed they can deceive.
    if not value.isprintable():
        raise _wrong_type(body, field, "printable text")
    return value


def _token(body: Body, field: str) -> str:
    text = _text(body, field)
    if text is None:
        raise _wrong_type(body, field, "a string")
    if not 0 < len(text) <= TOKEN_LENGTH_MAX:
        raise OrderRejected(
            RejectionReason.UNKNOWN_TOKEN,
            field,
            f"{field} must be a token symbol or a mint address.",
        )
    return text


def _choice(body: Body, field: str, default: Choice, reason: RejectionReason) -> Choice:
    text = _text(body, field)
    if text is None:
        return default
    for member in type(default):
        if text.casefold() == str(member.value).casefold():
            return member
    known = ", ".join(str(member.value) for member in type(default))
    raise OrderRejected(reason, field, f"{field} must be one of: {known}.")


def _decimal(body: Body, field: str, reason: RejectionReason) -> Decimal:
    """A number, from a JSON number or a string of the same syntax, exactly as written."""
    value = body.values[field]
    name = body.written[field]
    text = value.text if isinstance(value, _Number) else value
    if not isinstance(text, str):
        raise _wrong_type(body, field, "a decimal number or string")
    if len(text) > NUMBER_LENGTH_MAX:
        raise OrderRejected(
            RejectionReason.VALUE_TOO_LONG, name, f"{name} has over {NUMBER_LENGTH_MAX} characters."
        )
    if _NUMBER.fullmatch(text):
        try:
            return Decimal(text)
        except InvalidOperation:
            pass  # An exponent beyond what Decimal holds.
    raise OrderRejected(reason, name, f"{name} is not a decimal number such as 1.5.")


def _integer(body: Body, field: str, reason: RejectionReason) -> int | None:
    value = body.values.get(field)
    if value is None:
        return None
    if not isinstance(value, _Number) or not value.text.lstrip("-").isdigit():
        raise _wrong_type(body, field, "a whole number")
    if len(value.text) > NUMBER_LENGTH_MAX:
        raise OrderRejected(reason, field, f"{field} is far out of range.")
    return int(value.text)


def _slippage(body: Body, default: BasisPoints) -> tuple[BasisPoints, bool]:
    """The bound, and whether it is only the most that an automatic one may become."""
    if body.values.get("slippage") == AUTOMATIC:
        if body.values.get("slippageBps") is not None:
            raise _said_twice(body, "slippageBps", "slippage")
        if body.values.get("maxSlippage") is None:
            return AUTOMATIC_SLIPPAGE_BPS_MAX, True
        return _fraction_bps(body, "maxSlippage"), True
    bps = _integer(body, "slippageBps", RejectionReason.SLIPPAGE_OUT_OF_RANGE)
    given = [field for field in SLIPPAGE_FRACTIONS if body.values.get(field) is not None]
    if not given:
        return default if bps is None else BasisPoints(bps), False
    if len(given) > 1 or bps is not None:
        raise _said_twice(body, given[1] if len(given) > 1 else "slippageBps", given[0])
    return _fraction_bps(body, given[0]), False


def _fraction_bps(body: Body, field: str) -> BasisPoints:
    fraction = _decimal(body, field, RejectionReason.SLIPPAGE_OUT_OF_RANGE)
    # Rounded down, in the trader's favour; below one basis point nothing would be left.
    if not Decimal(1) / BPS_DENOMINATOR <= fraction <= Decimal(SLIPPAGE_BPS_MAX) / BPS_DENOMINATOR:
        raise OrderRejected(
            RejectionReason.SLIPPAGE_OUT_OF_RANGE,
            body.written[field],
            "Slippage must be above 0 (at least 0.0001) and at most 0.5 (50 %).",
        )
    return BasisPoints(int(fraction.scaleb(4, _EXACT)))


def _said_twice(body: Body, field: str, other: str) -> OrderRejected:
    name, first = body.written[field], body.written[other]
    return OrderRejected(
        RejectionReason.DUPLICATE_FIELD,
        name,
        f"{name} and {first} say the same thing; send one of them.",
    )


def _wrong_type(body: Body, field: str, wanted: str) -> OrderRejected:
    name = body.written.get(field, field)
    return OrderRejected(RejectionReason.WRONG_TYPE, name, f"{name} must be {wanted}.")
