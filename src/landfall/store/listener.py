"""One connection that listens, for everybody in this process who wants to hear.

Notifications are hints. What was said while the connection was down is lost, so after every
connecting each subscriber is told to look for itself.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import asyncpg

from landfall.store.connection import CONNECT_TIMEOUT_S, NOT_CONNECTED
from landfall.store.hints import LOOK_YOURSELF

_RECONNECT_FIRST_S = 0.1
_RECONNECT_MAX_S = 5.0
# A connection can be dead without anybody having said so.
_PROBE_EVERY_S = 10.0
_PROBE_TIMEOUT_S = 5.0

Hear = Callable[[str], None]


class Listener:
    """LISTEN on PostgreSQL, reconnecting for ever.

    Args:
        dsn: the database. Subscribe before `start`.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._hearers: dict[str, list[Hear]] = {}
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()

    def subscribe(self, channel: str, hear: Hear) -> None:
        """Call `hear` with every payload on `channel`, and with `*` when some may be missing."""
        self._hearers.setdefault(channel, []).append(hear)

    async def start(self) -> None:
        """Begin to listen. Returns at once; a database that is away is waited for."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def listening(self) -> None:
        """Wait until the connection listens."""
        await self._listening.wait()

    async def _run(self) -> None:
        delay_s = _RECONNECT_FIRST_S
        while True:
            try:
                connection = await asyncpg.connect(self._dsn, timeout=CONNECT_TIMEOUT_S)
            except (*NOT_CONNECTED, asyncpg.PostgresError):
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, _RECONNECT_MAX_S)
                continue
            delay_s = _RECONNECT_FIRST_S
            try:
                await self._listen(connection)
            finally:
                self._listening.clear()
                connection.terminate()

    async def _listen(self, connection: asyncpg.Connection) -> None:
        """Listen until the connection is lost."""
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        with suppress(*NOT_CONNECTED, asyncpg.PostgresError):
            for channel in self._hearers:
                await connection.add_listener(channel, self._heard)
            self._listening.set()
            for channel in self._hearers:
                self._tell(channel, LOOK_YOURSELF)
            while not lost.is_set():
                try:
                    async with asyncio.timeout(_PROBE_EVERY_S):
                        await lost.wait()
                except TimeoutError:
                    await connection.execute("select 1", timeout=_PROBE_TIMEOUT_S)

    def _heard(self, _connection: object, _session: int, channel: str, payload: str) -> None:
        self._tell(channel, payload)

    def _tell(self, channel: str, payload: str) -> None:
        for hear in self._hearers[channel]:
            hear(payload)
