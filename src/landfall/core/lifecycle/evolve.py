"""Fold an order's log into its Execution. State is never stored anywhere else than in facts."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, overload

from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.events import (
    AttemptFailed,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderFailed,
    Recorded,
    RetryScheduled,
    RouteSelected,
    RoutingStarted,
    TransactionConfirmed,
    TransactionExpired,
    TransactionFinalized,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Attempt, Cost, Execution, Failure
from landfall.core.lifecycle.transitions import next_status


def fold(log: Iterable[Recorded]) -> Execution:
    """The Execution a whole log amounts to.

    Raises:
        InvariantViolation: the log is empty, has a gap, or holds a transition the table lacks.
    """
    execution = evolved(None, log)
    if execution is None:
        raise InvariantViolation("an order without events")
    return execution


@overload
def evolved(execution: Execution, log: Iterable[Recorded]) -> Execution: ...
@overload
def evolved(execution: None, log: Iterable[Recorded]) -> Execution | None: ...
def evolved(execution: Execution | None, log: Iterable[Recorded]) -> Execution | None:
    """The Execution after what follows it. An illegal event raises."""
    for recorded in log:
        execution = evolve(execution, recorded)
    return execution


def facts_after(execution: Execution, events: Sequence[Event], at_ms: int) -> tuple[Recorded, ...]:
    """The events of one step as the log will hold them after `execution`."""
    return tuple(
        Recorded(
            order_id=execution.order.order_id,
            version=execution.version + place,
            recorded_at_ms=at_ms,
            event=event,
            ends_commit=place == len(events),
        )
        for place, event in enumerate(events, start=1)
    )


def evolve(execution: Execution | None, recorded: Recorded) -> Execution:
    """The Execution after one more event. An illegal event raises and changes nothing."""
    expected = 0 if execution is None else execution.version + 1
    if recorded.version != expected:
        raise InvariantViolation(
            f"order {recorded.order_id}: event {recorded.version} where {expected} was due"
        )
    status = next_status(None if execution is None else execution.status, recorded.event)
    if execution is None:
        assert isinstance(recorded.event, OrderAccepted)
        return Execution(
            order=recorded.event.order,
            status=status,
            version=0,
            accepted_at_ms=recorded.recorded_at_ms,
            updated_at_ms=recorded.recorded_at_ms,
        )
    return replace(
        execution,
        status=status,
        version=recorded.version,
        updated_at_ms=recorded.recorded_at_ms,
        **_learned(execution, recorded),
    )


def _learned(execution: Execution, recorded: Recorded) -> dict[str, Any]:
    """The fields of the Execution that the event changes, besides those that every event does."""
    match recorded.event:
        case RoutingStarted() as event:
            _same_attempt(event.attempt, len(execution.attempts) + 1)
            attempt = Attempt(
                number=event.attempt,
                started_at_ms=recorded.recorded_at_ms,
                quotes=event.quotes,
                refused=event.refused,
                slippage_bps=event.slippage_bps,
                slippage_reason=event.slippage_reason,
            )
            return {"attempts": (*execution.attempts, attempt)}
        case RouteSelected() as event:
            return _in_attempt(
                execution, event.attempt, route=event.route, route_reason=event.reason
            )
        case TransactionSigned() as event:
            return _in_attempt(
                execution,
                event.attempt,
                transaction=event.transaction,
                simulated=event.simulated,
            )
        case TransactionConfirmed() as event:
            cost = Cost(
                fee_lamports=event.fill.fee_lamports,
                tip_lamports=event.tip_lamports,
                rent_lamports=event.rent_lamports,
            )
            filled = _in_attempt(execution, event.attempt, fill=event.fill, cost=cost)
            return {**filled, "fill": event.fill}
        case TransactionReverted() as event:
            # What failed moved nothing: no tip was paid, and no account stayed open.
            cost = Cost(fee_lamports=event.fee_lamports)
            return _in_attempt(execution, event.attempt, failure=_failure(event), cost=cost)
        case TransactionExpired() as event:
            return _in_attempt(execution, event.attempt, failure=expired_failure(event))
        case AttemptFailed() as event:
            return _in_attempt(execution, event.attempt, failure=_failure(event))
        case OrderFailed() as event:
            return {"failure": Failure(reason=event.reason, detail=event.detail)}
        case TransactionFinalized() as event:
            return {"finalized_slot": event.slot}
        case RetryScheduled() | OrderCancelled() | OrderExpired():
            return {}
        case OrderAccepted():
            raise InvariantViolation("an order is accepted once")


def expired_failure(event: TransactionExpired) -> Failure:
    """An expired transaction as the failure of its attempt."""
    return Failure(
        reason=FailureReason.BLOCKHASH_EXPIRED,
        detail=f"not on the ledger when block {event.finalized_height} was final",
    )


def _failure(event: TransactionReverted | AttemptFailed) -> Failure:
    return Failure(
        reason=event.reason,
        detail=event.detail,
        error=event.error,
        logs=event.logs,
        program=event.program,
        pools=event.pools,
    )


def _in_attempt(execution: Execution, number: int, **learned: Any) -> dict[str, Any]:
    attempt = execution.attempt
    _same_attempt(number, attempt.number)
    return {"attempts": (*execution.attempts[:-1], replace(attempt, **learned))}


def _same_attempt(number: int, expected: int) -> None:
    if number != expected:
        raise InvariantViolation(f"an event of attempt {number} where attempt {expected} was due")
