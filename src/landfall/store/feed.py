"""Following orders: each follower gets what it missed from the log, then every commit, once.

Notifications only say where to look. One reading serves all followers: while it runs, further hints
gather, and go into the next one. A slow sweep finds what no hint told, so a lost notification costs
seconds and never a commit. A follower that does not keep up is passed over, and read for again when
it has caught up, so nothing piles up for it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import itemgetter
from typing import Protocol
from uuid import UUID

import asyncpg

from landfall.core.errors import InvariantViolation, Unavailable
from landfall.core.events import Event, Recorded
from landfall.core.execution import Status
from landfall.core.lifecycle.transitions import TERMINAL, TRANSITIONS
from landfall.ports import Interest, Told
from landfall.statements import load_statements
from landfall.store.hints import COMMITS_CHANNEL, read_hint
from landfall.store.log_rows import facts
from landfall.store.session import read
from landfall.store.tail import Tail

SWEEP_EVERY_S = 5.0

_SQL = load_statements("landfall.store.sql", "feed.sql")
_ORDERS_PER_READING_MAX = 1_000
_COMMITS_AHEAD_MAX = 16
_PAUSE_S = 0.5

Commit = tuple[Recorded, ...]

_AFTERMATH: frozenset[type[Event]] = frozenset(
    event for status in TERMINAL for event in TRANSITIONS[status]
)
"""Facts that may follow the end of an order. They are on record, and no news to a follower."""


class Notifications(Protocol):
    """Where NOTIFY is heard."""

    def subscribe(self, channel: str, hear: Callable[[str], None]) -> None:
        """Call `hear` with the payload of every notification on `channel`."""
        ...


class _Follower:
    """One cursor over one order's log, and the few commits it has not taken yet."""

    __slots__ = ("ahead", "cursor", "ended", "error", "passed_over", "woken")

    def __init__(self, after: int) -> None:
        self.cursor = after
        self.ahead: list[Commit] = []
        self.passed_over = False
        self.ended = False
        self.error: InvariantViolation | None = None
        self.woken = asyncio.Event()

    def take(self, commits: Iterable[Commit], status: Status) -> None:
        """Queue what is new here; end when there is nothing more to come."""
        for commit in commits:
            if type(commit[0].event) in _AFTERMATH:
                break
            if commit[-1].version <= self.cursor:
                continue
            if len(self.ahead) >= _COMMITS_AHEAD_MAX:
                self.passed_over = True
                self.woken.set()
                return
            self.ahead.append(commit)
            self.cursor = commit[-1].version
        self.ended = status in TERMINAL
        if self.ahead or self.ended:
            self.woken.set()

    def fail(self, error: InvariantViolation | None) -> None:
        """End without more; with an error if the log cannot be read."""
        self.error = error
        self.ended = True
        self.woken.set()


