"""One statement, one commit, and the truth about what became of it.

A statement that got no answer may have taken effect, or may still be running. `LostSight` says so;
`is_over` ends its session and waits until that is gone, after which the database's contents are the
answer.
"""

import asyncio
from typing import Any

import asyncpg

from landfall.core.errors import InvariantViolation, LandfallError, Unavailable
from landfall.statements import load_statements
from landfall.store.connection import NOT_CONNECTED

_END_SESSION = load_statements("landfall.store.sql", "event_log.sql")["end_session"]
_END_WAIT_MS = 2_000
_END_TRIES_MAX = 5
_END_PAUSE_S = 0.2

# Classes of SQLSTATE with which a server says "not now": it did nothing, and later it may.
_LATER = ("25", "40", "53", "55", "57", "58")
# With which it says "not this": bad data or a broken rule.
_NEVER = ("22", "23", "P0")
_DEADLOCK = "40P01"


class LostSight(LandfallError):
    """The connection broke before an answer came. Never leaves the store.

    `session` is the process id that served the connection.
    """

    def __init__(self, session: int, cause: BaseException) -> None:
        super().__init__(f"no answer from the database: {cause!r}")
        self.session = session


class Refused(InvariantViolation):
    """The database refused the data: a constraint or a trigger stood in the way."""


async def run(pool: asyncpg.Pool, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    """Run one statement in its own transaction.

    Raises:
        Unavailable: it surely had no effect, and may be tried again.
        Refused: it surely had no effect, and never will.
        LostSight: anything may have happened.
    """
    try:
        connection = await pool.acquire()
    except NOT_CONNECTED as error:
        raise Unavailable(f"the database cannot be reached: {error!r}") from error
    except asyncpg.PostgresError as error:
        raise Unavailable(f"the database refuses connections: {error}") from error
    session = connection.get_server_pid()
    try:
        records: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
    except asyncpg.PostgresError as error:
        raise _what_it_means(error, session) from error
    except NOT_CONNECTED as error:
        raise LostSight(session, error) from error
    finally:
        await _give_back(pool, connection)
    return records


async def read(pool: asyncpg.Pool, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    """Run a statement that changes nothing, so that a lost answer is only an answer to ask again.

    Raises:
        Unavailable: the database did not answer.
    """
    try:
        return await run(pool, statement, *arguments)
    except LostSight as lost:
        raise Unavailable(str(lost)) from lost


def _what_it_means(error: asyncpg.PostgresError, session: int) -> Exception:
    state = error.sqlstate or ""
    # A session that dies may die after its commit.
    if getattr(error, "severity_en", None) in ("FATAL", "PANIC") or state.startswith("08"):
        return LostSight(session, error)
    if state.startswith(_LATER):
        return Unavailable(f"the database could not do it now: {error}")
    if state.startswith(_NEVER):
        return Refused(f"the database refused: {error}")
    return InvariantViolation(f"the database did not understand: {error}")


async def _give_back(pool: asyncpg.Pool, connection: Any) -> None:
    try:
        await pool.release(connection)
    except NOT_CONNECTED:
        # The pool has dropped it already; a new one is made when it is needed.
        return


async def is_over(pool: asyncpg.Pool, session: int) -> bool:
    """True once nothing of a lost session is left; False if that could not be made sure of."""
    for attempt in range(_END_TRIES_MAX):
        if attempt:
            await asyncio.sleep(_END_PAUSE_S * attempt)
        try:
            (answer,) = await run(pool, _END_SESSION, session, _END_WAIT_MS)
        except (Unavailable, LostSight):
            continue
        if answer[0]:
            return True
    return False
