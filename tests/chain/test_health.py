"""Pauses and rests, in the clock's own time."""

import pytest

from landfall.chain.health import FAILURES_MAX, PAUSE_DEFAULT_MS, PAUSE_MAX_MS, REST_MS, Health
from landfall.core.values import Slot
from tests.chain.clocks import HandClock

DATE_MS = 1_800_000_000_000


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def health(clock: HandClock) -> Health:
    return Health("rpc", clock)


@pytest.mark.parametrize(
    ("told", "pause_ms"),
    [
        ("7", 7_000),
        (" 7 ", 7_000),
        ("0", 0),
        ("99999", PAUSE_MAX_MS),
        ("9" * 400, PAUSE_MAX_MS),
        ("-3", PAUSE_DEFAULT_MS),
        ("soon", PAUSE_DEFAULT_MS),
        ("", PAUSE_DEFAULT_MS),
        ("Fri, 15 Jan 2027 08:00:09 GMT", 9_000),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("Fri, 99 Jan 99999 08:00:09 GMT", PAUSE_DEFAULT_MS),
    ],
)
def test_a_pause_is_as_long_as_was_said(health: Health, clock: HandClock, told: str, pause_ms: int):
    clock.ms = DATE_MS
    health.limited(told)
    assert health.pause_left_ms == pause_ms
    clock.ms += pause_ms
    assert health.pause_left_ms == 0


def test_without_a_word_pauses_grow_until_it_answers(health: Health, clock: HandClock):
    pauses = []
    for _ in range(9):
        health.limited(None)
        pauses.append(health.pause_left_ms)
        clock.ms += pauses[-1]
    assert pauses[:3] == [1_000, 2_000, 4_000]
    assert pauses[-1] == 32_000
    health.answered(5)
    health.limited(None)
    assert health.pause_left_ms == PAUSE_DEFAULT_MS


def test_a_breaker_opens_after_failures_in_a_row_and_a_rest_ends_it(
    health: Health, clock: HandClock
):
    for _ in range(FAILURES_MAX - 1):
        health.failed()
        assert not health.is_resting
    health.answered(5)
    for _ in range(FAILURES_MAX):
        assert not health.is_resting
        health.failed()
    assert health.is_resting
    clock.ms += REST_MS
    assert not health.is_resting
    health.failed()
    assert health.is_resting
    health.answered(5)
    assert not health.is_resting


def test_a_slot_and_a_latency_are_remembered(health: Health):
    health.saw(Slot(5))
    health.saw(Slot(4))
    assert health.slot == 5
    health.answered(100)
    health.answered(20)
    assert health.latency_ms == 80