class PostgresFeed:
    """Follows orders on PostgreSQL, between `start` and `stop`.

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
        self._followers: dict[UUID, list[_Follower]] = {}
        self._to_read: set[UUID] = set()
        self._reading_due = asyncio.Event()
        self._sweep_due = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._tail = Tail(pool, notifications, sweep_every_s=sweep_every_s)
        notifications.subscribe(COMMITS_CHANNEL, self._hear)

    async def start(self) -> None:
        """Begin to read for followers."""
        self._tasks = [
            asyncio.create_task(self._read_for_ever()),
            asyncio.create_task(self._sweep_for_ever()),
        ]
        await self._tail.start()

    async def stop(self) -> None:
        """Stop reading; followers wait for ever, so close them first."""
        await self._tail.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def now(self) -> str:
        """The cursor of this moment."""
        return await self._tail.now()

    def follow_all(
        self, account: str | None, after: str, interest: Interest
    ) -> AsyncGenerator[Sequence[Told], None]:
        """Commits of an account's orders (None: of all) after a cursor, those that are wanted."""
        return self._tail.follow(account, after, interest)

    async def follow(self, order_id: UUID, after: int) -> AsyncGenerator[Commit, None]:
        """Commits whose last version is above `after`. Ends after a terminal status.

        Raises:
            InvariantViolation: the order's log cannot be read.
        """
        follower = _Follower(after)
        self._followers.setdefault(order_id, []).append(follower)
        self._look_at([order_id])
        try:
            while not (follower.ended and not follower.ahead):
                await follower.woken.wait()
                follower.woken.clear()
                while follower.ahead:
                    yield follower.ahead.pop(0)
                if follower.passed_over:
                    follower.passed_over = False
                    self._look_at([order_id])
            if follower.error is not None:
                raise follower.error
        finally:
            self._forget(order_id, follower)

    def _forget(self, order_id: UUID, follower: _Follower) -> None:
        left = self._followers[order_id]
        left.remove(follower)
        if not left:
            del self._followers[order_id]

    def _hear(self, payload: str) -> None:
        if not self._followers:
            return
        versions = read_hint(payload)
        if versions is None:
            self._sweep_due.set()
            return
        self._look_at(
            order_id
            for order_id, version in versions.items()
            if (after := self._after(order_id)) is not None and version > after
        )

    def _look_at(self, order_ids: Iterable[UUID]) -> None:
        self._to_read.update(order_ids)
        if self._to_read:
            self._reading_due.set()

    def _after(self, order_id: UUID) -> int | None:
        """From where on somebody wants this order; None if nobody does just now."""
        cursors = [
            follower.cursor
            for follower in self._followers.get(order_id, ())
            if not (follower.ended or follower.passed_over)
        ]
        return min(cursors, default=None)

    def _wanted(self, order_ids: Iterable[UUID]) -> dict[UUID, int]:
        after = {order_id: self._after(order_id) for order_id in order_ids}
        return {order_id: version for order_id, version in after.items() if version is not None}

    async def _read_for_ever(self) -> None:
        while True:
            await self._reading_due.wait()
            order_ids = [
                self._to_read.pop() for _ in range(min(len(self._to_read), _ORDERS_PER_READING_MAX))
            ]
            if not self._to_read:
                self._reading_due.clear()
            try:
                await self._read(self._wanted(order_ids))
            except Unavailable:
                self._look_at(order_ids)
                await asyncio.sleep(_PAUSE_S)

    async def _read(self, wanted: dict[UUID, int]) -> None:
        if not wanted:
            return
        rows = await read(self._pool, _SQL["commits_after"], list(wanted), list(wanted.values()))
        missing = set(wanted)
        for order_id, of_order in groupby(rows, key=itemgetter("order_id")):
            missing.discard(order_id)
            self._tell(order_id, wanted[order_id], list(of_order))
        for order_id in missing:
            for follower in self._followers.get(order_id, ()):
                follower.fail(None)

    def _tell(self, order_id: UUID, after: int, rows: Sequence[asyncpg.Record]) -> None:
        # Whoever joined meanwhile from further back would have a gap; it is in the next reading.
        followers = [
            follower
            for follower in self._followers.get(order_id, ())
            if follower.cursor >= after and not (follower.ended or follower.passed_over)
        ]
        try:
            commits = list(_commits(row for row in rows if row["version"] is not None))
        except InvariantViolation as error:
            for follower in followers:
                follower.fail(error)
            return
        status = Status(rows[0]["status"])
        for follower in followers:
            follower.take(commits, status)

    async def _sweep_for_ever(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._sweep_every_s):
                    await self._sweep_due.wait()
            self._sweep_due.clear()
            order_ids = list(self._followers)
            for first in range(0, len(order_ids), _ORDERS_PER_READING_MAX):
                wanted = self._wanted(order_ids[first : first + _ORDERS_PER_READING_MAX])
                # An outage is the next sweep's business.
                with suppress(Unavailable):
                    rows = await read(
                        self._pool, _SQL["moved"], list(wanted), list(wanted.values())
                    )
                    self._look_at(row["order_id"] for row in rows)


def _commits(rows: Iterable[asyncpg.Record]) -> Iterator[Commit]:
    commit: list[Recorded] = []
    for fact in facts(rows):
        commit.append(fact)
        if fact.ends_commit:
            yield tuple(commit)
            commit = []
