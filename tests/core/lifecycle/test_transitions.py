"""The three laws of the lifecycle, read off the table."""

from typing import get_args

import pytest

from landfall.core.errors import InvariantViolation
from landfall.core.events import (
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFailed,
    TransactionConfirmed,
    TransactionExpired,
    TransactionReverted,
)
from landfall.core.execution import Status
from landfall.core.lifecycle.transitions import (
    CANCELLABLE,
    FIRST,
    TERMINAL,
    TRANSITIONS,
    next_status,
)
from landfall.pipeline.run import STEPS
from tests.core.examples import an_order, attempt_to_signed, confirmed

EVENTS = get_args(Event)
LEDGER_FACTS = {TransactionConfirmed, TransactionReverted, TransactionExpired}
DEATHS = {OrderFailed, OrderCancelled, OrderExpired}


def edges():
    return [
        (status, event, after)
        for status, row in TRANSITIONS.items()
        for event, after in row.items()
    ]


def test_every_status_has_a_row_and_every_event_a_place():
    assert TRANSITIONS.keys() == set(Status)
    placed = {event for _, event, _ in edges()} | {FIRST[0]}
    assert placed == set(EVENTS)


def test_a_status_says_what_to_do_next():
    still_moving = {status for status, row in TRANSITIONS.items() if row}
    assert STEPS.keys() == still_moving


def test_a_status_without_a_step_has_ended():
    assert all(status in TERMINAL for status in Status if status not in STEPS)


def test_only_the_ledger_ends_a_submitted_attempt():
    assert TRANSITIONS[Status.SUBMITTED].keys() == LEDGER_FACTS
    assert Status.SUBMITTED not in TRANSITIONS[Status.SUBMITTED].values()


def test_only_a_signed_transaction_is_submitted_and_only_a_submitted_one_is_confirmed():
    into = {after: set() for after in Status}
    for status, event, after in edges():
        into[after].add((status, event.__name__))
    assert into[Status.SUBMITTED] == {(Status.BUILDING, "TransactionSigned")}
    assert into[Status.CONFIRMED] == {
        (Status.SUBMITTED, "TransactionConfirmed"),
        (Status.CONFIRMED, "TransactionFinalized"),
    }


def test_an_order_dies_only_in_pending():
    ends = {Status.FAILED, Status.CANCELLED, Status.EXPIRED}
    dying = [(status, event, after) for status, event, after in edges() if after in ends]
    assert {status for status, _, _ in dying} == {Status.PENDING}
    assert {event for _, event, _ in dying} == DEATHS
    assert set(CANCELLABLE) == {Status.PENDING}


def test_nothing_leaves_a_terminal_status():
    assert set(TERMINAL) == {Status.CONFIRMED, Status.FAILED, Status.CANCELLED, Status.EXPIRED}
    assert all(after is status for status, _, after in edges() if status in TERMINAL)


def test_every_status_can_be_reached_and_every_order_can_end():
    reached, frontier = {FIRST[1]}, [FIRST[1]]
    while frontier:
        fresh = set(TRANSITIONS[frontier.pop()].values()) - reached
        reached |= fresh
        frontier += fresh
    assert reached == set(Status)
    ending = set(TERMINAL)
    for _ in Status:
        ending |= {status for status, _, after in edges() if after in ending}
    assert ending == set(Status)


def test_a_log_begins_with_acceptance_and_with_nothing_else():
    assert next_status(None, OrderAccepted(order=an_order())) is Status.PENDING
    for event in (*attempt_to_signed(), confirmed()):
        with pytest.raises(InvariantViolation, match="cannot begin"):
            next_status(None, event)


@pytest.mark.parametrize("status", Status)
def test_what_the_table_lacks_cannot_happen(status):
    for event in (OrderAccepted(order=an_order()), *attempt_to_signed(), confirmed()):
        if type(event) in TRANSITIONS[status]:
            assert next_status(status, event) is TRANSITIONS[status][type(event)]
        else:
            with pytest.raises(InvariantViolation, match="cannot happen"):
                next_status(status, event)
