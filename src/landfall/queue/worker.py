"""The loop that carries orders: claim what there is room for, keep the leases, let go in time.

What a carry raises is a policy, not an accident: a lost race is let go, an outage is tried again
soon, and anything that needs a human is set aside so that it does not spin. Nothing of it ends the
worker. A worker that dies instead leaves leases that end by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any

from landfall import observe
from landfall.core.errors import OutcomeUnknown, Unavailable, VersionConflict
from landfall.ports import Claim, Queue

RETRY_MS = 500
SET_ASIDE_MS = 600_000
WAIT_MAX_MS = 1_000
_RENEWALS_PER_LEASE = 3
_LAST_WORDS_S = 2.0

Carry = Callable[[Claim], Awaitable[None]]


class Worker:
    """Carries up to `concurrency` orders at a time until it is drained.

    Args:
        queue: where claims come from.
        carry: takes an order as far as it goes for now.
        concurrency: the most carries at once.
        lease_ms: the queue's lease; renewed three times before it would end.
    """

    def __init__(self, queue: Queue, carry: Carry, *, concurrency: int, lease_ms: int) -> None:
        assert concurrency > 0
        self._queue = queue
        self._carry = carry
        self._concurrency = concurrency
        self._renew_every_s = lease_ms / 1000 / _RENEWALS_PER_LEASE
        self._carries: dict[Claim, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._draining = False
        self._ended = asyncio.Event()
        self._ended.set()

    async def run(self) -> None:
        """Work until drained. Cancelling stops it at once, and leaves the leases to end."""
        self._ended.clear()
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            while not self._draining:
                await self._fill()
        except asyncio.CancelledError:
            await _cancelled(self._carries.values())
            raise
        finally:
            renewing.cancel()
            self._ended.set()

    @property
    def is_draining(self) -> bool:
        """Whether it has been told to stop."""
        return self._draining

    async def drain(self, timeout_ms: int) -> None:
        """Claim nothing more, wait for what is being carried, then give back what is left.

        A database that does not answer keeps nobody longer than a moment after the time-out: the
        leases end by themselves.
        """
        self._draining = True
        self._changed.set()
        renewing = asyncio.create_task(self._renew_for_ever())
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await self._ended.wait()
                if self._carries:
                    await asyncio.wait(self._carries.values())
        except TimeoutError:
            pass
        finally:
            renewing.cancel()
        unfinished = dict(self._carries)
        await _cancelled(unfinished.values())
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS_S):
                await asyncio.gather(*(self._release(claim, 0) for claim in unfinished))

    async def _fill(self) -> None:
        """Claim what there is room for; if that was all there is, wait for more, or for room."""
        self._changed.clear()
        room = self._concurrency - len(self._carries)
        if room == 0:
            await self._changed.wait()
            return
        try:
            claims = await self._queue.claim(room)
            if claims:
                observe.jobs_claimed(len(claims))
            for claim in claims:
                await self._begin(claim)
            if len(claims) < room:
                await self._first(self._queue.wait(WAIT_MAX_MS), self._changed.wait())
        except Unavailable:
            await asyncio.sleep(RETRY_MS / 1000)

    async def _begin(self, claim: Claim) -> None:
        if self._draining:
            await self._release(claim, 0)
            return
        task = asyncio.create_task(self._carry_by_policy(claim))
        self._carries[claim] = task
        task.add_done_callback(lambda _: self._end(claim))

    def _end(self, claim: Claim) -> None:
        del self._carries[claim]
        self._changed.set()

    async def _carry_by_policy(self, claim: Claim) -> None:
        try:
            await self._carry(claim)
        except VersionConflict:
            return
        except (Unavailable, OutcomeUnknown):
            await self._release(claim, RETRY_MS)
        except Exception as error:  # noqa: BLE001 - one order's bug must not stop the others
            observe.worker_error(claim.order_id, "carry", error)
            await self._release(claim, SET_ASIDE_MS)

    async def _release(self, claim: Claim, delay_ms: int) -> None:
        # If the database is away, the lease ends by itself.
        with suppress(Unavailable):
            await self._queue.release(claim, delay_ms)

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._renew_every_s)
            held = tuple(self._carries)
            if not held:
                continue
            with suppress(Unavailable):
                kept = await self._queue.renew(held)
                for claim in set(held).difference(kept):
                    if claim in self._carries:
                        self._carries[claim].cancel()

    @staticmethod
    async def _first(*waits: Awaitable[object]) -> None:
        """Wait for the first; its error is raised, the others are cancelled."""
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(task for task in tasks if not task.done())
        for task in done:
            task.result()


async def _cancelled(tasks: Iterable[asyncio.Future[Any]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
