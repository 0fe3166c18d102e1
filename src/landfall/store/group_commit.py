"""Many callers, one commit: what queued while the last commit ran goes into the next one together.

There is no timer. A lone caller is committed at once; under load a batch is as large as the
database is slow, which is just what keeps up with it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Commit = Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT | Exception]]]


class GroupCommit(Generic[ItemT, ResultT]):
    """Hands batches to `commit`, one at a time, and each caller its own result.

    Args:
        commit: commits a batch; answers one result per item, or the error that item alone earned.
            An error it raises is everybody's.
        batch_max: the most items in one batch.
    """

    def __init__(self, commit: Commit[ItemT, ResultT], batch_max: int) -> None:
        self._commit = commit
        self._batch_max = batch_max
        self._waiting: deque[tuple[ItemT, asyncio.Future[ResultT]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: ItemT) -> ResultT:
        """Wait for the commit that holds `item`. A caller that stops waiting does not stop it."""
        future: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), self._batch_max)
                await self._commit_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._running = None

    async def _commit_batch(self, batch: list[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        results: Sequence[ResultT | Exception]
        try:
            results = await self._commit([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.cancelled():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
