"""Everything that is decided before a request is routed: host, origin, how often, and who.

A page on any site can make a browser talk to 127.0.0.1: by a name that resolves there (DNS
rebinding), by a plain form, or by a WebSocket, which browsers allow across sites. The first is
stopped by the Host header, the others by Origin; neither can be set by a page. Clients that are not
browsers send no Origin and are not touched by that rule. Whoever asks too often is told when to
come back, before anything is looked up for them.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from landfall import observe
from landfall.access import Caller
from landfall.api.access import Access, key_needed, ticket_in
from landfall.api.asgi import App, Message, Receive, Scope, Send, encoded, header, send_json
from landfall.api.errors import Problem, Refusal, answer, answer_headers, refusal
from landfall.api.limits import Allowance, Buckets, site_of

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
OPEN_PATHS = frozenset({"/", "/health", "/api/health", "/docs", "/openapi.json"})
"""What everybody may read: it says nothing about orders."""

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_CALM = frozenset({401, 429})
"""Refusals after which the same connection may well bring something better."""
_PORTS = {"http": 80, "https": 443}
_HOSTS_REMEMBERED_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What a request has to pass. Hosts are names without port, lower case; see `ApiConfig`."""

    allowed_hosts: frozenset[str]
    allowed_origins: frozenset[str]
    access: Access
    by_key: Buckets
    by_address: Buckets

    async def admit(self, scope: Scope) -> tuple[Caller | None, Allowance | None]:
        """Who asks, and what is left of their limit.

        Raises:
            Refusal: they are not let in.
            Unavailable: the database did not answer.
        """
        _check_host(scope, self.allowed_hosts)
        _check_origin(scope, self.allowed_origins)
        path = scope["path"]
        if path in OPEN_PATHS or scope.get("method") == "OPTIONS":
            return None, None
        allowance = self.by_address.take(address_of(scope))
        _check_allowance(allowance)
        caller = await self._caller(scope)
        if caller.key_id is None:
            return caller, allowance
        of_key = self.by_key.take(caller.key_id)
        _check_allowance(of_key)
        both = [each for each in (allowance, of_key) if each is not None]
        return caller, min(both, key=lambda each: each.remaining, default=None)

    async def _caller(self, scope: Scope) -> Caller:
        if scope["type"] == "websocket":
            query = scope["query_string"].decode("latin-1")
            ticket = ticket_in(parse_qs(query, keep_blank_values=True))
            if ticket is not None:
                return await self.access.of_ticket(ticket)
        caller = await self.access.of_headers(scope["headers"])
        if caller is None:
            raise key_needed()
        return caller


class TooMany(Refusal):
    """Refused for asking too often; the answer says how much is left."""

    def __init__(self, allowance: Allowance) -> None:
        super().__init__(
            429,
            Problem.RATE_LIMITED,
            "Too many requests; come back when Retry-After says so.",
            retry_after_s=allowance.retry_after_s,
        )
        self.allowance = allowance


def guarded(app: App, guard: Guard) -> App:
    """The application behind the guard."""

    async def checked(scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        try:
            caller, allowance = await guard.admit(scope)
        except Exception as error:  # noqa: BLE001 — the boundary: whatever it is, there is an answer.
            told = refusal(error)
            if told.status >= 500:
                observe.request_failed(scope["type"], scope["path"], error)
            await _refuse(scope, send, told)
            return
        # A copy: the server itself must still see that no body is wanted.
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        scope = {**scope, "caller": caller, **({"method": "GET"} if is_head else {})}
        extra = [] if allowance is None else encoded(allowance.headers())
        if scope["type"] == "http":
            await app(scope, receive, _answering(scope["method"], extra, send))
        else:
            await app(scope, receive, send)

    return checked


@lru_cache(_HOSTS_REMEMBERED_MAX)
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


def address_of(scope: Scope) -> str:
    """Under which name the limits know where a request came from."""
    client = scope.get("client")
    return site_of(client[0]) if client else "?"


def _check_host(scope: Scope, allowed_hosts: frozenset[str]) -> None:
    hosts = header(scope, b"host")
    if len(hosts) != 1 or host_of(hosts[0]) not in allowed_hosts:
        raise Refusal(
            421,
            Problem.HOST_NOT_ALLOWED,
            "This server is not known by that host name; API_ALLOWED_HOSTS names those it has.",
        )


def _check_origin(scope: Scope, allowed_origins: frozenset[str]) -> None:
    if scope["type"] == "http" and scope["method"] in _READING:
        return
    for origin in header(scope, b"origin"):
        if origin not in allowed_origins and not _is_own(origin, header(scope, b"host")[0]):
            raise Refusal(
                403, Problem.ORIGIN_NOT_ALLOWED, "Pages of that origin may not use this API."
            )


def _is_own(origin: str, host: str) -> bool:
    """Whether a page came from where it now talks to: the same port of the same machine."""
    scheme, separator, rest = origin.partition("://")
    if not separator or scheme not in _PORTS or host_of(rest) is None:
        return False
    theirs, ours = urlsplit(f"//{rest}"), urlsplit(f"//{host}")
    port = _PORTS[scheme]
    same_port = (theirs.port or port) == (ours.port or port)
    same_host = (
        theirs.hostname == ours.hostname or {theirs.hostname, ours.hostname} <= LOOPBACK_HOSTS
    )
    return same_port and same_host


def _check_allowance(allowance: Allowance | None) -> None:
    if allowance is not None and not allowance.granted:
        raise TooMany(allowance)


async def _refuse(scope: Scope, send: Send, told: Refusal) -> None:
    """Answer with an error; for a WebSocket the handshake fails with the same status."""
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = answer_headers(told)
    if told.status not in _CALM:
        headers["connection"] = "close"
    if isinstance(told, TooMany):
        headers |= told.allowance.headers()
    observe.http_response(str(scope.get("method", "WEBSOCKET")), told.status)
    await send_json(send, told.status, answer(told), headers, kind)


def _answering(method: str, extra: list[tuple[bytes, bytes]], send: Send) -> Send:
    async def answering(message: Message) -> None:
        if message["type"] == "http.response.start":
            observe.http_response(method, message["status"])
            if extra:
                message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return answering
