"""What this database knows of the wallet's trades, to be held against the chain's history."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from landfall.core.values import Pubkey, Signature, Slot
from landfall.ports import Waiting
from landfall.statements import load_statements
from landfall.store.session import read

_SQL = load_statements("landfall.store.sql", "wallet_record.sql")


class PostgresWalletRecord:
    """The `WalletRecord` port.

    Args:
        pool: made by `store.connection.connect`.
        wallet: whose trades.
    """

    def __init__(self, pool: asyncpg.Pool, wallet: Pubkey) -> None:
        self._pool = pool
        self._wallet = str(wallet)

    async def mark(self) -> Slot | None:
        """Up to which slot the wallet's history is accounted for."""
        rows = await read(self._pool, _SQL["mark"], self._wallet)
        return Slot(int(rows[0]["slot"])) if rows else None

    async def set_mark(self, slot: Slot) -> None:
        """Account for everything up to this slot; doing it twice does no harm."""
        await read(self._pool, _SQL["set_mark"], self._wallet, slot)

    async def unknown(self, signatures: Sequence[Signature]) -> frozenset[Signature]:
        """Those that no attempt on record has."""
        rows = await read(self._pool, _SQL["unknown"], [str(each) for each in signatures])
        return frozenset(Signature.from_string(row["signature"]) for row in rows)

    async def open_orders(self) -> tuple[UUID, ...]:
        """Orders that have not ended, oldest first."""
        return tuple(row["order_id"] for row in await read(self._pool, _SQL["open"]))

    async def set_waiting(self, why: Waiting | None) -> None:
        """Say what keeps workers from beginning; None: nothing any more."""
        if why is None:
            await read(self._pool, _SQL["set_begun"], self._wallet)
        else:
            await read(self._pool, _SQL["set_waiting"], self._wallet, why.value)

    async def waiting(self) -> Waiting | None:
        """What a worker said lately that keeps it from beginning."""
        rows = await read(self._pool, _SQL["waiting"], self._wallet)
        return Waiting(rows[0]["why"]) if rows else None

    async def silence_ms(self) -> int | None:
        """For how long no worker has shown itself here; None if none ever did."""
        (row,) = await read(self._pool, _SQL["silence_ms"])
        return None if row["ms"] is None else int(row["ms"])

    async def lineage(self) -> str:
        """Which server the database is on, and on which of its timelines."""
        (row,) = await read(self._pool, _SQL["lineage"])
        return str(row["lineage"])

    async def is_cleared(self) -> bool:
        """Whether its lineage is the one that was held against the chain; a new database's is."""
        (row,) = await read(self._pool, _SQL["is_cleared"])
        return bool(row["here"])

    async def set_cleared(self, lineage: str) -> None:
        """This lineage has been held against the chain."""
        await read(self._pool, _SQL["set_cleared"], lineage)
