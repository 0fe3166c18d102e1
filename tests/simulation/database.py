"""PostgreSQL as a driver shows it, over the tables: sessions that break at the worst moment.

A statement whose connection broke may never have arrived, may have been done unheard, or may still
be running and be done later, unless somebody ends its session first.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from itertools import count
from random import Random
from typing import Any

import asyncpg

from tests.simulation.tables import STATEMENTS, Rows, Tables
from tests.simulation.virtual_time import VirtualLoop, current_process
from tests.simulation.weather import Weather

EPOCH_MS = 1_800_000_000_000
_OUTSIDE = Context()


class Database:
    """One server. What it tells listeners may get lost; what it commits does not."""

    def __init__(self, loop: VirtualLoop, chance: Random, weather: Weather) -> None:
        self.tables = Tables(self.now_ms, self._notify)
        self.straggled = 0
        self.ended_in_time = 0
        self._loop = loop
        self._chance = chance
        self._weather = weather
        self._sessions = count(1)
        self._stragglers: dict[int, asyncio.TimerHandle] = {}
        self._listeners: list[tuple[str, Callable[[str], None], Context]] = []
        self._down_until_ms = 0

    def now_ms(self) -> int:
        return EPOCH_MS + int(self._loop.time() * 1_000)

    def subscribe(self, channel: str, hear: Callable[[str], None]) -> None:
        """LISTEN, for the process that asks."""
        self._listeners.append((channel, hear, copy_context()))

    def _notify(self, channel: str, payload: str) -> None:
        for listening, hear, context in self._listeners:
            if listening == channel and not self._weather.strikes("notification lost"):
                self._loop.call_later(self._delay_s(), hear, payload, context=context)

    def pool(self) -> "Pool":
        """Connections of one process."""
        return Pool(self)

    async def connect(self) -> "Connection":
        """A session, or an error of the operating system."""
        if self._is_down() or self._weather.strikes("database unreachable"):
            await asyncio.sleep(self._delay_s())
            raise ConnectionRefusedError(111, "refused")
        return Connection(self, next(self._sessions))

    def _is_down(self) -> bool:
        if self._weather.strikes("database down for a while"):
            self._down_until_ms = self.now_ms() + self._chance.randint(500, 20_000)
        return self.now_ms() < self._down_until_ms and not self._weather.is_calm

    async def serve(self, session: int, statement: str, arguments: tuple[Any, ...]) -> Rows:
        """One statement of a session, from its process and back."""
        process = current_process()
        assert process is not None
        name = STATEMENTS.get(statement, "")
        if name == "end_session":
            await asyncio.sleep(self._delay_s())
            return self._end_session(*arguments)
        if self._weather.strikes("killed before an effect"):
            await process.die()
        if self._weather.strikes("frozen at an effect"):
            process.freeze_for(self._chance.uniform(6.0, 20.0))
        answered: asyncio.Future[Rows] = self._loop.create_future()
        self._loop.call_later(
            self._delay_s(), self._arrive, session, statement, arguments, answered,
            context=_OUTSIDE,
        )  # fmt: skip
        rows = await answered
        if self._weather.strikes("killed after an effect"):
            await process.die()
        return rows

    def _arrive(
        self,
        session: int,
        statement: str,
        arguments: tuple[Any, ...],
        answered: "asyncio.Future[Rows]",
    ) -> None:
        gone = asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")
        if self._is_down() or self._weather.strikes("statement lost"):
            return self._later(answered, gone)
        if self._weather.strikes("deadlock"):
            return self._later(answered, asyncpg.DeadlockDetectedError("deadlock detected"))
        if self._weather.strikes("commit straggles"):
            self.straggled += 1
            self._stragglers[session] = self._loop.call_later(
                self._chance.uniform(0.0, 4.0), self._straggle, session, statement, arguments
            )
            return self._later(answered, gone)
        outcome = self._do(statement, arguments)
        unheard = self._weather.strikes("commit unheard")
        self._later(answered, gone if unheard else outcome)

    def _straggle(self, session: int, statement: str, arguments: tuple[Any, ...]) -> None:
        del self._stragglers[session]
        self._do(statement, arguments)

    def _do(self, statement: str, arguments: tuple[Any, ...]) -> Rows | Exception:
        try:
            return self.tables.perform(statement, arguments)
        except asyncpg.PostgresError as refused:
            return refused

    def _end_session(self, session: int, _: int) -> Rows:
        if self._weather.strikes("session does not end"):
            return [{0: False}]
        straggler = self._stragglers.pop(session, None)
        if straggler is not None:
            straggler.cancel()
            self.ended_in_time += 1
        return [{0: True}]

    def _later(self, answered: "asyncio.Future[Rows]", outcome: Rows | Exception) -> None:
        self._loop.call_later(self._delay_s(), _settle, answered, outcome, context=_OUTSIDE)

    def _delay_s(self) -> float:
        return 0.0005 + self._chance.random() * 0.003


class Connection:
    """One session, as asyncpg shows it."""

    def __init__(self, database: Database, session: int) -> None:
        self._database = database
        self._session = session

    def get_server_pid(self) -> int:
        return self._session

    async def fetch(self, statement: str, *arguments: Any) -> Rows:
        return await self._database.serve(self._session, statement, arguments)

    def terminate(self) -> None:
        return None


class Pool:
    """A pool, as asyncpg shows it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self) -> "_Acquiring":
        return _Acquiring(self._database)

    async def release(self, connection: Connection) -> None:
        return None

    async def fetch(self, statement: str, *arguments: Any) -> Rows:
        connection = await self._database.connect()
        return await connection.fetch(statement, *arguments)


class _Acquiring:
    def __init__(self, database: Database) -> None:
        self._database = database

    def __await__(self) -> Generator[Any, None, Connection]:
        return self._database.connect().__await__()


def _settle(answered: "asyncio.Future[Rows]", outcome: Rows | Exception) -> None:
    if answered.done():
        return
    if isinstance(outcome, Exception):
        answered.set_exception(outcome)
    else:
        answered.set_result(outcome)
