"""The log of all orders as one stream: whoever follows many orders reads it from a place on.

A place is (transaction, order, version). Transactions are numbered when they begin and seen when
they end, so the stream only ever reads below the oldest one that still runs: nothing can appear
behind a reader. The newest stretch is kept in memory for all followers together; who is further
back, or fell behind, reads from the database until there.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, Protocol
from uuid import UUID

import asyncpg

from landfall.core.errors import OrderRejected, RejectionReason, Unavailable
from landfall.core.events import Recorded
from landfall.ports import Told
from landfall.statements import load_statements
from landfall.store.hints import COMMITS_CHANNEL
from landfall.store.log_rows import facts
from landfall.store.session import read

SWEEP_EVERY_S = 5.0

_SQL = load_statements("landfall.store.sql", "tail.sql")
_FACTS_PER_READING_MAX = 2_000
_COMMITS_KEPT_MAX = 5_000
_ENTRIES_AT_ONCE = 100
_PAUSE_S = 0.5
_LOOK_AGAIN_FIRST_S = 0.005
_LOOK_AGAIN_MAX_S = 1.0


class Place(NamedTuple):
    """Where a commit is in the log of all orders: after everything that compares less."""

    transaction: int
    order_id: UUID
    version: int

    def cursor(self) -> str:
        """The place as clients keep it."""
        packed = (
            self.transaction.to_bytes(8, "big")
            + self.order_id.bytes
            + self.version.to_bytes(4, "big")
        )
        return urlsafe_b64encode(packed).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """The place a cursor means.

    Raises:
        OrderRejected: it is no cursor.
    """
    with suppress(ValueError):
        packed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        transaction, version = packed[:8], packed[24:]
        if len(packed) == 28 and transaction[0] < 0x80 and version[0] < 0x80:
            return Place(
                int.from_bytes(transaction, "big"),
                UUID(bytes=packed[8:24]),
                int.from_bytes(version, "big"),
            )
    raise OrderRejected(
        RejectionReason.WRONG_TYPE, "after", "after must be the cursor of an earlier message."
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    place: Place
    account: str
    commit: tuple[Recorded, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Whole commits after a place, up to `reached`; `is_all` if there is nothing more just now.

    `more_soon` if something was being recorded meanwhile.
    """

    entries: list[_Entry]
    reached: Place
    is_all: bool
    more_soon: bool


class Notifications(Protocol):
    """Where NOTIFY is heard."""

    def subscribe(self, channel: str, hear: Callable[[str], None]) -> None:
        """Call `hear` with the payload of every notification on `channel`."""
        ...


class Tail:
    """Follows all orders on PostgreSQL, between `start` and `stop`. Idle while nobody follows.

    Args:
        pool: made by `store.connection.connect`.
        notifications: hints of new commits.
        sweep_every_s: how often to look without a hint.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        notifications: Notifications,
        *,
        sweep_every_s: float = SWEEP_EVERY_S,
    ) -> None:
        self._pool = pool
        self._sweep_every_s = sweep_every_s
        self._kept: deque[_Entry] = deque()
        self._floor: Place | None = None
        self._reached: Place | None = None
        self._followers = 0
        self._due = asyncio.Event()
        self._grown = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        notifications.subscribe(COMMITS_CHANNEL, lambda _: self._due.set())

    async def start(self) -> None:
        """Begin to read for followers."""
        self._task = asyncio.create_task(self._read_for_ever())

    async def stop(self) -> None:
        """Stop reading; followers wait for ever, so close them first."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def follow(self, account: str | None, after: str | None) -> AsyncGenerator[Told, None]:
        """Every commit of an account's orders (None: of all), from a cursor or from now on.

        Raises:
            OrderRejected: the cursor is none.
            Unavailable: the database does not answer.
        """
        place = await self._now() if after is None else place_of(after)
        self._followers += 1
        self._due.set()
        try:
            while True:
                if self._floor is not None and place >= self._floor:
                    newer = self._newer(place)
                    if not newer:
                        await self._grown.wait()
                    for entry in newer:
                        place = entry.place
                        if account in (None, entry.account):
                            yield Told(place.cursor(), entry.commit)
                    continue
                reading = await self._read(place, account)
                for entry in reading.entries:
                    yield Told(entry.place.cursor(), entry.commit)
                place = max(place, reading.reached)
                if self._floor is None:
                    await self._grown.wait()
        finally:
            self._followers -= 1

    async def _now(self) -> Place:
        (row,) = await read(self._pool, _SQL["horizon"])
        return _before(row["transaction"])

    def _newer(self, place: Place) -> list[_Entry]:
        """Some of what is kept after a place, oldest first."""
        first = bisect_right(self._kept, place, key=lambda entry: entry.place)
        return list(islice(self._kept, first, first + _ENTRIES_AT_ONCE))

    async def _read_for_ever(self) -> None:
        look_again_s = _LOOK_AGAIN_FIRST_S
        wait_s = self._sweep_every_s
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._due.wait()
            self._due.clear()
            if not self._followers:
                self._forget()
                wait_s = self._sweep_every_s
                continue
            try:
                if self._reached is None:
                    self._floor = self._reached = await self._now()
                reading = await self._read(self._reached, None)
            except Unavailable:
                self._due.set()
                await asyncio.sleep(_PAUSE_S)
                continue
            self._keep(reading)
            if not reading.is_all:
                self._due.set()
            look_again_s = (
                _LOOK_AGAIN_FIRST_S if reading.entries else min(2 * look_again_s, _LOOK_AGAIN_MAX_S)
            )
            wait_s = look_again_s if reading.more_soon else self._sweep_every_s

    def _keep(self, reading: _Reading) -> None:
        self._kept.extend(reading.entries)
        self._reached = reading.reached
        while len(self._kept) > _COMMITS_KEPT_MAX:
            self._floor = self._kept.popleft().place
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    def _forget(self) -> None:
        self._kept.clear()
        self._floor = self._reached = None

    async def _read(self, after: Place, account: str | None) -> _Reading:
        rows = await read(self._pool, _SQL["after"], *after, account, _FACTS_PER_READING_MAX)
        horizon, following = rows[0]["horizon"], rows[0]["following"]
        rows = [row for row in rows if row["version"] is not None]
        entries = list(_entries(rows))
        is_all = len(rows) < _FACTS_PER_READING_MAX
        reached = after
        if is_all:
            reached = max(after, _before(horizon))
        elif entries:
            reached = entries[-1].place
        return _Reading(entries, reached, is_all, horizon < following)


def _before(transaction: int) -> Place:
    """The last place before everything of a transaction."""
    return Place(transaction - 1, UUID(int=2**128 - 1), 2**31 - 1)


def _entries(rows: Iterable[asyncpg.Record]) -> Iterable[_Entry]:
    commit: list[Recorded] = []
    for row in rows:
        (fact,) = facts([row])
        commit.append(fact)
        if fact.ends_commit:
            place = Place(row["transaction"], fact.order_id, fact.version)
            yield _Entry(place, row["account"], tuple(commit))
            commit = []
