"""Who may try again, and when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.errors import FailureReason
from landfall.core.events import OrderFailed, RetryScheduled
from landfall.core.execution import Attempt, Execution, Failure, Status
from landfall.core.lifecycle.retry import (
    NEEDS_A_CULPRIT,
    RETRYABLE,
    UNCOUNTED,
    RetryLimits,
    after_failure,
    is_timed_out,
    set_aside,
    timed_out,
)
from landfall.core.values import Pubkey
from tests.core.examples import (
    a_quote,
    a_route,
    an_execution,
    attempt_to_route,
    attempt_to_signed,
    pubkey,
)

LIMITS = RetryLimits(attempts_max=3, delay_first_ms=1_000, order_timeout_ms=30_000)
STARTED_MS = 1_000_010


def failing(*reasons: FailureReason) -> Execution:
    """An order whose attempts ended so; the last reason is the one being judged now."""
    attempts = tuple(
        Attempt(
            number=number,
            started_at_ms=STARTED_MS,
            quotes=(),
            refused=(),
            failure=Failure(reason=reason, detail="as told"),
        )
        for number, reason in enumerate(reasons, 1)
    )
    judged = replace(attempts[-1], failure=None)
    return replace(an_execution(), status=Status.ROUTING, attempts=(*attempts[:-1], judged))


def judge(*reasons: FailureReason, now_ms: int = STARTED_MS) -> RetryScheduled | OrderFailed:
    return after_failure(
        failing(*reasons), Failure(reason=reasons[-1], detail="as told"), now_ms, LIMITS
    )


def test_every_reason_says_whether_it_may_be_tried_again():
    assert RETRYABLE.keys() == set(FailureReason)
    assert all(RETRYABLE[reason] for reason in UNCOUNTED)


@pytest.mark.parametrize(
    "reason",
    [r for r, again in RETRYABLE.items() if not again or r in NEEDS_A_CULPRIT],
)
def test_what_would_fail_again_is_given_up_at_once(reason):
    assert judge(reason) == OrderFailed(reason=reason, detail="as told")


def test_delays_double_and_the_third_failure_is_the_last():
    slippage = FailureReason.SLIPPAGE_EXCEEDED
    assert judge(slippage) == RetryScheduled(next_attempt=2, delay_ms=1_000)
    assert judge(slippage, slippage) == RetryScheduled(next_attempt=3, delay_ms=2_000)
    assert judge(slippage, slippage, slippage) == OrderFailed(reason=slippage, detail="as told")


def test_with_more_attempts_allowed_the_next_delay_is_four_seconds():
    reasons = [FailureReason.BLOCKHASH_EXPIRED] * 3
    failure = Failure(reason=reasons[-1], detail="as told")
    more = replace(LIMITS, attempts_max=4)
    assert after_failure(failing(*reasons), failure, STARTED_MS, more) == RetryScheduled(
        next_attempt=4, delay_ms=4_000
    )


def test_a_stale_quote_is_replaced_at_once_and_costs_no_attempt():
    stale, slippage = FailureReason.STALE_QUOTE, FailureReason.SLIPPAGE_EXCEEDED
    assert judge(stale) == RetryScheduled(next_attempt=2, delay_ms=0)
    assert judge(*[stale] * 50) == RetryScheduled(next_attempt=51, delay_ms=0)
    assert judge(stale, slippage, stale, slippage) == RetryScheduled(next_attempt=5, delay_ms=2_000)


def test_stale_quotes_are_bounded_by_time():
    ended = judge(FailureReason.STALE_QUOTE, now_ms=STARTED_MS + 30_001)
    assert isinstance(ended, OrderFailed)
    assert ended.reason is FailureReason.ORDER_TIMED_OUT
    assert "stale_quote: as told" in ended.detail


def test_no_retry_is_promised_that_could_not_start_in_time():
    slippage = FailureReason.SLIPPAGE_EXCEEDED
    in_time = judge(slippage, now_ms=STARTED_MS + 29_000)
    too_late = judge(slippage, now_ms=STARTED_MS + 29_001)
    assert in_time == RetryScheduled(next_attempt=2, delay_ms=1_000)
    assert isinstance(too_late, OrderFailed)
    assert too_late.reason is FailureReason.ORDER_TIMED_OUT


def test_the_reason_outranks_the_time_out():
    ended = judge(FailureReason.INSUFFICIENT_FUNDS, now_ms=STARTED_MS + 99_000)
    assert ended == OrderFailed(reason=FailureReason.INSUFFICIENT_FUNDS, detail="as told")


def test_an_order_that_never_left_the_queue_has_all_the_time_it_needs():
    assert not is_timed_out(an_execution(), 10**15, LIMITS)


def test_the_clock_starts_with_the_first_attempt():
    execution = an_execution(*attempt_to_route())
    assert not is_timed_out(execution, STARTED_MS + 30_000, LIMITS)
    assert is_timed_out(execution, STARTED_MS + 30_001, LIMITS)


def test_a_time_out_is_only_ever_said_of_an_order_with_nothing_in_flight():
    """Being late is judged at a failed attempt or before a new one; never of a sent transaction."""
    late = timed_out(LIMITS, None)
    assert late.reason is FailureReason.ORDER_TIMED_OUT
    submitted = an_execution(*attempt_to_signed())
    assert submitted.status is Status.SUBMITTED
    with pytest.raises(Exception, match="OrderFailed cannot happen in SUBMITTED"):
        an_execution(*attempt_to_signed(), late)


@given(
    st.lists(st.sampled_from(FailureReason), min_size=1, max_size=12),
    st.integers(0, 120_000),
    st.integers(1, 6),
    st.integers(0, 10_000),
)
def test_a_verdict_is_always_reached_and_keeps_every_limit(reasons, late_ms, attempts_max, delay):
    limits = RetryLimits(attempts_max=attempts_max, delay_first_ms=delay, order_timeout_ms=30_000)
    failure = Failure(reason=reasons[-1], detail="as told")
    follows = after_failure(failing(*reasons), failure, STARTED_MS + late_ms, limits)
    counted = [reason for reason in reasons if reason not in UNCOUNTED]
    if isinstance(follows, RetryScheduled):
        assert RETRYABLE[reasons[-1]]
        assert len(counted) < attempts_max
        assert late_ms + follows.delay_ms <= limits.order_timeout_ms
        assert follows.next_attempt == len(reasons) + 1
    else:
        assert follows.reason in (reasons[-1], FailureReason.ORDER_TIMED_OUT)


# ── Pools set aside ──────────────────────────────────────────────────────────────────────────────


def failed_on(reason: FailureReason, *pools: int, out_amount: int = 225_000_000) -> Attempt:
    """An attempt over these pools that failed for that reason, the pools named."""
    quotes = [a_quote(pool, out_amount=out_amount) for pool in pools]
    failure = Failure(reason=reason, detail="as told", pools=tuple(quote.pool for quote in quotes))
    return Attempt(
        number=1,
        started_at_ms=STARTED_MS,
        quotes=(),
        refused=(),
        route=a_route(*quotes),
        failure=failure,
    )


def aside(*attempts: Attempt) -> set[Pubkey]:
    return set(set_aside(replace(an_execution(), attempts=attempts)))


@pytest.mark.parametrize("reason", sorted(NEEDS_A_CULPRIT, key=lambda reason: reason.value))
def test_a_failure_that_names_pools_is_tried_again_without_them(reason):
    execution = replace(failing(reason), attempts=(replace(failed_on(reason, 1), failure=None),))
    named = failed_on(reason, 1).failure
    assert after_failure(execution, named, STARTED_MS, LIMITS) == RetryScheduled(
        next_attempt=2, delay_ms=1_000
    )
    assert after_failure(execution, replace(named, pools=()), STARTED_MS, LIMITS) == OrderFailed(
        reason=reason, detail="as told"
    )
    assert aside(failed_on(reason, 1, 3)) == {pubkey(1), pubkey(3)}


@pytest.mark.parametrize("reason", [FailureReason.SLIPPAGE_EXCEEDED, FailureReason.POOL_CLOSED])
def test_a_pool_that_had_moved_or_was_closed_is_asked_again_until_nothing_changes(reason):
    assert aside(failed_on(reason, 1)) == set()
    assert aside(failed_on(reason, 1), failed_on(reason, 1, out_amount=224_000_000)) == set()
    assert aside(failed_on(reason, 1), failed_on(reason, 2)) == set()
    assert aside(failed_on(reason, 1), failed_on(reason, 1)) == {pubkey(1)}


def test_what_was_set_aside_stays_so_for_the_rest_of_the_order():
    assert aside(
        failed_on(FailureReason.POOL_REFUSED, 1), failed_on(FailureReason.BLOCKHASH_EXPIRED)
    ) == {pubkey(1)}
