"""Find out who calls: an API key in a header, a ticket for a WebSocket, or nobody in particular.

Keys are looked up in the database and remembered for a moment, so that a key revoked anywhere is
refused everywhere within seconds, on open WebSockets too. A key comes in `Authorization: Bearer` or
`X-API-Key`, never in a URL, where logs would keep it; a browser, which can send neither with a
WebSocket, trades its key for a ticket that is good once and for seconds.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection

from landfall.access import ApiKey, Caller, Scope, read_key
from landfall.api.errors import Problem, Refusal
from landfall.ports import Clock, Keys

REMEMBERED_MS = 2_000
TICKET_LIFETIME_MS = 30_000
KEY_HEADER = b"x-api-key"
TICKET_PARAMETER = "ticket"

_TICKET_BYTES = 32
_TICKET_LENGTH_MAX = 64
_REMEMBERED_MAX = 10_000
_EVERYTHING_BUT_ADMIN = frozenset({Scope.READ, Scope.TRADE, Scope.CANCEL})

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class _Remembered:
    """A key as it was a moment ago, None if there was none; and whether its use since is noted."""

    key: ApiKey | None
    until_ms: int
    noted: bool = False


class Access:
    """Who may use this API.

    Args:
        keys: the keys and tickets there are.
        clock: by whose time they expire.
        anonymous: the account of callers without a key; None if every caller needs one.
    """

    def __init__(self, keys: Keys, clock: Clock, anonymous: str | None) -> None:
        self._keys = keys
        self._clock = clock
        self._remembered: OrderedDict[str, _Remembered] = OrderedDict()
        self._anonymous = (
            None if anonymous is None else Caller(account=anonymous, scopes=_EVERYTHING_BUT_ADMIN)
        )

    async def of_headers(self, headers: Headers) -> Caller | None:
        """The caller these headers prove; None if there is no key in them and one is needed.

        Raises:
            Refusal: there is a key, and it opens nothing.
            Unavailable: the database did not answer.
        """
        given = _credentials(headers)
        if not given:
            return self._anonymous
        presented = read_key(given[0]) if len(given) == 1 else None
        key = None if presented is None else await self._good(presented.key_id)
        if presented is None or key is None or not key.is_proven_by(presented.secret):
            raise bad_key()
        await self._note(key.key_id)
        return key.caller()

    async def of_ticket(self, ticket: str) -> Caller:
        """The caller who was given this ticket; it is used up.

        Raises:
            Refusal: it is none, it was used, or its time is up.
            Unavailable: the database did not answer.
        """
        redeemed = (
            await self._keys.redeem(ticket) if 0 < len(ticket) <= _TICKET_LENGTH_MAX else None
        )
        if redeemed is not None and redeemed.key_id is None and self._anonymous is not None:
            return self._anonymous
        if redeemed is not None and redeemed.key_id is not None:
            key = await self._good(redeemed.key_id)
            if key is not None:
                return key.caller()
        raise Refusal(
            401,
            Problem.INVALID_TICKET,
            "This ticket was used, or its time is up; ask for a new one.",
        )

    async def ticket_for(self, caller: Caller) -> str:
        """A new ticket, which opens one WebSocket as this caller."""
        ticket = secrets.token_urlsafe(_TICKET_BYTES)
        await self._keys.add_ticket(ticket, caller.key_id, TICKET_LIFETIME_MS)
        return ticket

    async def still_good(self, caller: Caller) -> bool:
        """Whether the caller's key still opens what it opened."""
        return caller.key_id is None or await self._good(caller.key_id) is not None

    async def _good(self, key_id: str) -> ApiKey | None:
        """The key, if it opens anything at this moment; what is remembered is seconds old."""
        now_ms = self._clock.now_ms()
        remembered = self._remembered.get(key_id)
        if remembered is None or remembered.until_ms <= now_ms:
            key = await self._keys.find(key_id)
            # Keys that do not exist are remembered too: guessing must not cost the database.
            remembered = _Remembered(key, now_ms + REMEMBERED_MS)
            self._remembered.pop(key_id, None)
            self._remembered[key_id] = remembered
            if len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        key = remembered.key
        return key if key is not None and key.is_good(now_ms) else None

    async def _note(self, key_id: str) -> None:
        remembered = self._remembered.get(key_id)
        if remembered is not None and not remembered.noted:
            remembered.noted = True
            await self._keys.used(key_id)


def permitted(connection: "ASGIConnection[Any, Any, Any, Any]", scope: Scope) -> Caller:
    """The caller of a request, if they may do this.

    Raises:
        Refusal: 403, and which scope is missing.
    """
    return granted(connection.scope["caller"], scope)  # type: ignore[typeddict-item]


def granted(caller: Caller, scope: Scope) -> Caller:
    """The caller, if they may do this.

    Raises:
        Refusal: 403, and which scope is missing.
    """
    if not caller.may(scope):
        raise Refusal(
            403, Problem.SCOPE_MISSING, f"This key lacks the scope {scope.value!r} that this needs."
        )
    return caller


def key_needed() -> Refusal:
    """No key came with the request."""
    return Refusal(
        401,
        Problem.KEY_NEEDED,
        "Send an API key as `Authorization: Bearer KEY`; `landfall keys create` makes one.",
    )


def bad_key() -> Refusal:
    """Unknown, wrong, expired and revoked keys look alike."""
    return Refusal(
        401, Problem.INVALID_KEY, "This API key is not known, has expired or was revoked."
    )


def ticket_in(query: Mapping[str, list[str]]) -> str | None:
    """The ticket in a WebSocket's URL, if there is one."""
    given = query.get(TICKET_PARAMETER)
    return given[0] if given else None


def _credentials(headers: Headers) -> list[str]:
    """Every key the headers hold, as written; whatever is no key stays, to be refused."""
    found = []
    for name, value in headers:
        if name == KEY_HEADER:
            found.append(value.decode("latin-1").strip())
        elif name == b"authorization":
            scheme, _, rest = value.decode("latin-1").strip().partition(" ")
            found.append(rest.strip() if scheme.lower() == "bearer" else "")
    return found
