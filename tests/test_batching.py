"""Batching, without anything to wait for."""

import asyncio

import pytest

from landfall.batching import Batching
from landfall.core.errors import InvariantViolation, Unavailable


class Ledger:
    """Commits batches when it is told to, and remembers them."""

    def __init__(self, answer=lambda item: item):
        self.batches = []
        self.most_at_once = 0
        self._now = 0
        self._answer = answer
        self.open = asyncio.Event()
        self.open.set()

    async def commit(self, batch):
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await self.open.wait()
        await asyncio.sleep(0)
        self._now -= 1
        self.batches.append(list(batch))
        return [self._answer(item) for item in batch]


async def test_a_lone_item_is_committed_at_once():
    ledger = Ledger()
    assert await Batching(ledger.commit, batch_max=10, lanes=1).submit(7) == 7
    assert ledger.batches == [[7]]


async def test_what_queues_during_a_commit_goes_together_in_the_next():
    ledger = Ledger()
    ledger.open.clear()
    group = Batching(ledger.commit, batch_max=100, lanes=1)
    first = asyncio.create_task(group.submit(0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = [asyncio.create_task(group.submit(number)) for number in range(1, 50)]
    await asyncio.sleep(0)
    ledger.open.set()
    assert await asyncio.gather(first, *others) == list(range(50))
    assert ledger.batches == [[0], list(range(1, 50))]


async def test_a_batch_has_its_limit_and_nobody_is_forgotten():
    ledger = Ledger()
    group = Batching(ledger.commit, batch_max=8, lanes=2)
    for _ in range(3):
        assert await asyncio.gather(*map(group.submit, range(100))) == list(range(100))
    assert max(map(len, ledger.batches)) == 8
    assert ledger.most_at_once == 2


async def test_an_error_of_one_is_its_own_and_an_error_of_the_commit_is_everybodys():
    ledger = Ledger(lambda item: Unavailable("no") if item == 3 else item)
    group = Batching(ledger.commit, batch_max=100, lanes=1)
    results = await asyncio.gather(*map(group.submit, range(6)), return_exceptions=True)
    assert [isinstance(result, Unavailable) for result in results] == [
        number == 3 for number in range(6)
    ]

    async def broken(batch):
        raise Unavailable("away")

    group = Batching(broken, batch_max=100, lanes=1)
    results = await asyncio.gather(*map(group.submit, range(6)), return_exceptions=True)
    assert all(isinstance(result, Unavailable) for result in results)
    assert len(set(map(id, results))) == 6


async def test_a_bug_in_a_commit_reaches_its_callers_and_stops_nobody_else():
    calls = 0

    async def breaks_once(batch):
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ZeroDivisionError
        return batch

    group = Batching(breaks_once, batch_max=100, lanes=1)
    with pytest.raises(InvariantViolation):
        await group.submit(1)
    assert await group.submit(2) == 2


async def test_a_caller_that_stops_waiting_disturbs_nobody():
    ledger = Ledger()
    ledger.open.clear()
    group = Batching(ledger.commit, batch_max=100, lanes=1)
    tasks = [asyncio.create_task(group.submit(number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    ledger.open.set()
    assert [await tasks[0], await tasks[2]] == [0, 2]
    assert ledger.batches == [[0, 1, 2]]
