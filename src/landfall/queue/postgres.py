"""The queue in PostgreSQL: leases by the database's clock, fences, and starts at a bounded rate.

A job is a row beside the log and changes in the commits that record facts; here it is only claimed,
renewed and given back. Every claim raises the row's fence, and the log refuses facts under an old
one, so a worker that was thought dead can do no harm when it wakes.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

import asyncpg

from landfall.core.errors import Unavailable
from landfall.ports import Claim
from landfall.statements import load_statements

_SQL = load_statements("landfall.queue.sql", "queue.sql")
_CHANNEL = "landfall_jobs"
_FORGET_EVERY_S = 30.0
_SEEN_EVERY_S = 5.0

_NO_ANSWER = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


class Notifications(Protocol):
    """Where NOTIFY is heard."""

    def subscribe(self, channel: str, hear: Callable[[str], None]) -> None:
        """Call `hear` with the payload of every notification on `channel`."""
        ...


class PostgresQueue:
    """Claims on PostgreSQL. Needs neither start nor stop.

    Args:
        pool: connections to the database that has the log.
        notifications: tells of new jobs; heard in addition to looking.
        worker: a name for people, of whoever holds the claims.
        lease_ms: how long a claim lasts unless it is renewed.
        starts_per_minute_max: how many orders may be claimed for the first time within any minute,
            by all workers together; 0 for no limit. Every worker must be given the same.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        notifications: Notifications,
        *,
        worker: str,
        lease_ms: int,
        starts_per_minute_max: int,
    ) -> None:
        self._pool = pool
        self._worker = worker
        self._lease_ms = lease_ms
        self._starts_max = starts_per_minute_max
        self._woken = asyncio.Event()
        self._forget_at = time.monotonic() + _FORGET_EVERY_S
        self._seen_at = 0.0
        notifications.subscribe(_CHANNEL, self._hear)

    async def claim(self, limit: int) -> tuple[Claim, ...]:
        """Lease up to `limit` due jobs, most urgent first, then first accepted."""
        # Cleared before looking: what is heard from here on may not have been seen.
        self._woken.clear()
        arguments = (limit, self._lease_ms, self._worker, self._starts_max)
        if self._starts_max:
            rows = await self._claim_in_turn(arguments)
        else:
            rows = await self._fetch("claim", *arguments)
        await self._keep_house()
        return _claims(rows)

    async def _claim_in_turn(self, arguments: Sequence[object]) -> list[asyncpg.Record]:
        # Two statements, because the second must see what was committed while the first waited.
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_SQL["take_turns"])
                rows: list[asyncpg.Record] = await connection.fetch(_SQL["claim"], *arguments)
        except _NO_ANSWER as error:
            raise _unavailable(error) from error
        return rows

    async def renew(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Extend leases; the answer holds those that are still ours."""
        await self._keep_house()
        rows = await self._fetch(
            "renew",
            [claim.order_id for claim in claims],
            [claim.fence for claim in claims],
            self._lease_ms,
        )
        return _claims(rows)

    async def release(self, claim: Claim, delay_ms: int) -> None:
        """Give a claim back, to be claimed again after the delay; harmless if it is not ours."""
        await self._fetch("release", claim.order_id, claim.fence, delay_ms)

    async def wait(self, timeout_ms: int) -> None:
        """Return when there may be something to claim, or after the time-out."""
        if self._woken.is_set():
            return
        rows = await self._fetch("due_in_ms", self._starts_max)
        due_ms = min([timeout_ms, *(row["ms"] for row in rows if row["ms"] is not None)])
        if due_ms <= 0:
            return
        try:
            async with asyncio.timeout(due_ms / 1000):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _keep_house(self) -> None:
        now_s = time.monotonic()
        # Claims that were made, or leases that must be renewed, are not lost to this.
        with suppress(Unavailable):
            if now_s > self._seen_at:
                self._seen_at = now_s + _SEEN_EVERY_S
                await self._fetch("seen", self._worker)
            if now_s > self._forget_at:
                self._forget_at = now_s + _FORGET_EVERY_S
                await self._fetch("forget_starts")

    def _hear(self, payload: str) -> None:
        self._woken.set()

    async def _fetch(self, name: str, *arguments: object) -> list[asyncpg.Record]:
        try:
            rows: list[asyncpg.Record] = await self._pool.fetch(_SQL[name], *arguments)
        except _NO_ANSWER as error:
            raise _unavailable(error) from error
        return rows


def _claims(rows: Sequence[asyncpg.Record]) -> tuple[Claim, ...]:
    return tuple(Claim(order_id=row["order_id"], fence=row["fence"]) for row in rows)


def _unavailable(error: BaseException) -> Unavailable:
    # A claim whose answer was lost may have been made; its lease ends by itself.
    return Unavailable(f"the queue's database did not answer: {error!r}")
