"""An order's log on the wire and back, without loss: what `landfall replay` folds again.

An event is its class name and its fields in camelCase. Whole numbers that can exceed what a
JavaScript number holds (amounts, thresholds, lamports) are strings; bytes are base64; addresses and
signatures base58. `decode` is the inverse of `encode`, tested for every kind of event.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args
from uuid import UUID

import msgspec

from landfall.core.events import Event, Recorded
from landfall.core.values import Pubkey, Signature

KINDS: Mapping[str, type[Event]] = MappingProxyType(
    {kind.__name__: kind for kind in get_args(Event)}
)
_WORD_START = re.compile(r"_([a-z0-9])")
_LARGE = frozenset({"threshold", "upper_bound_out", "lower_bound_in"})
_CAPITAL = re.compile(r"([A-Z])")


class RecordedWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One event of the log. Events up to and including one that ends a commit happened together."""

    version: int
    type: str
    recorded_at_ms: int
    ends_commit: bool
    data: dict[str, Any]


def encode(recorded: Recorded) -> RecordedWire:
    """One event as it goes over the wire."""
    fields = msgspec.to_builtins(recorded.event, enc_hook=_to_text)
    return RecordedWire(
        version=recorded.version,
        type=type(recorded.event).__name__,
        recorded_at_ms=recorded.recorded_at_ms,
        ends_commit=recorded.ends_commit,
        data=_renamed_out(fields),
    )


def decode(order_id: UUID, wire: RecordedWire) -> Recorded:
    """The event that `encode` was given.

    Raises:
        KeyError: an event type that this version does not know.
        msgspec.ValidationError: fields that do not fit the event.
    """
    event = msgspec.convert(
        _renamed_in(wire.data), KINDS[wire.type], strict=False, dec_hook=_from_text
    )
    return Recorded(
        order_id=order_id,
        version=wire.version,
        recorded_at_ms=wire.recorded_at_ms,
        event=event,
        ends_commit=wire.ends_commit,
    )


def _to_text(value: Any) -> str:
    assert isinstance(value, Pubkey | Signature)
    return str(value)


def _from_text(kind: type, text: Any) -> Any:
    assert kind in (Pubkey, Signature)
    return kind.from_string(text)


def _renamed_out(value: Any, name: str = "") -> Any:
    match value:
        case dict():
            return {_camel(key): _renamed_out(inner, key) for key, inner in value.items()}
        case list() | tuple():
            return [_renamed_out(inner, name) for inner in value]
        case int() if name.endswith(("amount", "lamports")) or name in _LARGE:
            return str(value)
        case _:
            return value


def _renamed_in(value: Any) -> Any:
    match value:
        case dict():
            return {_snake(key): _renamed_in(inner) for key, inner in value.items()}
        case list():
            return [_renamed_in(inner) for inner in value]
        case _:
            return value


def _camel(name: str) -> str:
    return _WORD_START.sub(lambda found: found.group(1).upper(), name)


def _snake(name: str) -> str:
    return _CAPITAL.sub(lambda found: "_" + found.group(1).lower(), name)
