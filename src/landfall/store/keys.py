"""API keys and WebSocket tickets in PostgreSQL, the same for every process of the engine."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg

from landfall.access import ApiKey, Presented, Scope, hash_of
from landfall.core.errors import OutcomeUnknown
from landfall.ports import Redeemed
from landfall.statements import load_statements
from landfall.store.session import LostSight, read, run

_SQL = load_statements("landfall.store.sql", "keys.sql")


class PostgresKeys:
    """Keys and tickets on PostgreSQL.

    Args:
        pool: made by `store.connection.connect`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def find(self, key_id: str) -> ApiKey | None:
        """The key with this id, good or not."""
        rows = await read(self._pool, _SQL["find"], key_id)
        return _key(rows[0]) if rows else None

    async def used(self, key_id: str) -> None:
        """Note that the key was used."""
        await read(self._pool, _SQL["used"], key_id)

    async def add_ticket(self, ticket: str, key_id: str | None, lifetime_ms: int) -> None:
        """Keep a ticket's hash, good once and for this long."""
        await read(self._pool, _SQL["add_ticket"], hash_of(ticket), key_id, lifetime_ms)

    async def redeem(self, ticket: str) -> Redeemed | None:
        """Use a ticket up; None if there is no such ticket any more.

        Raises:
            Unavailable: the database did not answer; the ticket may be used up all the same.
        """
        rows = await read(self._pool, _SQL["redeem"], hash_of(ticket))
        return Redeemed(rows[0]["key_id"]) if rows else None

    async def now_ms(self) -> int:
        """By whose time keys expire: the database's, in milliseconds since the Unix epoch."""
        (row,) = await read(self._pool, _SQL["now"])
        return int(row["now_ms"])

    async def any_good(self) -> bool:
        """Whether there is a key that opens anything."""
        (row,) = await read(self._pool, _SQL["any_good"])
        return bool(row["found"])

    async def all(self) -> Sequence[ApiKey]:
        """Every key there ever was, oldest first."""
        return [_key(row) for row in await read(self._pool, _SQL["all"])]

    async def add(
        self,
        key: Presented,
        *,
        account: str,
        label: str,
        scopes: frozenset[Scope],
        lifetime_ms: int | None,
    ) -> ApiKey:
        """Keep a new key, for ever or for `lifetime_ms`."""
        words = [scope.value for scope in Scope if scope in scopes]
        secret_hash = hash_of(key.secret)
        rows = await self._write("add", key.key_id, secret_hash, account, label, words, lifetime_ms)
        return _key(rows[0])

    async def revoke(self, key_id: str) -> ApiKey | None:
        """End a key at once; None if there is none."""
        rows = await self._write("revoke", key_id)
        return _key(rows[0]) if rows else None

    async def expire(self, key_id: str, after_ms: int) -> ApiKey | None:
        """End a key after a while; None if there is none that still opens anything."""
        rows = await self._write("expire", key_id, after_ms)
        return _key(rows[0]) if rows else None

    async def _write(self, name: str, *arguments: Any) -> list[asyncpg.Record]:
        try:
            return await run(self._pool, _SQL[name], *arguments)
        except LostSight as lost:
            raise OutcomeUnknown(f"the change may have happened: {lost}") from lost


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        account=row["account"],
        label=row["label"],
        scopes=frozenset(Scope(word) for word in row["scopes"]),
        secret_hash=bytes(row["secret_hash"]),
        created_at_ms=_ms(row["created_at"]),
        expires_at_ms=_ms_or_none(row["expires_at"]),
        revoked_at_ms=_ms_or_none(row["revoked_at"]),
        last_used_at_ms=_ms_or_none(row["last_used_at"]),
    )


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _ms_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else _ms(instant)
