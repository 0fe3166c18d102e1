"""A load test against any engine that runs: orders at a fixed rate, and what became of them.

It trades. On a chain where tokens are worth something, so are these orders.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import uvloop

from landfall.bench.asking import small_swap
from landfall.bench.figures import Figure, percentile
from landfall.bench.keep_alive import KeepAlive, NoAnswer
from landfall.bench.paced import paced

_UNANSWERED = 0

Progress = Callable[[int, int], None]
"""Told after each answer: how many there are, and how many there will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTest:
    """What to ask of whom: requests a second, for so many seconds."""

    url: str
    rate: float
    duration: float
    api_key: str | None = None


def load(test: LoadTest, progress: Progress) -> Iterator[Figure]:
    """Rates and percentiles of the answers.

    Raises:
        NoAnswer: the engine does not answer even once.
    """
    statuses, taken, elapsed = uvloop.run(_measured(test, progress))
    answers = len(taken)
    for percent in (50, 90, 99, 100):
        what = f"POST order at {test.rate:g}/s, p{percent}"
        yield Figure(what=what, value=percentile(taken, percent), unit="ms", samples=answers)
    yield Figure(what="answers", value=answers / elapsed, unit="/s", samples=answers)
    for status, times in sorted(statuses.items()):
        what = f"answers with status {status}" if status != _UNANSWERED else "unanswered"
        yield Figure(what=what, value=float(times), unit="answers", samples=answers)


async def _measured(test: LoadTest, progress: Progress) -> tuple[Counter[int], list[float], float]:
    statuses: Counter[int] = Counter()
    expected = max(1, int(test.rate * test.duration))
    async with KeepAlive(test.url, test.api_key) as http:

        async def one() -> None:
            try:
                status, _ = await http.post("/api/orders/execute", small_swap())
            except NoAnswer:
                status = _UNANSWERED
                if not statuses.keys() - {_UNANSWERED}:
                    raise
            statuses[status] += 1
            progress(statuses.total(), expected)

        began = time.perf_counter()
        taken = await paced(one, test.rate, test.duration)
        return statuses, taken, time.perf_counter() - began
