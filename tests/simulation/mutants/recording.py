"""Mutants of the log and the queue: fences, versions, commits, leases.

Those named after statements break the tables as the SQL might be broken; that SQL and tables do the
same is the business of `test_tables`.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from landfall.core.errors import Unavailable, VersionConflict
from landfall.core.events import (
    Event,
)
from landfall.core.execution import Execution
from landfall.core.lifecycle.evolve import evolved, facts_after
from landfall.queue.worker import Worker
from landfall.store import event_log, session
from landfall.store.event_log import PostgresEventLog
from tests.simulation.mutants.tools import (
    Break,
    everywhere,
    replace_method,
)
from tests.simulation.tables import Tables


def append_without_fence(stack: ExitStack) -> None:
    def may_append(tables: Tables, order_id: Any, _: int, last_version: int) -> bool:
        shown = tables.executions.get(order_id)
        known = order_id in tables.jobs
        return known and shown is not None and shown["version"] == last_version

    stack.enter_context(patch.object(Tables, "_may_append", may_append))


def append_without_version(stack: ExitStack) -> None:
    def may_append(tables: Tables, order_id: Any, _: int, __: int) -> bool:
        return order_id in tables.jobs

    stack.enter_context(patch.object(Tables, "_may_append", may_append))
    stack.enter_context(patch.object(Tables, "_check", lambda *_: None))


def state_apart_from_event(stack: ExitStack) -> None:
    def make(record: Any) -> Any:
        def in_two(tables: Tables, place: int, append: Any, row: Any, facts: Any) -> Any:
            shown = tables.executions[append[0]]
            before = dict(shown)
            recorded = record(tables, place, append, row, facts)
            # Died between the two, once in a while.
            if len(tables.commits) % 11 == 10:
                shown.update(before)
            return recorded

        return in_two

    replace_method(stack, Tables, "_record", make)


def lost_race_is_won(stack: ExitStack) -> None:
    def make(append: Any) -> Any:
        async def stubborn(
            log: Any, claim: Any, execution: Any, events: Any, then: Any, earlier: Any = ()
        ) -> Any:
            try:
                return await append(log, claim, execution, events, then, earlier)
            except VersionConflict:
                return _as_if_recorded(evolved(execution, earlier), events)

        return stubborn

    replace_method(stack, PostgresEventLog, "append", make)


def _as_if_recorded(execution: Execution, events: Sequence[Event]) -> Execution:
    return evolved(execution, facts_after(execution, events, execution.updated_at_ms))


def unknown_append_is_done(stack: ExitStack) -> None:

    def settled(append: Any, *_: object) -> int:
        return int(append.before.updated_at_ms)

    everywhere(stack, event_log._settled, settled)


def unknown_accept_is_not_done(stack: ExitStack) -> None:
    async def settle(log: Any, batch: Sequence[Any], _: object) -> list[Exception]:
        return [Unavailable("no answer") for _ in batch]

    stack.enter_context(patch.object(PostgresEventLog, "_settle_acceptances", settle))


def lost_session_lives_on(stack: ExitStack) -> None:
    async def end(*_: object) -> None:
        return None

    everywhere(stack, session.end, end)


def client_order_id_ignored(stack: ExitStack) -> None:
    def is_new(tables: Tables, order_id: Any, *_: object) -> bool:
        return order_id not in tables.orders

    stack.enter_context(patch.object(Tables, "_is_new", is_new))


def leases_never_end(stack: ExitStack) -> None:
    def make(claim: Any) -> Any:
        def forgiving(tables: Tables, *arguments: Any) -> Any:
            held = {k: j for k, j in tables.jobs.items() if j.lease_until is not None}
            for order_id in held:
                del tables.jobs[order_id]
            try:
                return claim(tables, *arguments)
            finally:
                tables.jobs.update(held)

        return forgiving

    replace_method(stack, Tables, "_claim", make)


def leases_not_renewed(stack: ExitStack) -> None:
    async def never(_: Worker) -> None:
        await asyncio.get_running_loop().create_future()

    stack.enter_context(patch.object(Worker, "_renew_for_ever", never))


RECORDING: Mapping[str, Break] = {
    "append looks at no fence": append_without_fence,
    "append looks at no version": append_without_version,
    "state and event in two commits": state_apart_from_event,
    "a lost race is taken for won": lost_race_is_won,
    "a commit of unknown outcome is taken for done": unknown_append_is_done,
    "an accept of unknown outcome is taken for not done": unknown_accept_is_not_done,
    "a lost session is not ended before its outcome is read": lost_session_lives_on,
    "a client's own order id is ignored": client_order_id_ignored,
    "leases never end": leases_never_end,
    "leases are not renewed": leases_not_renewed,
}
