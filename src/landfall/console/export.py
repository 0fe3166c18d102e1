"""Exports: a list of orders as CSV, streamed page by page, however long it is.

A browser downloads by URL, and a URL may hold no key. So a page is given a ticket that is good for
one download, and the key stays on this side.
"""

import csv
import io
import secrets
from collections.abc import AsyncIterator

from landfall.client import ClientError
from landfall.console.engine import Engine
from landfall.console.order_query import OrderQuery
from landfall.console.order_rows import EXPORTED, export_row

TICKETS_MAX = 100
LINES_AT_ONCE = 200


class Exports:
    """Downloads that were asked for and not begun yet."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[Engine, OrderQuery]] = {}

    def ticket(self, engine: Engine, query: OrderQuery) -> str:
        """A word that is good for one download of these orders."""
        while len(self._waiting) >= TICKETS_MAX:
            self._waiting.pop(next(iter(self._waiting)))
        ticket = secrets.token_urlsafe(24)
        self._waiting[ticket] = (engine, query)
        return ticket

    def take(self, ticket: str) -> AsyncIterator[str] | None:
        """The lines of the download; None if the ticket is none, or was used."""
        asked = self._waiting.pop(ticket, None)
        return None if asked is None else _lines(*asked)


async def _lines(engine: Engine, query: OrderQuery) -> AsyncIterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(EXPORTED)
    lines = 0
    try:
        async for order in query.all(engine.client):
            writer.writerow(export_row(order))
            lines += 1
            if lines % LINES_AT_ONCE == 0:
                yield _taken(buffer)
    except ClientError as error:
        # The download has begun, so its end is the only place left to say so.
        writer.writerow([f"The export is not complete: {error}"])
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
