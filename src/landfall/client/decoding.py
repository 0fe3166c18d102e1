"""What came over the wire, as values: updates, and errors in the engine's one shape."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from landfall.client.answers import Start, Update
from landfall.client.errors import ApiError

REPLAYED_HEADER = "idempotent-replayed"


def updates_of(message: str | bytes) -> Sequence[Update] | Start | None:
    """The updates in a WebSocket's message, or where a stream begins; None if it is neither."""
    with suppress(msgspec.DecodeError):
        if message[:1] in ("[", b"["):
            return msgspec.json.decode(message, type=list[Update])
        return [msgspec.json.decode(message, type=Update)]
    with suppress(msgspec.DecodeError):
        return msgspec.json.decode(message, type=Start)
    return None


def error_of(
    status: int, body: bytes | bytearray | str, headers: Mapping[str, str] | None = None
) -> ApiError:
    """The error in an answer; one that no Landfall engine would give is named as such."""
    retry_after_s = _seconds((headers or {}).get("retry-after"))
    try:
        told = msgspec.json.decode(body)["error"]
        return ApiError(status, told["code"], told["message"], told["field"], retry_after_s)
    except (msgspec.DecodeError, KeyError, TypeError):
        sentence = "The answer is not one of a Landfall engine."
        return ApiError(status, "not_landfall", sentence, None, retry_after_s)


def _seconds(text: str | None) -> float | None:
    """A `Retry-After` in seconds; the form with a date is not ours."""
    return float(text) if text is not None and text.isascii() and text.isdigit() else None
