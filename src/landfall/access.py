"""Who may do what: API keys, what they are made of, and the scopes they carry.

A key is `lf_<id>.<secret>`. The id finds it and may be shown; the secret proves it and is shown
once. Only the secret's SHA-256 is kept: it has 256 random bits, so there is nothing to guess that a
slower hash would protect. Units: instants are milliseconds since the Unix epoch, by the database's
clock.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import Enum

SECRET_BYTES = 32
_ID_BYTES = 8
_KEY = re.compile(r"(lf_[0-9a-f]{16})\.([A-Za-z0-9_-]{43})")


class Scope(Enum):
    """What a key is good for. The value is its name on the command line and in the database."""

    READ = "read"
    """Orders, quotes, streams and counts."""
    TRADE = "trade"
    """Placing orders."""
    CANCEL = "cancel"
    """Withdrawing orders."""
    ADMIN = "admin"
    """Everything, over the orders of every account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whoever sent a request: whose orders are meant, and what may be done with them."""

    account: str
    scopes: frozenset[Scope]
    key_id: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the caller has this scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def sees(self, account: str) -> bool:
        """Whether orders of this account exist for the caller."""
        return account == self.account or Scope.ADMIN in self.scopes

    @property
    def reach(self) -> str | None:
        """The one account whose orders the caller sees; None for all of them."""
        return None if Scope.ADMIN in self.scopes else self.account


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept. Keys of one `account` see the same orders."""

    key_id: str
    account: str
    label: str
    scopes: frozenset[Scope]
    secret_hash: bytes
    created_at_ms: int
    expires_at_ms: int | None = None
    revoked_at_ms: int | None = None
    last_used_at_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Whether it opens anything at this moment."""
        expired = self.expires_at_ms is not None and self.expires_at_ms <= now_ms
        return self.revoked_at_ms is None and not expired

    def caller(self) -> Caller:
        """Whoever holds this key."""
        return Caller(account=self.account, scopes=self.scopes, key_id=self.key_id)

    def is_proven_by(self, secret: str) -> bool:
        """Whether this is its secret, in a time that says nothing about it."""
        return hmac.compare_digest(self.secret_hash, hash_of(secret))


@dataclass(frozen=True, slots=True)
class Presented:
    """A key as a client sends it. No text form shows the secret."""

    key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"Presented({self.key_id!r}, …)"

    @property
    def text(self) -> str:
        """The whole key, for the one time that it is shown."""
        return f"{self.key_id}.{self.secret}"


def new_key() -> Presented:
    """A key that nobody can guess."""
    return Presented(f"lf_{secrets.token_hex(_ID_BYTES)}", secrets.token_urlsafe(SECRET_BYTES))


def read_key(text: str) -> Presented | None:
    """The key a text is; None if it is none.

    >>> read_key("lf_0123456789abcdef." + "A" * 43)
    Presented('lf_0123456789abcdef', …)
    >>> read_key("Bearer") is None
    True
    """
    found = _KEY.fullmatch(text)
    return Presented(found[1], found[2]) if found else None


def hash_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
