"""Connections to PostgreSQL: one pool per process, and what its failures mean.

Every statement here runs as its own transaction and leaves nothing behind in its session, so a
connection goes back to the pool without a round trip to clean it.
"""

import os
import secrets
import socket

import asyncpg

from landfall.core.errors import Unavailable
from landfall.store.errors import DatabaseUnusable

STATEMENT_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0

# How a connection that is gone, or was never had, shows itself. The last is what asyncpg says when
# the server hangs up between its own steps.
NOT_CONNECTED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


async def connect(dsn: str, *, size: int = 10) -> asyncpg.Pool:
    """A pool of up to `size` connections. The name of its sessions is this process's own.

    Raises:
        Unavailable: the database does not answer.
        DatabaseUnusable: something stands between, and shows sessions that are not the server's.
        asyncpg.PostgresError: it refuses.
    """
    try:
        pool = await _pool(dsn, size)
        await _check_sessions(pool)
    except NOT_CONNECTED as error:
        raise Unavailable(f"the database cannot be reached: {error!r}") from error
    return pool


async def _pool(dsn: str, size: int) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_S,
        command_timeout=STATEMENT_TIMEOUT_S,
        reset=_as_it_is,
        server_settings={
            "application_name": session_name(),
            # Bytes are sent once they are on record, and a record that a crash forgets is none. A
            # database may be set up to answer before its disk has a commit.
            "synchronous_commit": "on",
            # Statements are short look-ups by key; compiling them costs more than running them.
            "jit": "off",
            "random_page_cost": "1.1",
        },
    )


async def _check_sessions(pool: asyncpg.Pool) -> None:
    """A lost statement is settled by ending its session, so that has to be the server's own."""
    async with pool.acquire() as connection:
        is_own = await connection.fetchval("select pg_backend_pid()") == connection.get_server_pid()
    if not is_own:
        pool.terminate()
        raise DatabaseUnusable(
            "DATABASE_URL leads to a connection pooler. Landfall has a pool of its own and ends "
            "sessions that it lost sight of; let it connect to PostgreSQL itself."
        )


def session_name() -> str:
    """A name for this process's sessions that no other process has."""
    return f"landfall {socket.gethostname()[:20]} {os.getpid()} {secrets.token_hex(4)}"


async def _as_it_is(connection: asyncpg.Connection) -> None:
    return None
