"""Facts and orders as JSON, and back, to the same values.

A fact is stored under the name of its class. Facts only ever gain fields with defaults, so an old
log decodes with the defaults, and a field this program does not know yet is passed over.
Integers are JSON integers whatever their size; no number is ever read as a float.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, get_args

import msgspec

from landfall.core.errors import InvariantViolation, LandfallError
from landfall.core.events import Event
from landfall.core.execution import Failure
from landfall.core.order import Order
from landfall.core.token import Token
from landfall.core.values import Pubkey, Signature

# Which order it is and when it came are not what it asks.
_NOT_ASKED = frozenset({"order_id", "created_at_ms"})
_ASKED = tuple(field for field in fields(Order) if field.name not in _NOT_ASKED)


def _to_json(value: Any) -> str:
    if isinstance(value, Pubkey | Signature):
        return str(value)
    raise NotImplementedError(f"no JSON for {type(value).__name__}")


def _from_json(kind: type, value: Any) -> Any:
    if kind is Pubkey or kind is Signature:
        return kind.from_string(value)
    raise NotImplementedError(f"no {kind.__name__} from JSON")


_ENCODER = msgspec.json.Encoder(enc_hook=_to_json)
_EVENTS: Mapping[str, msgspec.json.Decoder[Any]] = {
    kind.__name__: msgspec.json.Decoder(kind, dec_hook=_from_json) for kind in get_args(Event)
}
_ORDER = msgspec.json.Decoder(Order, dec_hook=_from_json)
_TOKEN = msgspec.json.Decoder(Token, dec_hook=_from_json)
_FAILURE = msgspec.json.Decoder(Failure, dec_hook=_from_json)


def encode(value: Event | Order | Failure) -> str:
    """One fact, order or failure as JSON text."""
    return _ENCODER.encode(value).decode()


def decode_event(kind: str, body: str) -> Event:
    """The fact of that name.

    Raises:
        InvariantViolation: this program knows no such fact, or the body is not one.
    """
    decoder = _EVENTS.get(kind)
    if decoder is None:
        raise InvariantViolation(f"the log holds a fact that this program does not know: {kind}")
    event: Event = decoded(decoder, kind, body)
    return event


def decode_order(body: str) -> Order:
    """The order; raises InvariantViolation if the body is not one."""
    order: Order = decoded(_ORDER, "Order", body)
    return order


def decode_token(body: str) -> Token:
    """A token, as an order names it."""
    token: Token = decoded(_TOKEN, "Token", body)
    return token


def decode_failure(body: str) -> Failure:
    """The failure; raises InvariantViolation if the body is not one."""
    failure: Failure = decoded(_FAILURE, "Failure", body)
    return failure


def decoded(decoder: msgspec.json.Decoder[Any], kind: str, body: str) -> Any:
    """What `decoder` reads in a body; raises InvariantViolation if it is no such thing."""
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, LandfallError) as error:
        raise InvariantViolation(f"the database holds an unreadable {kind}: {error}") from error


def request_hash(order: Order) -> bytes:
    """What an order asks, in 32 bytes: equal for two orders that are the same request.

    Everything counts, priority included, except the order's id and time, and of a token only its
    mint, as names for a mint may change. Fields at their defaults are left out, so that a field
    added later does not make an old request a different one.
    """
    asked = {}
    for field in _ASKED:
        value = getattr(order, field.name)
        if value == field.default:
            continue
        asked[field.name] = value.mint if isinstance(value, Token) else value
    return hashlib.sha256(_ENCODER.encode(asked)).digest()
