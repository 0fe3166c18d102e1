"""What a WebSocket client hears of each commit: the status after it, and the facts behind it.

One frame per commit, so a last failed attempt is heard as `failed` and never flickers through
`pending`.
"""

import msgspec

from landfall.api.route_shapes import RouteWire
from landfall.api.route_wire import route
from landfall.api.scalars import amount, fraction, instant
from landfall.api.shapes import QuoteWire, RefusedWire, Wire
from landfall.api.wire import fill, quotes, refused
from landfall.core.events import (
    AttemptFailed,
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
from landfall.core.execution import Execution
from landfall.core.order import Order
from landfall.core.values import SwapMode
from landfall.pipeline.history import Commit


class PendingData(Wire, frozen=True, kw_only=True):
    """`pending`: the order is durable and waits for its turn."""

    type: str
    token_in: str
    token_out: str
    swap_mode: str
    amount: str
    slippage: str


class RetryData(Wire, frozen=True, kw_only=True):
    """`pending` again: an attempt came to nothing and another will start after `retryInMs`."""

    attempt: int
    code: str
    reason: str
    next_attempt: int
    retry_in_ms: int


class RoutingData(Wire, frozen=True, kw_only=True):
    """`routing`: every pool's answer, best first."""

    attempt: int
    quotes: list[QuoteWire]
    refused: list[RefusedWire]
    context_slot: int


class BuildingData(Wire, frozen=True, kw_only=True):
    """`building`: the route, and why it was taken."""

    attempt: int
    selected_dex: str
    venue: str
    pool: str
    reason: str
    amount_in: str
    amount_out: str
    min_out: str | None
    max_in: str | None
    route: RouteWire


class SubmittedData(Wire, frozen=True, kw_only=True):
    """`submitted`: signed and on record; from here on it may land."""

    attempt: int
    tx_hash: str
    last_valid_block_height: int


class ConfirmedData(Wire, frozen=True, kw_only=True):
    """`confirmed`: what the ledger says moved."""

    attempt: int
    tx_hash: str
    dex: str
    venue: str
    pool: str
    executed_price: str | None
    amount_in: str
    amount_out: str
    slot: int
    fee: str


class FailedData(Wire, frozen=True, kw_only=True):
    """`failed`: given up; nothing of it can land."""

    code: str
    error: str
    attempts: int
    tx_hash: str | None


class EndedData(Wire, frozen=True, kw_only=True):
    """`cancelled` or `expired`, or a note on an order already confirmed."""

    finalized_slot: int | None


Data = (
    PendingData
    | RetryData
    | RoutingData
    | BuildingData
    | SubmittedData
    | ConfirmedData
    | FailedData
    | EndedData
)


class Frame(Wire, frozen=True, kw_only=True):
    """One commit of an order's log, as a WebSocket message. `data` depends on `status`."""

    order_id: str
    status: str
    version: int
    timestamp: str
    data: Data


class FrameOfMany(Frame, frozen=True, kw_only=True):
    """A frame among those of other orders; `cursor` is where to resume."""

    cursor: str


def frame_with_cursor(commit: Commit, cursor: str) -> FrameOfMany:
    """The message for one commit in a stream of many orders."""
    return FrameOfMany(**msgspec.structs.asdict(frame(commit)), cursor=cursor)


def frame(commit: Commit) -> Frame:
    """The message for one commit."""
    execution = commit.execution
    return Frame(
        order_id=str(execution.order.order_id),
        status=execution.status.value,
        version=execution.version,
        timestamp=instant(commit.events[-1].recorded_at_ms),
        data=_data(commit),
    )


def _data(commit: Commit) -> Data:
    execution = commit.execution
    order = execution.order
    # The last event of a commit is the one that decides the status.
    match commit.events[-1].event:
        case OrderAccepted():
            return _pending(order)
        case RoutingStarted() as event:
            return RoutingData(
                attempt=event.attempt,
                quotes=quotes(order, event.quotes),
                refused=[refused(each) for each in event.refused],
                context_slot=event.context_slot,
            )
        case RouteSelected() as event:
            return _building(order, event)
        case TransactionSigned() as event:
            return SubmittedData(
                attempt=event.attempt,
                tx_hash=str(event.transaction.signature),
                last_valid_block_height=event.transaction.last_valid_block_height,
            )
        case TransactionConfirmed() as event:
            return _confirmed(execution, event)
        case RetryScheduled() as event:
            return _retry(execution, event.next_attempt, event.delay_ms)
        case AttemptFailed() | TransactionReverted() | TransactionExpired():
            return _retry(execution, len(execution.attempts) + 1, 0)
        case OrderFailed() as event:
            signed = execution.attempts[-1].transaction if execution.attempts else None
            return FailedData(
                code=event.reason.value,
                error=event.detail,
                attempts=len(execution.attempts),
                tx_hash=None if signed is None else str(signed.signature),
            )
        case TransactionFinalized() as event:
            return EndedData(finalized_slot=event.slot)
        case OrderCancelled() | OrderExpired():
            return EndedData(finalized_slot=None)


def _pending(order: Order) -> PendingData:
    fixed = order.token_in if order.swap_mode is SwapMode.EXACT_IN else order.token_out
    return PendingData(
        type=order.order_type.value,
        token_in=order.token_in.symbol or str(order.token_in.mint),
        token_out=order.token_out.symbol or str(order.token_out.mint),
        swap_mode=order.swap_mode.value,
        amount=amount(order.amount, fixed),
        slippage=fraction(order.slippage_bps),
    )


def _building(order: Order, event: RouteSelected) -> BuildingData:
    chosen = route(order, event.route)
    first = chosen.legs[0]
    return BuildingData(
        attempt=event.attempt,
        selected_dex=first.dex,
        venue=first.venue,
        pool=first.pool,
        reason=event.reason,
        amount_in=chosen.amount_in,
        amount_out=chosen.amount_out,
        min_out=chosen.min_out,
        max_in=chosen.max_in,
        route=chosen,
    )


def _confirmed(execution: Execution, event: TransactionConfirmed) -> ConfirmedData:
    attempt = execution.attempt
    assert attempt.route is not None
    assert attempt.transaction is not None
    first = attempt.route.legs[0].quote
    moved = fill(execution.order, event.fill)
    return ConfirmedData(
        attempt=event.attempt,
        tx_hash=str(attempt.transaction.signature),
        dex=first.dex,
        venue=first.venue,
        pool=str(first.pool),
        executed_price=moved.executed_price,
        amount_in=moved.amount_in,
        amount_out=moved.amount_out,
        slot=moved.slot,
        fee=moved.fee,
    )


def _retry(execution: Execution, next_attempt: int, delay_ms: int) -> RetryData:
    attempt = execution.attempt
    assert attempt.failure is not None
    return RetryData(
        attempt=attempt.number,
        code=attempt.failure.reason.value,
        reason=attempt.failure.detail,
        next_attempt=next_attempt,
        retry_in_ms=delay_ms,
    )
