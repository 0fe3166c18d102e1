"""What clients look at: one order's log, pages of orders, how the work stands.

A page is found by key, not by counting, so that its cost is the same however long the history is.
"""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from uuid import UUID

import asyncpg

from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.events import Recorded
from landfall.core.execution import OrderSummary
from landfall.ports import (
    Load,
    MarketRecord,
    OrderFilter,
    OrderPage,
    QueueStats,
    Reserved,
    WorkerSeen,
)
from landfall.statements import load_statements
from landfall.store.codec import decode_token
from landfall.store.log_rows import read_log
from landfall.store.market_record import market_record
from landfall.store.projection import summary
from landfall.store.session import read

_SQL = load_statements("landfall.store.sql", "reader.sql")

PAGE_MAX = 1_000
OFFSET_MAX = 10_000
ATTEMPTS_LOOKED_AT = 300
RESERVED_MAX = 10_000
"""Open orders that are added up; with more, what is reserved is more than is told."""


class PostgresReader:
    """Reads orders from PostgreSQL.

    Args:
        pool: made by `store.connection.connect`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def log(self, order_id: UUID) -> tuple[Recorded, ...]:
        """The order's whole log; empty if there is no such order."""
        return await read_log(self._pool, order_id)

    async def orders(self, wanted: OrderFilter) -> OrderPage:
        """One page of orders.

        Raises:
            OrderRejected: the cursor is none that a page gave, or the offset is beyond reason.
            Unavailable: the database did not answer.
        """
        if not 0 <= wanted.offset <= OFFSET_MAX:
            raise OrderRejected(
                RejectionReason.WRONG_TYPE,
                "offset",
                f"offset must be 0 to {OFFSET_MAX}; to go further, use nextCursor.",
            )
        limit = max(1, min(wanted.limit, PAGE_MAX))
        statement, arguments = _page(wanted, limit + 1)
        rows = await read(self._pool, statement, *arguments)
        orders = tuple(summary(row) for row in rows[:limit])
        more = len(rows) > limit
        return OrderPage(orders=orders, next_cursor=_cursor(orders[-1]) if more else None)

    async def stats(self) -> QueueStats:
        """How the work stands. Completed are confirmed orders; failed are failed or expired."""
        (row,) = await read(self._pool, _SQL["stats"])
        return QueueStats(**row)

    async def load(self, account: str, most: int) -> Load:
        """Orders never started, and the account's open orders, each counted up to `most`."""
        (row,) = await read(self._pool, _SQL["load"], account, most)
        return Load(**row)

    async def market(self) -> MarketRecord:
        """How venues did lately. Reads thousands of quotes, in a thread beside the event loop."""
        rows = await read(self._pool, _SQL["latest_attempts"], ATTEMPTS_LOOKED_AT)
        return await asyncio.to_thread(market_record, rows)

    async def reserved(self) -> tuple[Reserved, ...]:
        """What open orders of all accounts may still take, by token."""
        rows = await read(self._pool, _SQL["reserved"], RESERVED_MAX)
        return tuple(
            Reserved(
                token=decode_token(row["token_in"]),
                orders=row["orders"],
                amount=int(row["amount"]),
            )
            for row in rows
        )

    async def workers(self) -> tuple[WorkerSeen, ...]:
        """The processes that carry orders, or did until some minutes ago."""
        return tuple(WorkerSeen(**row) for row in await read(self._pool, _SQL["workers"]))

    async def now_ms(self) -> int:
        """The database's time, in milliseconds since the Unix epoch."""
        (row,) = await read(self._pool, _SQL["now"])
        return int(row["now_ms"])

    async def ping(self) -> None:
        """Return if the database answers."""
        await read(self._pool, _SQL["ping"])


_Piece = tuple[str, tuple[object, ...]]
"""A part of a statement by its name, and what it takes."""


def _page(wanted: OrderFilter, limit: int) -> tuple[str, list[object]]:
    """The statement of a page: each set of conditions is its own, so that each has its own plan."""
    pieces = _both_sides(wanted, limit) if wanted.token is not None else _pieces(wanted, limit)
    arguments = [value for _, values in pieces for value in values]
    statement = "\n".join(_SQL[name] for name, _ in pieces)
    # With a status given, its index holds the page in order; otherwise an index of `orders` does.
    statement = statement.replace("by.", "o." if wanted.status is None else "x.")
    if wanted.oldest_first:
        statement = statement.replace(" desc", "").replace(") < (", ") > (")
    for number in range(1, len(arguments) + 1):
        statement = statement.replace("$?", f"${number}", 1)
    return statement, arguments


def _both_sides(wanted: OrderFilter, limit: int) -> list[_Piece]:
    paying = replace(wanted, token=None, token_in=wanted.token, offset=0)
    buying = replace(wanted, token=None, token_out=wanted.token, offset=0)
    return [
        ("of_both_sides", ()),
        *_pieces(paying, limit + wanted.offset),
        ("of_the_other_side", ()),
        *_pieces(buying, limit + wanted.offset),
        ("of_both_sides_end", ()),
        ("merged_end", (limit, wanted.offset)),
    ]


def _pieces(wanted: OrderFilter, limit: int) -> list[_Piece]:
    conditions = _conditions(wanted)
    if wanted.account is not None or wanted.status is None:
        return [("page", ()), *conditions, ("page_end", (limit, wanted.offset))]
    return [
        ("of_each_account", ()),
        ("page", ()),
        ("of_this_account", ()),
        *conditions,
        ("page_end", (limit + wanted.offset, 0)),
        ("merged_end", (limit, wanted.offset)),
    ]


def _conditions(wanted: OrderFilter) -> list[_Piece]:
    asked = {
        "of_account": wanted.account,
        "of_status": wanted.status and wanted.status.value,
        "of_type": wanted.order_type and wanted.order_type.value,
        "of_user": wanted.user_id,
        "of_token_in": wanted.token_in and str(wanted.token_in),
        "of_token_out": wanted.token_out and str(wanted.token_out),
        "since": wanted.since_ms,
        "until": wanted.until_ms,
    }
    pieces: list[_Piece] = [(name, (value,)) for name, value in asked.items() if value is not None]
    if wanted.search is not None:
        pieces.append(("of_search", (_uuid(wanted.search), wanted.search, wanted.search)))
    if wanted.cursor is not None:
        pieces.append(("after", _place(wanted.cursor)))
    return pieces


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _cursor(last: OrderSummary) -> str:
    place = last.accepted_at_ms.to_bytes(8, "big") + last.order.order_id.bytes
    return urlsafe_b64encode(place).decode()


def _place(cursor: str) -> tuple[int, UUID]:
    try:
        place = urlsafe_b64decode(cursor)
        return int.from_bytes(place[:8], "big", signed=True), UUID(bytes=place[8:])
    except ValueError:
        raise OrderRejected(
            RejectionReason.WRONG_TYPE,
            "cursor",
            "cursor must be the nextCursor of an earlier page.",
        ) from None
