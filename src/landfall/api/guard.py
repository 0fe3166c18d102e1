"""Refuse what a web page in the operator's browser could send, before anything is routed.

A page on any site can make a browser talk to 127.0.0.1: by a name that resolves there (DNS
rebinding), by a plain form, or by a WebSocket, which browsers allow across sites. The first is
stopped by the Host header, the others by Origin; neither can be set by a page. Clients that are not
browsers send no Origin and are not touched by that rule.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from landfall import observe
from landfall.api.errors import Refusal, answer

Scope = Mapping[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application: scope, receive, send."""

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def guarded(app: App, allowed_hosts: frozenset[str]) -> App:
    """The application behind the two checks. Hosts are names without port, lower case."""

    async def checked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        told = _refused(scope, allowed_hosts)
        if told is not None:
            await _refuse(scope, send, told)
        elif scope["type"] == "http":
            await app(scope, receive, _counted(scope["method"], send))
        else:
            await app(scope, receive, send)

    return checked


def host_of(header: str) -> str | None:
    """The name in a Host header, without port; None if it is not one.

    >>> host_of("LocalHost:3000"), host_of("[::1]:3000"), host_of("a@b"), host_of("")
    ('localhost', '::1', None, None)
    """
    try:
        parts = urlsplit(f"//{header}")
        _ = parts.port  # Raises on a port that is not a number.
    except ValueError:
        return None
    if parts.netloc != header or parts.username is not None or not parts.hostname:
        return None
    return parts.hostname


def _refused(scope: Scope, allowed_hosts: frozenset[str]) -> Refusal | None:
    headers = scope["headers"]
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) != 1 or host_of(hosts[0]) not in allowed_hosts:
        return Refusal(421, "host_not_allowed", "This server is not known by that host name.")
    if scope["type"] == "http" and scope["method"] in _READING:
        return None
    for name, value in headers:
        if name == b"origin" and _origin_host(value.decode("latin-1")) not in allowed_hosts:
            return Refusal(403, "origin_not_allowed", "Pages of that origin may not use this API.")
    return None


def _origin_host(origin: str) -> str | None:
    scheme, separator, rest = origin.partition("://")
    return host_of(rest) if separator and scheme in ("http", "https") else None


async def _refuse(scope: Scope, send: Send, told: Refusal) -> None:
    """Answer with an error; for a WebSocket the handshake fails with the same status."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    body = msgspec.json.encode(answer(told))
    start = {
        "type": f"{kind}.start",
        "status": told.status,
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ],
    }
    observe.http_response(str(scope.get("method", "WEBSOCKET")), told.status)
    await send(start)
    await send({"type": f"{kind}.body", "body": body, "more_body": False})


def _counted(method: str, send: Send) -> Send:
    async def counting(message: Message) -> None:
        if message["type"] == "http.response.start":
            observe.http_response(method, message["status"])
        await send(message)

    return counting
