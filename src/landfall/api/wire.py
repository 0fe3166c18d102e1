"""The one translation of orders, quotes and answers into the JSON shapes clients see.

What single values look like, and in which units, is in `scalars.py`.
"""

from collections.abc import Sequence

import msgspec

from landfall.api.costs import SimulatedWire, cost, fill_vs_quote_bps, simulated
from landfall.api.facts import encode
from landfall.api.route_wire import route
from landfall.api.scalars import amount, fraction, instant, plain, price
from landfall.api.shapes import (
    Accepted,
    AttemptWire,
    Connections,
    FailureWire,
    FillWire,
    OrderDetail,
    OrderList,
    OrderWire,
    QueueCounts,
    QueueWire,
    QuoteAnswer,
    QuoteWire,
    RefusedWire,
    StatsWire,
    TokenWire,
    TransactionWire,
)
from landfall.core.amount import to_decimal
from landfall.core.events import Recorded
from landfall.core.execution import (
    Attempt,
    Execution,
    Failure,
    Fill,
    OrderSummary,
    SignedTransaction,
    summarize,
)
from landfall.core.order import Order
from landfall.core.quote import Quote, Refused, behind_bps
from landfall.core.token import Token
from landfall.core.values import SwapMode
from landfall.pipeline.market import Preview
from landfall.ports import OrderPage, QueueStats

_SOL_DECIMALS = 9


def accepted(execution: Execution) -> Accepted:
    """The answer to a submitted order, also when it had been submitted before."""
    return Accepted(
        order_id=str(execution.order.order_id),
        status="pending",
        timestamp=instant(execution.accepted_at_ms),
    )


def token(known: Token) -> TokenWire:
    """A token's symbol, mint and decimals."""
    return TokenWire(symbol=known.symbol, mint=str(known.mint), decimals=known.decimals)


def quotes(order: Order, answers: Sequence[Quote]) -> list[QuoteWire]:
    """The pools' answers, best first as they come."""
    return [_quote(order, answer, answers[0]) for answer in answers]


def _quote(order: Order, answer: Quote, best: Quote) -> QuoteWire:
    sides = {side.mint: side for side in (order.token_in, order.token_out)}
    fee_token = sides.get(answer.fee_mint)
    return QuoteWire(
        dex=answer.dex,
        venue=answer.venue,
        pool=str(answer.pool),
        price=price(order, answer.in_amount, answer.out_amount),
        amount_in=amount(answer.in_amount, order.token_in),
        amount_in_base_units=str(answer.in_amount),
        amount_out=amount(answer.out_amount, order.token_out),
        amount_out_base_units=str(answer.out_amount),
        fee=None if fee_token is None else amount(answer.fee_amount, fee_token),
        fee_base_units=str(answer.fee_amount),
        fee_mint=str(answer.fee_mint),
        price_impact=fraction(answer.price_impact_bps),
        price_impact_bps=answer.price_impact_bps,
        behind_bps=behind_bps(best, answer),
        context_slot=answer.context_slot,
    )


def refused(answer: Refused) -> RefusedWire:
    """A pool's refusal."""
    return RefusedWire(
        dex=answer.dex,
        venue=answer.venue,
        pool=str(answer.pool),
        error=answer.error,
        reason=answer.sentence,
    )


def fill(order: Order, moved: Fill) -> FillWire:
    """What moved, and the price that makes."""
    return FillWire(
        slot=moved.slot,
        executed_price=price(order, moved.in_amount, moved.out_amount),
        amount_in=amount(moved.in_amount, order.token_in),
        amount_in_base_units=str(moved.in_amount),
        amount_out=amount(moved.out_amount, order.token_out),
        amount_out_base_units=str(moved.out_amount),
        fee=plain(to_decimal(moved.fee_lamports, _SOL_DECIMALS)),
        fee_lamports=str(moved.fee_lamports),
    )


def failure(why: Failure) -> FailureWire:
    """Why it failed."""
    return FailureWire(
        code=why.reason.value,
        error=why.detail,
        program_error=why.error,
        program=None if why.program is None else str(why.program),
        pools=[str(pool) for pool in why.pools],
        logs=list(why.logs),
    )


