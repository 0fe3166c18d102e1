"""One statement, one commit, and the truth about what became of it.

A statement that got no answer may have taken effect, or may still be running. `LostSight` says so;
`end` ends its session and waits until that is gone, after which the database's contents are the
answer.
"""

from contextlib import suppress
from typing import Any

import asyncpg

from landfall.core.errors import InvariantViolation, LandfallError, NoRoom, Unavailable
from landfall.statements import load_statements
from landfall.store.connection import NOT_CONNECTED

_END_SESSION = load_statements("landfall.store.sql", "event_log.sql")["end_session"]
_END_WAIT_MS = 2_000

# Classes of SQLSTATE with which a server says "not now": it did nothing, and later it may.
_LATER = ("25", "40", "53", "55", "57", "58")
# With which it says "not this": bad data or a broken rule.
_NEVER = ("22", "23", "P0")
_DISK_FULL = "53100"


class LostSight(LandfallError):
    """The connection broke before an answer came. Never leaves the store.

    `session` is the process id that served the connection.
    """

    def __init__(self, session: int, cause: BaseException) -> None:
        super().__init__(f"no answer from the database: {cause!r}")
        self.session = session


class Refused(InvariantViolation):
    """The database refused the data: a constraint or a trigger stood in the way.

    `constraint` is its name, where it has one.
    """

    def __init__(self, cause: asyncpg.PostgresError) -> None:
        super().__init__(f"the database refused: {cause}")
        self.constraint: str | None = getattr(cause, "constraint_name", None)


async def run(pool: asyncpg.Pool, statement: str, *arguments: Any) -> list[asyncpg.Record]:
    """Run one statement in its own transaction.

    Raises:
        Unavailable: it surely had no effect, and may be tried again.
        Refused: it surely had no effect, and never will.
        LostSight: anything may have happened.
    """
    try:
        connection = await pool.acquire()
        session = connection.get_server_pid()
    except NOT_CONNECTED as error:
        raise Unavailable(f"the database cannot be reached: {error!r}") from error
    except asyncpg.PostgresError as error:
        raise Unavailable(f"the database refuses connections: {error}") from error
    try:
        records: list[asyncpg.Record] = await connection.fetch(statement, *arguments)
    except NOT_CONNECTED as error:
        # Whatever state it is in, nobody shall have it again; the pool may know that already.
        with suppress(asyncpg.InterfaceError):
            connection.terminate()
        raise LostSight(session, error) from error
    except asyncpg.PostgresError as error:
        raise _what_it_means(error, session) from error
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
    if state == _DISK_FULL:
        return NoRoom(f"the database has no room: {error}")
    if state.startswith(_LATER):
        return Unavailable(f"the database could not do it now: {error}")
    if state.startswith(_NEVER):
        return Refused(error)
    return InvariantViolation(f"the database did not understand: {error}")


async def _give_back(pool: asyncpg.Pool, connection: Any) -> None:
    # A connection that is gone cannot be given back; the pool makes a new one when it needs one.
    with suppress(*NOT_CONNECTED):
        await pool.release(connection)


async def end(pool: asyncpg.Pool, session: int) -> None:
    """Make sure that nothing of a lost session is left.

    Raises:
        Unavailable: that could not be made sure of.
    """
    (answer,) = await read(pool, _END_SESSION, session, _END_WAIT_MS)
    if not answer[0]:
        raise Unavailable(f"the database session {session} does not end")
