"""Rows of the log as `Recorded` facts."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import asyncpg

from landfall.core.events import Recorded
from landfall.statements import load_statements
from landfall.store.codec import decode_event
from landfall.store.session import read

_LOAD = load_statements("landfall.store.sql", "event_log.sql")["load"]


async def read_log(pool: asyncpg.Pool, order_id: UUID) -> tuple[Recorded, ...]:
    """One order's whole log; empty if there is no such order."""
    return (await read_logs(pool, [order_id])).get(order_id, ())


async def read_logs(
    pool: asyncpg.Pool, order_ids: Sequence[UUID]
) -> Mapping[UUID, tuple[Recorded, ...]]:
    """The whole logs of some orders; an order without one is missing.

    Raises:
        Unavailable: the database did not answer.
        InvariantViolation: a fact that cannot be read.
    """
    logs: dict[UUID, list[Recorded]] = {}
    for fact in facts(await read(pool, _LOAD, order_ids)):
        logs.setdefault(fact.order_id, []).append(fact)
    return {order_id: tuple(log) for order_id, log in logs.items()}


def facts(rows: Iterable[asyncpg.Record]) -> Iterable[Recorded]:
    """The fact in each row of `order_events`."""
    for row in rows:
        yield Recorded(
            order_id=row["order_id"],
            version=row["version"],
            recorded_at_ms=row["recorded_at_ms"],
            event=decode_event(row["kind"], row["body"]),
            ends_commit=row["ends_commit"],
        )