def order_summary(summary: OrderSummary) -> OrderWire:
    """An order as lists show it."""
    order = summary.order
    exact_in = order.swap_mode is SwapMode.EXACT_IN
    fixed = amount(order.amount, order.token_in if exact_in else order.token_out)
    filled = None if summary.fill is None else fill(order, summary.fill)
    return OrderWire(
        order_id=str(order.order_id),
        status=summary.status.value,
        version=summary.version,
        type=order.order_type.value,
        token_in=order.token_in.symbol or str(order.token_in.mint),
        token_out=order.token_out.symbol or str(order.token_out.mint),
        token_in_info=token(order.token_in),
        token_out_info=token(order.token_out),
        swap_mode=order.swap_mode.value,
        amount=fixed,
        amount_base_units=str(order.amount),
        amount_in=filled.amount_in if filled else (fixed if exact_in else None),
        amount_out=filled.amount_out if filled else (None if exact_in else fixed),
        slippage=fraction(order.slippage_bps),
        slippage_bps=order.slippage_bps,
        slippage_is_automatic=order.slippage_is_automatic,
        max_price_impact_bps=order.max_price_impact_bps,
        max_fee_lamports=None if order.max_fee_lamports is None else str(order.max_fee_lamports),
        priority=order.priority,
        client_order_id=order.client_order_id,
        user_id=order.user_id,
        created_at=instant(summary.accepted_at_ms),
        updated_at=instant(summary.updated_at_ms),
        attempt_count=summary.attempts,
        dex=summary.dex,
        venue=summary.venue,
        tx_hash=None if summary.signature is None else str(summary.signature),
        executed_price=filled.executed_price if filled else None,
        fill=filled,
        failure=None if summary.failure is None else failure(summary.failure),
        finalized_slot=summary.finalized_slot,
    )


def order_page(page: OrderPage) -> OrderList:
    """One page of a list."""
    return OrderList(
        orders=[order_summary(summary) for summary in page.orders], next_cursor=page.next_cursor
    )


def order_detail(execution: Execution, log: tuple[Recorded, ...]) -> OrderDetail:
    """An order with its attempts and its log."""
    return OrderDetail(
        **msgspec.structs.asdict(order_summary(summarize(execution))),
        cost=cost(execution.cost),
        attempts=[_attempt(execution.order, attempt) for attempt in execution.attempts],
        events=[encode(recorded) for recorded in log],
    )


def preview(answer: Preview) -> QuoteAnswer:
    """What an order would get now."""
    order = answer.order
    fixed = order.token_in if order.swap_mode is SwapMode.EXACT_IN else order.token_out
    return QuoteAnswer(
        token_in=token(order.token_in),
        token_out=token(order.token_out),
        swap_mode=order.swap_mode.value,
        amount=amount(order.amount, fixed),
        amount_base_units=str(order.amount),
        slippage_bps=order.slippage_bps,
        quotes=quotes(order, answer.market.quotes),
        refused=[refused(each) for each in answer.market.refused],
        route=None if answer.route is None else route(order, answer.route),
        reason=answer.reason,
        context_slot=answer.market.context_slot,
    )


def queue(stats: QueueStats, sockets: int) -> QueueWire:
    """The queue's counts and this process's sockets."""
    return QueueWire(
        waiting=stats.waiting,
        active=stats.active,
        delayed=stats.delayed,
        completed=stats.completed,
        failed=stats.failed,
        cancelled=stats.cancelled,
        rate=stats.started_last_minute,
        workers=stats.workers,
        web_socket_connections=sockets,
    )


def stats(counts: QueueStats, sockets: int) -> StatsWire:
    """The same in the nested shape."""
    return StatsWire(
        queue=QueueCounts(
            waiting=counts.waiting,
            active=counts.active,
            delayed=counts.delayed,
            completed=counts.completed,
            failed=counts.failed,
        ),
        websocket=Connections(connections=sockets),
    )


def _transaction(signed: SignedTransaction) -> TransactionWire:
    return TransactionWire(
        tx_hash=str(signed.signature),
        blockhash=signed.blockhash,
        last_valid_block_height=signed.last_valid_block_height,
        min_context_slot=signed.min_context_slot,
    )


def _attempt(order: Order, attempt: Attempt) -> AttemptWire:
    return AttemptWire(
        number=attempt.number,
        started_at=instant(attempt.started_at_ms),
        quotes=quotes(order, attempt.quotes),
        refused=[refused(each) for each in attempt.refused],
        route=None if attempt.route is None else route(order, attempt.route),
        reason=attempt.route_reason,
        transaction=None if attempt.transaction is None else _transaction(attempt.transaction),
        fill=None if attempt.fill is None else fill(order, attempt.fill),
        failure=None if attempt.failure is None else failure(attempt.failure),
        fee_lamports=str(attempt.cost.fee_lamports),
        cost=cost(attempt.cost),
        slippage_bps=attempt.slippage_bps or order.slippage_bps,
        slippage_reason=attempt.slippage_reason,
        simulated=_simulated(order, attempt),
        fill_vs_quote_bps=fill_vs_quote_bps(order, attempt.route, attempt.fill),
    )


def _simulated(order: Order, attempt: Attempt) -> SimulatedWire | None:
    if attempt.route is None or attempt.simulated is None:
        return None
    return simulated(order, attempt.route, attempt.simulated)
