"""ASGI as it is spoken where the framework is not asked: headers, a body, an answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from landfall.api.errors import Problem, Refusal

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application: scope, receive, send."""

ALWAYS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""The headers of every answer."""


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.encode(), value.encode()) for name, value in headers.items()]


_ALWAYS = encoded({"content-type": "application/json", **ALWAYS})


def header(scope: Scope, wanted: bytes) -> list[str]:
    """Every value of a header, whose name is in lower case."""
    return [value.decode("latin-1") for name, value in scope["headers"] if name == wanted]


async def json_body(scope: Scope, receive: Receive, bytes_max: int) -> bytes:
    """The body, if it says that it is plain JSON; browsers' forms cannot say so.

    Raises:
        Refusal: it says something else, is larger than it may be, or ends too early.
    """
    media_type = "".join(header(scope, b"content-type")[:1]).partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refusal(415, Problem.UNSUPPORTED_MEDIA_TYPE, "Send the order as application/json.")
    if any(encoding.lower() != "identity" for encoding in header(scope, b"content-encoding")):
        raise Refusal(415, Problem.UNSUPPORTED_ENCODING, "Send the body without compression.")
    # The server has refused lengths that are no number, and holds the body to the length it gave.
    if any(int(length) > bytes_max for length in header(scope, b"content-length")):
        raise _too_large()
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, Problem.MALFORMED_BODY, "The body ended before it was whole.")
        body += message.get("body", b"")
        if len(body) > bytes_max:
            raise _too_large()
        if not message.get("more_body", False):
            return bytes(body)


async def send_json(
    send: Send,
    status: int,
    content: msgspec.Struct,
    headers: Mapping[str, str],
    kind: str = "http.response",
) -> None:
    """Answer with this, and these headers beside those of every answer."""
    body = msgspec.json.encode(content)
    length = (b"content-length", str(len(body)).encode())
    every = [*_ALWAYS, length, *encoded(headers)]
    await send({"type": f"{kind}.start", "status": status, "headers": every})
    await send({"type": f"{kind}.body", "body": body, "more_body": False})


def _too_large() -> Refusal:
    return Refusal(413, Problem.BODY_TOO_LARGE, "The body is larger than 64 KiB.")
