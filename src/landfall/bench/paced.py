"""Requests at a fixed rate, or as many at once as asked; each timed from when it was due.

A request that had to wait because the one before it was slow is slow, too; timed from when it was
sent, it would not show.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def paced(call: Callable[[], Awaitable[None]], rate: float, seconds: float) -> list[float]:
    """Milliseconds from when each call was due until it was answered.

    Raises:
        Exception: what the first call that failed raised.
    """
    began = time.perf_counter()
    taken: list[float] = []

    async def timed(due: float) -> None:
        await call()
        taken.append((time.perf_counter() - due) * 1e3)

    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(max(1, int(rate * seconds))):
                due = began + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                tasks.create_task(timed(due))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return taken


async def flat_out(call: Callable[[], Awaitable[None]], calls: int, at_once: int) -> float:
    """Calls a second, with so many under way at any time."""
    waiting = iter(range(calls))

    async def lane() -> None:
        for _ in waiting:
            await call()

    began = time.perf_counter()
    await asyncio.gather(*(lane() for _ in range(at_once)))
    return calls / (time.perf_counter() - began)
