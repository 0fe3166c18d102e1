"""Many callers, one call: what queued while a call was under way goes into the next one together.

There is no timer. A lone caller is served at once; under load a batch is as large as the other side
is slow, which is just what keeps up with it. With two lanes, one batch is made ready while the
other is under way, so neither this process nor the other side waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from landfall.core.errors import (
    InvariantViolation,
    LandfallError,
    NoRoom,
    OutcomeUnknown,
    Unavailable,
)

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

Serve = Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT | Exception]]]


class Batching(Generic[ItemT, ResultT]):
    """Hands batches to `serve`, and each caller its own result.

    Args:
        serve: does a batch; answers one result per item, or the error that item alone earned. An
            Unavailable, OutcomeUnknown or InvariantViolation that it raises is everybody's.
        batch_max: the most items in one batch.
        lanes: the most batches at once.
    """

    def __init__(self, serve: Serve[ItemT, ResultT], *, batch_max: int, lanes: int) -> None:
        self._serve = serve
        self._batch_max = batch_max
        self._free_lanes = lanes
        self._waiting: deque[tuple[ItemT, asyncio.Future[ResultT]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, item: ItemT) -> ResultT:
        """Wait for the batch that holds `item`. A caller that stops waiting does not stop it."""
        future: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._free_lanes:
            # Taken here and given back in the task itself, so that no item is left to nobody.
            self._free_lanes -= 1
            lane = asyncio.create_task(self._run())
            self._running.add(lane)
            lane.add_done_callback(self._running.discard)
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), self._batch_max)
                await self._serve_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._free_lanes += 1

    async def _serve_batch(self, batch: list[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        results: Sequence[ResultT | Exception]
        try:
            results = await self._serve([item for item, _ in batch])
        except (Unavailable, OutcomeUnknown, InvariantViolation) as error:
            # One exception raised in many places would gather all their tracebacks.
            results = [_policy(error)(str(error)) for _ in batch]
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
            results = [InvariantViolation(f"a batch raised {error!r}") for _ in batch]
        for (_, future), result in zip(batch, results, strict=True):
            if future.cancelled():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def _policy(error: LandfallError) -> type[LandfallError]:
    """The class that a caller catches. A subclass may need more than a sentence to be made."""
    for policy in (NoRoom, Unavailable, OutcomeUnknown):
        if isinstance(error, policy):
            return policy
    return InvariantViolation
