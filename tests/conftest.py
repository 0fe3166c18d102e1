"""What every test may ask for: a real PostgreSQL, and a fresh migrated database in it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from landfall.store.connection import connect
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.migrations.migrate import migrate

_TEMPLATE = "migrated"
_NUMBERS = itertools.count()
# A test's database is thrown away with the machine's power, so it need not reach the disk.
_THROWAWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def _database(dsn: str, name: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def _run(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A temporary directory that another user can pass through.

    As root the database runs as another user; pytest closes its own directories to others whenever
    a session of it starts, also while this one runs.
    """
    with TemporaryDirectory(prefix="landfall-test-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The DSN of a PostgreSQL of this test session, with a migrated template database in it."""
    with (
        TemporaryDirectory(prefix="landfall-test-") as directory,
        EmbeddedPostgres(Path(directory) / "data", _THROWAWAY) as server,
    ):

        async def prepare() -> None:
            await _run(server.dsn, f"create database {_TEMPLATE}")
            await migrate(_database(server.dsn, _TEMPLATE))

        asyncio.run(prepare())
        yield server.dsn


@pytest.fixture
async def empty_dsn(postgres_server: str) -> AsyncIterator[str]:
    """The DSN of a database of this test alone, without tables."""
    name = f"test_{next(_NUMBERS)}"
    await _run(postgres_server, f"create database {name}")
    yield _database(postgres_server, name)
    await _run(postgres_server, f"drop database {name} with (force)")


@pytest.fixture
async def dsn(postgres_server: str) -> AsyncIterator[str]:
    """The DSN of a migrated database of this test alone."""
    name = f"test_{next(_NUMBERS)}"
    await _run(postgres_server, f"create database {name} template {_TEMPLATE}")
    yield _database(postgres_server, name)
    await _run(postgres_server, f"drop database {name} with (force)")


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to a migrated database of this test alone."""
    pool = await connect(dsn)
    yield pool
    pool.terminate()
