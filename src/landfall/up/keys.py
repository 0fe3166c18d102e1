"""Make, list, replace and end API keys, in your database or in the embedded one.

The embedded database is used as it runs, or started for the moment.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from landfall.access import ApiKey, Presented, Scope, new_key
from landfall.core.errors import LandfallError
from landfall.settings import Settings
from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.keys import PostgresKeys
from landfall.store.migrations.migrate import migrate
from landfall.up.home import Home, open_home

NAME_LENGTH_MAX = 64


class NoSuchKey(LandfallError):
    """No key of that name can be made, or none is there; the sentence says which."""


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key: as it is kept, and as it is shown this once."""

    kept: ApiKey
    shown: Presented


async def create(
    settings: Settings,
    label: str,
    *,
    account: str | None,
    scopes: frozenset[Scope],
    lifetime_ms: int | None,
) -> MadeKey:
    """A new key. Without an account its orders are an account of the label's name.

    Raises:
        NoSuchKey: a name that cannot be used.
    """
    for name in (label, account or label):
        if not (0 < len(name) <= NAME_LENGTH_MAX and name.isprintable() and name.isascii()):
            raise NoSuchKey(f"A name has 1 to {NAME_LENGTH_MAX} printable characters.")
    async with _keys(settings) as keys:
        key = new_key()
        kept = await keys.add(
            key, account=account or label, label=label, scopes=scopes, lifetime_ms=lifetime_ms
        )
        return MadeKey(kept, key)


async def all_keys(settings: Settings) -> Sequence[ApiKey]:
    """Every key there ever was, oldest first."""
    async with _keys(settings) as keys:
        return await keys.all()


async def revoke(settings: Settings, key_id: str) -> ApiKey:
    """End a key at once.

    Raises:
        NoSuchKey: there is none.
    """
    async with _keys(settings) as keys:
        revoked = await keys.revoke(key_id)
    if revoked is None:
        raise NoSuchKey(f"There is no key {key_id}; `landfall keys list` shows them.")
    return revoked


async def rotate(
    settings: Settings, key_id: str, *, overlap_ms: int, lifetime_ms: int | None
) -> MadeKey:
    """A new key in the place of an old one, which lasts for the overlap and no longer.

    Raises:
        NoSuchKey: there is none that still opens anything.
    """
    async with _keys(settings) as keys:
        old = await keys.expire(key_id, overlap_ms)
        if old is None:
            raise NoSuchKey(f"There is no key {key_id} in use; `landfall keys list` shows them.")
        key = new_key()
        kept = await keys.add(
            key, account=old.account, label=old.label, scopes=old.scopes, lifetime_ms=lifetime_ms
        )
        return MadeKey(kept, key)


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
