"""What is safe to repeat is repeated when the engine says so, and nothing else is."""

import pytest

from landfall.client import ApiError, Unreachable
from landfall.client.patience import TOLD_WAIT_MAX_S, TRIES_MAX, WAIT_FIRST_S, WAIT_MAX_S, pause_s

GONE = Unreachable("http://127.0.0.1:1")


def refused(status: int, retry_after_s: float | None = None) -> ApiError:
    return ApiError(status, "code", "Sentence.", None, retry_after_s)


def test_waits_double_up_to_a_limit():
    waits = [pause_s(GONE, tries, 12) for tries in range(1, 12)]
    assert waits[:3] == [WAIT_FIRST_S, 2 * WAIT_FIRST_S, 4 * WAIT_FIRST_S]
    assert waits[-1] == WAIT_MAX_S
    assert pause_s(GONE, TRIES_MAX, TRIES_MAX) is None


@pytest.mark.parametrize("status", [429, 503])
def test_an_engine_that_says_when_is_taken_at_its_word(status):
    assert pause_s(refused(status, 7.0), 1, TRIES_MAX) == 7.0
    assert pause_s(refused(status), 1, TRIES_MAX) == WAIT_FIRST_S
    assert pause_s(refused(status, TOLD_WAIT_MAX_S + 1), 1, TRIES_MAX) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 500])
def test_what_time_does_not_heal_is_not_repeated(status):
    assert pause_s(refused(status, 1.0), 1, TRIES_MAX) is None
