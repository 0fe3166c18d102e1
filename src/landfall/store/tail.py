"""The log of all orders as one stream: whoever follows many orders reads it from a place on.

A place is (transaction, order, version). Transactions are numbered when they begin and seen when
they end, so the stream only ever reads below the oldest one that still runs: nothing can appear
behind a reader. The newest stretch is kept in memory for all followers together; who is further
back, or fell behind, reads from the database until there.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from landfall.core.errors import Unavailable
from landfall.core.events import Recorded
from landfall.ports import COMMITS_AT_ONCE, Interest, Told
from landfall.statements import load_statements
from landfall.store.hints import COMMITS_CHANNEL
from landfall.store.log_rows import facts
from landfall.store.place import Place, before, place_of
from landfall.store.recent import Entry, Recent
from landfall.store.session import read

SWEEP_EVERY_S = 5.0

_SQL = load_statements("landfall.store.sql", "tail.sql")
_FACTS_PER_READING_MAX = 2_000
_PAUSE_S = 0.5
_LOOK_AGAIN_FIRST_S = 0.002
_LOOK_AGAIN_MAX_S = 1.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """Whole commits after a place, up to `reached`; `is_all` if there is nothing more just now.

    `more_soon` if something was being recorded meanwhile.
    """

    entries: list[Entry]
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
        self._recent = Recent()
        self._followers = 0
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        notifications.subscribe(COMMITS_CHANNEL, self._hear)

    async def start(self) -> None:
        """Begin to read for followers."""
        self._task = asyncio.create_task(self._read_for_ever())

    async def stop(self) -> None:
        """Stop reading; followers wait for ever, so close them first."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def now(self) -> str:
        """The cursor of this moment, or of one a little earlier.

        Raises:
            Unavailable: the database does not answer.
        """
        reached = self._recent.reached
        return (await self._horizon() if reached is None else reached).cursor()

    async def follow(
        self, account: str | None, after: str, interest: Interest
    ) -> AsyncGenerator[Sequence[Told], None]:
        """Commits of an account's orders (None: of all) after a cursor, for ever.

        Raises:
            OrderRejected: the cursor is none.
            Unavailable: the database does not answer.
        """
        place = place_of(after)
        recent = self._recent
        self._followers += 1
        if recent.reached is None:
            self._due.set()
        try:
            while True:
                number = recent.number_after(place)
                if number is None:
                    reading = await self._read(place, account)
                    if told := _told(reading.entries, place, account, interest):
                        yield told
                    place = max(place, reading.reached)
                    await recent.opened.wait()
                    continue
                told = []
                while (entries := recent.since(number)) is not None:
                    told += _told(entries, place, account, interest)
                    number += len(entries)
                    place = max(place, entries[-1].place) if entries else place
                    if told and (not entries or len(told) >= COMMITS_AT_ONCE):
                        yield told
                        told = []
                    elif not entries:
                        number = await recent.wanted(account, interest)
                        place = max(place, recent.place_before(number) or place)
                if told:
                    yield told
        finally:
            interest.when_changed(None)
            self._followers -= 1
            if not self._followers:
                self._due.set()

    def _hear(self, _payload: str) -> None:
        if self._followers:
            self._due.set()

    async def _horizon(self) -> Place:
        (row,) = await read(self._pool, _SQL["horizon"])
        return before(row["transaction"])

    async def _read_for_ever(self) -> None:
        look_again_s = _LOOK_AGAIN_FIRST_S
        wait_s = self._sweep_every_s
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._due.wait()
            was_told = self._due.is_set()
            self._due.clear()
            if not self._followers:
                self._recent.close()
                wait_s = self._sweep_every_s
                continue
            try:
                if (reached := self._recent.reached) is None:
                    self._recent.open(reached := await self._horizon())
                reading = await self._read(reached, None)
            except Unavailable:
                self._due.set()
                await asyncio.sleep(_PAUSE_S)
                continue
            self._recent.add(reading.entries, reading.reached)
            if not reading.is_all:
                self._due.set()
            # What is told while something older still runs says nothing of how long that will take.
            if reading.entries or was_told:
                look_again_s = _LOOK_AGAIN_FIRST_S
            else:
                look_again_s = min(2 * look_again_s, _LOOK_AGAIN_MAX_S)
            wait_s = look_again_s if reading.more_soon else self._sweep_every_s

    async def _read(self, after: Place, account: str | None) -> _Reading:
        rows = await read(self._pool, _SQL["after"], *after, account, _FACTS_PER_READING_MAX)
        horizon, following = rows[0]["horizon"], rows[0]["following"]
        rows = [row for row in rows if row["version"] is not None]
        entries = list(_entries(rows))
        is_all = len(rows) < _FACTS_PER_READING_MAX
        reached = after
        if is_all:
            reached = max(after, before(horizon))
        elif entries:
            reached = entries[-1].place
        return _Reading(entries, reached, is_all, horizon < following)


def _told(
    entries: Iterable[Entry], after: Place, account: str | None, interest: Interest
) -> list[Told]:
    """Those that are wanted of what comes after a place."""
    return [
        Told(entry.place.cursor(), entry.commit)
        for entry in entries
        if entry.place > after
        and account in (None, entry.account)
        and interest.wants(entry.place.order_id)
    ]


def _entries(rows: Iterable[asyncpg.Record]) -> Iterable[Entry]:
    commit: list[Recorded] = []
    for row in rows:
        (fact,) = facts([row])
        commit.append(fact)
        if fact.ends_commit:
            place = Place(row["transaction"], fact.order_id, fact.version)
            yield Entry(place, row["account"], tuple(commit))
            commit = []
