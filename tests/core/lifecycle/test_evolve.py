"""An order's log folds into what became of it, or is refused; nothing in between."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.events import (
    AttemptFailed,
    OrderAccepted,
    OrderFailed,
    Recorded,
    RetryScheduled,
    RouteSelected,
    TransactionExpired,
    TransactionFinalized,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Status, summarize
from landfall.core.lifecycle.evolve import evolve, fold
from landfall.core.lifecycle.transitions import TRANSITIONS
from landfall.core.values import BlockHeight, Lamports, Slot
from tests.core.examples import (
    ORDER_ID,
    a_fill,
    a_log,
    a_route,
    a_signed_transaction,
    an_execution,
    an_order,
    attempt_to_route,
    attempt_to_signed,
    confirmed,
)

REVERTED = TransactionReverted(
    attempt=1,
    slot=Slot(505),
    fee_lamports=Lamports(5_000),
    reason=FailureReason.SLIPPAGE_EXCEEDED,
    detail="refused",
    error="ExceededSlippage",
)
EXPIRED = TransactionExpired(
    attempt=1,
    finalized_slot=Slot(700),
    finalized_height=BlockHeight(1_200),
    context_slot=Slot(701),
)
RETRY = RetryScheduled(next_attempt=2, delay_ms=1_000)
GIVEN_UP = OrderFailed(reason=FailureReason.SLIPPAGE_EXCEEDED, detail="three times")
TOO_LARGE = AttemptFailed(
    attempt=1, reason=FailureReason.TRANSACTION_TOO_LARGE, detail="1300 bytes"
)

STORIES = [
    (*attempt_to_signed(), confirmed(), TransactionFinalized(slot=Slot(540))),
    (*attempt_to_signed(), REVERTED, RETRY, *attempt_to_signed(2), confirmed(2)),
    (*attempt_to_signed(), EXPIRED, RETRY, *attempt_to_signed(2), confirmed(2)),
    (*attempt_to_route(), TOO_LARGE, GIVEN_UP),
]


def test_a_filled_order_shows_its_attempt_its_fill_and_its_instants():
    execution = an_execution(*attempt_to_signed(), confirmed())
    assert execution.status is Status.CONFIRMED
    assert execution.fill == a_fill()
    assert execution.version == 4
    assert (execution.accepted_at_ms, execution.updated_at_ms) == (1_000_000, 1_000_040)
    (attempt,) = execution.attempts
    assert attempt.route == a_route()
    assert attempt.transaction == a_signed_transaction()
    assert attempt.fill == a_fill()
    assert attempt.failure is None


def test_a_reverted_attempt_keeps_what_it_cost_and_the_next_one_starts_clean():
    execution = an_execution(*STORIES[1])
    first, second = execution.attempts
    assert first.failure is not None
    assert first.failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert first.cost.fee_lamports == 5_000
    assert first.fill is None
    assert (second.number, second.failure) == (2, None)
    assert execution.failure is None
    assert execution.fill == a_fill()


def test_an_expired_attempt_says_which_height_proves_it():
    execution = an_execution(*attempt_to_signed(), EXPIRED)
    failure = execution.attempt.failure
    assert failure is not None
    assert failure.reason is FailureReason.BLOCKHASH_EXPIRED
    assert "1200" in failure.detail
    assert execution.status is Status.PENDING


def test_a_given_up_order_has_a_reason_and_no_fill():
    execution = an_execution(*STORIES[3])
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert execution.fill is None


def test_finality_is_noted_and_changes_nothing_else():
    before = an_execution(*attempt_to_signed(), confirmed())
    after = an_execution(*STORIES[0])
    assert after.finalized_slot == 540
    assert (
        replace(
            after, finalized_slot=None, version=before.version, updated_at_ms=before.updated_at_ms
        )
        == before
    )


def test_an_empty_log_is_no_order():
    with pytest.raises(InvariantViolation, match="without events"):
        fold([])


@given(st.sampled_from(STORIES), st.data())
def test_a_log_with_a_gap_or_a_repetition_is_refused(story, data):
    log = a_log(*story)
    place = data.draw(st.integers(0, len(log) - 1))
    without = [recorded for recorded in log if recorded.version != place]
    if place < len(log) - 1:
        with pytest.raises(InvariantViolation):
            fold(without)
    with pytest.raises(InvariantViolation):
        fold([*log[: place + 1], *log[place:]])


@given(st.sampled_from(STORIES), st.data())
def test_folding_step_by_step_is_folding_at_once(story, data):
    log = a_log(*story)
    cut = data.draw(st.integers(1, len(log)))
    execution = fold(log[:cut])
    for recorded in log[cut:]:
        execution = evolve(execution, recorded)
    assert execution == fold(log)


@pytest.mark.parametrize("upto", range(1, 6))
def test_an_illegal_event_raises_and_changes_nothing(upto):
    log = a_log(*STORIES[0])[:upto]
    execution = fold(log)
    untouched = fold(log)
    every_event = {
        type(e): e for story in STORIES for e in (OrderAccepted(order=an_order()), *story)
    }
    for kind, event in every_event.items():
        if kind in TRANSITIONS[execution.status]:
            continue
        with pytest.raises(InvariantViolation):
            evolve(execution, _next(execution.version, event))
        assert execution == untouched


@pytest.mark.parametrize(
    "event",
    [
        RouteSelected(attempt=2, route=a_route(), reason="of another attempt"),
        AttemptFailed(attempt=2, reason=FailureReason.NO_ROUTE, detail="of another attempt"),
    ],
)
def test_an_event_of_another_attempt_is_refused(event):
    execution = an_execution(attempt_to_route()[0])
    with pytest.raises(InvariantViolation, match="attempt 2 where attempt 1"):
        evolve(execution, _next(execution.version, event))


def test_an_attempt_signs_once():
    execution = an_execution(*attempt_to_signed())
    again = TransactionSigned(attempt=1, transaction=a_signed_transaction())
    with pytest.raises(InvariantViolation, match="cannot happen in SUBMITTED"):
        evolve(execution, _next(execution.version, again))


def test_a_summary_tells_of_the_last_attempt():
    summary = summarize(an_execution(*STORIES[1]))
    assert (summary.attempts, summary.dex, summary.venue) == (2, "raydium", "raydium_cpmm")
    assert summary.signature == a_signed_transaction().signature
    assert summary.fill == a_fill()
    assert summarize(an_execution()).signature is None


def _next(version: int, event: object) -> Recorded:
    return Recorded(
        order_id=UUID(int=ORDER_ID.int),
        version=version + 1,
        recorded_at_ms=2_000_000,
        event=event,
        ends_commit=True,
    )
