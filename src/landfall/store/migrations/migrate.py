"""Bring a database to the newest revision. Any number of processes may try at once."""

from pathlib import Path

import asyncpg

from landfall.core.errors import Unavailable
from landfall.store.connection import CONNECT_TIMEOUT_S, NOT_CONNECTED
from landfall.store.errors import DatabaseUnusable

NEWEST = max(file.stem[1:5] for file in (Path(__file__).parent / "versions").glob("v*.py"))
"""The revision that this program needs."""


async def migrate(dsn: str) -> None:
    """Upgrade the database to the newest revision this program knows.

    Raises:
        DatabaseUnusable: a newer program has been here, or the server is too old.
        Unavailable: the database did not answer.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
        revision = await _revision(connection)
    except NOT_CONNECTED as error:
        raise Unavailable(f"the database cannot be reached: {error!r}") from error
    except asyncpg.PostgresError as error:
        raise DatabaseUnusable(f"The database refuses the connection: {error}.") from error
    if revision == NEWEST:
        await connection.close()
        return
    # Most starts have nothing to upgrade, and what does it takes longer to load than all the rest.
    from landfall.store.migrations.upgrade import upgrade

    await upgrade(connection)


async def _revision(connection: asyncpg.Connection) -> str | None:
    """Where the database is; None if it is new."""
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("select version_num from alembic_version")
    return revision
