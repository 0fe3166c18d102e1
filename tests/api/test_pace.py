"""Accepting in step with completing: when it is paced, how fast, and what is said to the others."""

import asyncio

import pytest

from landfall.api import pace as pace_module
from landfall.api.errors import Refusal
from landfall.api.pace import RATE_LEAST, WAIT_MAX_S, Pace
from landfall.ports import Load


class Time:
    """Seconds that pass only in sleeping."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(pace_module.asyncio, "sleep", self.sleep)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def load(waiting: int, ended: int = 0, workers: int = 1, active: int = 10) -> Load:
    return Load(waiting=waiting, open_of_account=0, active=active, ended=ended, workers=workers)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


async def accepted_in(pace: Pace, time: Time, seconds: float) -> int:
    """How many get a turn, asking one after the other."""
    until, count = time.now + seconds, 0
    while time.now < until:
        await pace.turn()
        count += 1
    return count


@pytest.mark.parametrize(
    ("waiting_from", "seen"),
    [
        (0, load(10**6)),
        (100, load(99)),
        (100, load(10**6, workers=0)),
        (100, load(10**6, active=4)),
    ],
)
async def test_nothing_is_paced_without_a_backlog_or_without_busy_workers(
    time: Time, waiting_from: int, seen: Load
):
    pace = Pace(waiting_from, 5, time)
    pace.see(seen)
    for _ in range(10_000):
        await pace.turn()
    assert time.now == 0


async def test_with_a_backlog_orders_are_accepted_in_proportion_to_those_that_end(time: Time):
    pace = Pace(100, 5, time)
    for second in range(20):
        time.now = float(second)
        pace.see(load(100, ended=300 * second))
    assert 420 <= await accepted_in(pace, time, 1.0) <= 455


async def test_workers_that_complete_nothing_still_leave_orders_a_way_in(time: Time):
    pace = Pace(100, 5, time)
    pace.see(load(100))
    assert RATE_LEAST <= await accepted_in(pace, time, 1.0) <= RATE_LEAST + 2


async def test_who_would_wait_too_long_is_told_when_to_come_back(time: Time, monkeypatch):
    pace = Pace(100, 5, time)
    pace.see(load(100))

    async def stand_still(seconds: float) -> None:
        return None

    monkeypatch.setattr(pace_module.asyncio, "sleep", stand_still)
    answers = await asyncio.gather(*(pace.turn() for _ in range(60)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(answers) - len(refused) in (5, 6)
    assert RATE_LEAST * WAIT_MAX_S == 5
    assert {(each.status, each.code) for each in refused} == {(429, "queue_full")}
    assert all(each.retry_after_s >= 1 for each in refused)
