"""Which chain this database belongs to. Orders of two chains must never share one log."""

import asyncpg

from landfall.statements import load_statements
from landfall.store.errors import DatabaseUnusable
from landfall.store.session import read

_SQL = load_statements("landfall.store.sql", "cluster.sql")


async def claim_cluster(pool: asyncpg.Pool, genesis_hash: str) -> None:
    """Bind a new database to a chain, or check that this is the chain it is bound to.

    Raises:
        DatabaseUnusable: it belongs to another chain.
        Unavailable: the database did not answer.
    """
    await read(pool, _SQL["bind"], genesis_hash)
    (row,) = await read(pool, _SQL["bound_to"])
    if row["genesis_hash"] != genesis_hash:
        raise DatabaseUnusable(
            f"This database belongs to the chain with genesis hash {row['genesis_hash']}, but the "
            f"RPC node is on {genesis_hash}; use another database or another node."
        )
