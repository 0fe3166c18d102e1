"""Make, list, replace and end API keys, in your database or in the embedded one.

The embedded database is used as it runs, or started for the moment.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.markup import escape
from rich.table import Table

from landfall.access import ApiKey, Scope, new_key
from landfall.core.errors import LandfallError
from landfall.settings import Settings
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.keys import PostgresKeys
from landfall.store.migrations.migrate import migrate
from landfall.up.home import Home, open_home

NAME_LENGTH_MAX = 64
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


class NoSuchKey(LandfallError):
    """No key of that name can be made, or none is there; the sentence says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """A key as people see it, without its secret. Instants are ISO 8601; `state` is good, expired
    or revoked.
    """

    key_id: str
    name: str
    account: str
    scopes: tuple[str, ...]
    state: str
    created_at: str
    expires_at: str | None
    last_used_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A new key, as it is shown this once."""

    key: str
    line: KeyLine


def scopes_of(text: str) -> frozenset[Scope]:
    """Scopes by their names, separated by commas.

    Raises:
        NoSuchKey: a word that is no scope, or none at all.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    known = {scope.value: scope for scope in Scope}
    if not words or any(word not in known for word in words):
        raise NoSuchKey(f"Scopes are {', '.join(known)}, separated by commas.")
    return frozenset(known[word] for word in words)


async def create(
    settings: Settings,
    name: str,
    *,
    account: str | None,
    scopes: frozenset[Scope],
    days: int | None,
) -> MadeKey:
    """A new key. Without an account its orders are an account of the key's own name.

    Raises:
        NoSuchKey: a name that cannot be used.
    """
    for text in (name, account or name):
        if not (0 < len(text) <= NAME_LENGTH_MAX and text.isprintable()):
            raise NoSuchKey(f"A name has 1 to {NAME_LENGTH_MAX} printable characters.")
    async with _keys(settings) as keys:
        key = new_key()
        kept = await keys.add(
            key,
            account=account or name,
            label=name,
            scopes=scopes,
            lifetime_ms=None if days is None else days * _DAY_MS,
        )
        return MadeKey(key=key.text, line=_line(kept, await keys.now_ms()))


async def all_keys(settings: Settings) -> Sequence[KeyLine]:
    """Every key there ever was, oldest first."""
    async with _keys(settings) as keys:
        now_ms = await keys.now_ms()
        return [_line(key, now_ms) for key in await keys.all()]


async def revoke(settings: Settings, key_id: str) -> KeyLine:
    """End a key at once.

    Raises:
        NoSuchKey: there is none.
    """
    async with _keys(settings) as keys:
        revoked = await keys.revoke(key_id)
        if revoked is None:
            raise NoSuchKey(f"There is no key {key_id}; `landfall keys list` shows them.")
        return _line(revoked, await keys.now_ms())


async def rotate(
    settings: Settings, key_id: str, *, overlap_hours: float, days: int | None
) -> MadeKey:
    """A new key in the place of an old one, which lasts for the overlap and no longer.

    Raises:
        NoSuchKey: there is none that still opens anything.
    """
    async with _keys(settings) as keys:
        old = await keys.find(key_id)
        if old is None or not old.is_good(await keys.now_ms()):
            raise NoSuchKey(f"There is no key {key_id} in use; `landfall keys list` shows them.")
        key = new_key()
        # The new one first: dying in between leaves a key too many, and never one too few.
        kept = await keys.add(
            key,
            account=old.account,
            label=old.label,
            scopes=old.scopes,
            lifetime_ms=None if days is None else days * _DAY_MS,
        )
        await keys.expire(key_id, round(overlap_hours * _HOUR_MS))
        return MadeKey(key=key.text, line=_line(kept, await keys.now_ms()))


def table(lines: Sequence[KeyLine]) -> Table:
    """The keys as a table."""
    shown = Table("key", "name", "account", "scopes", "state", "expires", "last used")
    for line in lines:
        scopes = ", ".join(line.scopes)
        expires, used = line.expires_at or "never", line.last_used_at or "never"
        shown.add_row(
            line.key_id, escape(line.name), escape(line.account), scopes, line.state, expires, used
        )
    return shown


def _line(key: ApiKey, now_ms: int) -> KeyLine:
    state = "good" if key.is_good(now_ms) else "expired"
    return KeyLine(
        key_id=key.key_id,
        name=key.label,
        account=key.account,
        scopes=tuple(scope.value for scope in Scope if scope in key.scopes),
        state=state if key.revoked_at_ms is None else "revoked",
        created_at=_instant(key.created_at_ms),
        expires_at=None if key.expires_at_ms is None else _instant(key.expires_at_ms),
        last_used_at=None if key.last_used_at_ms is None else _instant(key.last_used_at_ms),
    )


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat()


@asynccontextmanager
async def _keys(settings: Settings) -> AsyncIterator[PostgresKeys]:
    """The keys of the settings' database, brought to the newest revision."""
    with ExitStack() as stack:
        dsn = _dsn(settings, stack)
        await migrate(dsn)
        pool = await connect(dsn, size=1)
        try:
            yield PostgresKeys(pool)
        finally:
            pool.terminate()


def _dsn(settings: Settings, stack: ExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url.reveal()
    postgres = EmbeddedPostgres(Home(settings.home).database)
    if postgres.is_running():
        return postgres.dsn
    stack.enter_context(open_home(settings.home))
    return stack.enter_context(postgres).dsn
