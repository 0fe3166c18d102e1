"""Run the revisions that a database has not seen yet, with Alembic."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from landfall.store.errors import DatabaseUnusable

# Any number will do, as long as it stays the same: whoever holds it migrates.
_LOCK = 7_034_261_955
_OLDEST_SERVER = 15


async def upgrade(connection: asyncpg.Connection) -> None:
    """Upgrade to the newest revision this program knows. Closes the connection.

    Raises:
        DatabaseUnusable: a newer program has been here, or the server is too old.
    """

    async def made_already() -> asyncpg.Connection:
        return connection

    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=made_already, poolclass=NullPool
    )
    try:
        async with engine.begin() as begun:
            await begun.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    version = int(connection.scalar(text("show server_version_num"))) // 10_000
    if version < _OLDEST_SERVER:
        raise DatabaseUnusable(
            f"This is PostgreSQL {version}; Landfall needs {_OLDEST_SERVER} or newer."
        )
    # Held until the transaction ends, so that the others find the work done.
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    _refuse_newer(
        MigrationContext.configure(connection).get_current_heads(),
        {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()},
    )
    command.upgrade(config, "head")


def _refuse_newer(found: Sequence[str], known: set[str]) -> None:
    unknown = sorted(set(found) - known)
    if unknown:
        raise DatabaseUnusable(
            f"This database is at revision {unknown[0]}, which a newer Landfall made; "
            "run that version, or restore a backup."
        )
