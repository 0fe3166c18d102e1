"""Fold an order's log again, outside the engine that wrote it, and see whether it says the same.

The events come over the API without loss; the fold is the engine's own. What each step shows is
what a person would want to know of it, not all that it holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from landfall.api.facts import RecordedWire, decode
from landfall.client.answers import LogEvent, OrderDetail
from landfall.core.amount import to_decimal
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
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.evolve import evolve
from landfall.core.order import Order
from landfall.core.token import Token
from landfall.core.values import SwapMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event and where it led. `since_accepted_ms` is on the database's clock."""

    version: int
    event: str
    status: Status
    since_accepted_ms: int
    facts: str
    execution: Execution


def replay(order_id: UUID, events: list[LogEvent]) -> Iterator[Step]:
    """Fold the log event by event.

    Raises:
        InvariantViolation: the log breaks the rules of the lifecycle.
        KeyError, msgspec.ValidationError: an event that this version does not know.
    """
    execution: Execution | None = None
    for wire in events:
        recorded = decode(
            order_id,
            RecordedWire(
                version=wire.version,
                type=wire.type,
                recorded_at_ms=wire.recorded_at_ms,
                ends_commit=wire.ends_commit,
                data=wire.data,
            ),
        )
        execution = evolve(execution, recorded)
        yield Step(
            version=recorded.version,
            event=wire.type,
            status=execution.status,
            since_accepted_ms=recorded.recorded_at_ms - execution.accepted_at_ms,
            facts=_facts(execution.order, recorded.event),
            execution=execution,
        )


def differences(folded: Execution, told: OrderDetail) -> list[str]:
    """What the fold and the engine's own answer disagree on; empty if nothing."""
    fill = folded.fill
    pairs = {
        "status": (folded.status.value, told.status),
        "version": (folded.version, told.version),
        "attempts": (len(folded.attempts), told.attempt_count),
        "fill": (
            None if fill is None else to_decimal(fill.out_amount, folded.order.token_out.decimals),
            None if told.fill is None else told.fill.amount_out,
        ),
    }
    return [
        f"{name}: the log says {ours}, the engine says {theirs}"
        for name, (ours, theirs) in pairs.items()
        if ours != theirs
    ]


def _facts(order: Order, event: Event) -> str:
    match event:
        case OrderAccepted():
            fixed = order.token_in if order.swap_mode is SwapMode.EXACT_IN else order.token_out
            pair = f"{_name(order.token_in)} → {_name(order.token_out)}"
            return f"{pair}, {_amount(order.amount, fixed)}, {order.slippage_bps} bps"
        case RoutingStarted():
            best = (
                f", best {_amount(event.quotes[0].out_amount, order.token_out)}"
                if event.quotes
                else ""
            )
            refusals = f", {len(event.refused)} refused" if event.refused else ""
            return f"{len(event.quotes)} quotes at slot {event.context_slot}{best}{refusals}"
        case RouteSelected():
            return event.reason
        case TransactionSigned(transaction=signed):
            return f"{signed.signature}, good until block {signed.last_valid_block_height}"
        case TransactionConfirmed(fill=fill):
            return f"{_amount(fill.out_amount, order.token_out)} at slot {fill.slot}"
        case TransactionFinalized():
            return f"final at slot {event.slot}"
        case TransactionExpired():
            return f"unknown at slot {event.context_slot}, block {event.finalized_height} is final"
        case TransactionReverted() | AttemptFailed() | OrderFailed():
            return f"{event.reason.value}: {event.detail}"
        case RetryScheduled():
            return f"attempt {event.next_attempt} in {event.delay_ms} ms"
        case OrderCancelled() | OrderExpired():
            return ""


def _name(token: Token) -> str:
    return token.symbol or str(token.mint)


def _amount(units: int, token: Token) -> str:
    return f"{to_decimal(units, token.decimals).normalize():f} {_name(token)}"
