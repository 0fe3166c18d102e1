"""Orders as rows: of the grid, with figures cut for people, and of exports, with every digit."""

from collections.abc import Mapping, Sequence
from typing import Any

from landfall.client import Order
from landfall.console import figures

EXPORTED = (
    "orderId", "createdAt", "updatedAt", "status", "type", "swapMode", "tokenIn", "tokenOut",
    "amount", "amountIn", "amountOut", "executedPrice", "slippage", "priority", "venue", "txHash",
    "networkFeeSol", "attempts", "clientOrderId", "userId", "failureCode", "failure",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def grid_row(order: Order) -> dict[str, Any]:
    """One line of the grid."""
    return {
        "id": str(order.order_id),
        "version": order.version,
        "time": f"{order.created_at:%m-%d %H:%M:%S}",
        "status": order.status,
        "type": order.type,
        "pays": _side(order.amount_in, order.token_in),
        "gets": _side(order.amount_out, order.token_out),
        "price": figures.amount(order.executed_price),
        "venue": figures.venue(order.venue) if order.venue else figures.DASH,
        "slippage": figures.percent(order.slippage),
        "attempts": order.attempt_count,
        "client": order.client_order_id or "",
        "user": order.user_id or "",
        "signature": figures.short(order.tx_hash) if order.tx_hash else figures.DASH,
        "order": figures.short(str(order.order_id)),
    }


def grid_rows(orders: Sequence[Order], shown: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of the grid; an order that has not changed keeps the line it is shown by."""
    rows = []
    for order in orders:
        known = shown.get(str(order.order_id))
        is_same = known is not None and known["version"] == order.version
        rows.append(known if known is not None and is_same else grid_row(order))
    return rows


def changes(
    before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]], new_come_last: bool
) -> dict[str, Any]:
    """What turns the rows of one page into those of another: AG Grid's row transaction."""
    old = {row["id"]: row for row in before}
    new = {row["id"]: row for row in now}
    return {
        "add": [row for row in now if row["id"] not in old],
        "addIndex": len(before) if new_come_last else 0,
        "update": [row for row in now if row["id"] in old and row is not old[row["id"]]],
        "remove": [{"id": row["id"]} for row in before if row["id"] not in new],
    }


def export_row(order: Order) -> list[str]:
    """One line of an export, every digit of it.

    Text that a spreadsheet would run as a formula is made text.
    """
    values = (
        order.order_id, order.created_at.isoformat(), order.updated_at.isoformat(), order.status,
        order.type, order.swap_mode, order.token_in, order.token_out, order.amount,
        order.amount_in, order.amount_out, order.executed_price, order.slippage, order.priority,
        order.venue, order.tx_hash, order.fill.fee if order.fill else None, order.attempt_count,
        order.client_order_id, order.user_id,
        order.failure.code if order.failure else None,
        order.failure.error if order.failure else None,
    )  # fmt: skip
    return [_harmless("" if value is None else str(value)) for value in values]


def _side(amount: Any, token: str) -> str:
    return f"{figures.amount(amount)} {figures.short(token)}"


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
