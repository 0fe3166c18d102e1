"""The lifecycle is this table. Everything else about statuses is derived from it.

Rules of this file: every transition is here and nowhere else; the file knows no venue, no route, no
clock.

Three laws hold, each with a test. A status says what to do next, so recovery is the ordinary path.
Only a fact from the ledger ends a submitted attempt. An order dies only in PENDING, where nothing
of it is in flight.
"""

from collections.abc import Mapping

from landfall.core.errors import InvariantViolation
from landfall.core.events import (
    AttemptFailed,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFailed,
    RetryScheduled,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionExpired,
    TransactionFinalized,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Status

TRANSITIONS: Mapping[Status, Mapping[type[Event], Status]] = {
    Status.PENDING: {
        RoutingStarted: Status.ROUTING,
        RetryScheduled: Status.PENDING,
        OrderFailed: Status.FAILED,
        OrderCancelled: Status.CANCELLED,
        OrderExpired: Status.EXPIRED,
    },
    Status.ROUTING: {
        RouteSelected: Status.BUILDING,
        AttemptFailed: Status.PENDING,
    },
    Status.BUILDING: {
        TransactionSigned: Status.SUBMITTED,
        AttemptFailed: Status.PENDING,
    },
    Status.SUBMITTED: {
        TransactionConfirmed: Status.CONFIRMED,
        TransactionReverted: Status.PENDING,
        TransactionExpired: Status.PENDING,
    },
    Status.CONFIRMED: {
        # The fill already counts; this only notes that no fork can undo it.
        TransactionFinalized: Status.CONFIRMED,
    },
    Status.FAILED: {},
    Status.CANCELLED: {},
    Status.EXPIRED: {},
}

FIRST: tuple[type[Event], Status] = (OrderAccepted, Status.PENDING)

TERMINAL = frozenset(
    status for status, row in TRANSITIONS.items() if all(after is status for after in row.values())
)
"""Statuses that no event leaves: what a client waits for."""

CANCELLABLE = frozenset(status for status, row in TRANSITIONS.items() if OrderCancelled in row)


def next_status(status: Status | None, event: Event) -> Status:
    """The status after `event`; `status` is None before the first event.

    Raises:
        InvariantViolation: the table has no such transition.
    """
    first_event, first_status = FIRST
    if status is None:
        if type(event) is first_event:
            return first_status
        raise InvariantViolation(f"a log cannot begin with {type(event).__name__}")
    after = TRANSITIONS[status].get(type(event))
    if after is None:
        raise InvariantViolation(f"{type(event).__name__} cannot happen in {status.name}")
    return after
