"""The log of every order: the only writer of facts, and of what follows from them.

An append is one commit of facts, projection, job and a hint to listeners. Appends of different
orders share a commit; one that conflicts fails alone. A commit whose answer was lost is settled by
ending its session and reading the log: what is there happened. It can be read before a synchronous
replica has it, so nobody goes on with it before it is as safe as one that was answered.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import asyncpg

from landfall import observe
from landfall.batching import Batching
from landfall.core.errors import (
    OrderRejected,
    OutcomeUnknown,
    RejectionReason,
    Unavailable,
    VersionConflict,
)
from landfall.core.events import Event, OrderAccepted, Recorded
from landfall.core.execution import Execution
from landfall.core.lifecycle.evolve import evolved, facts_after, fold
from landfall.core.order import Order
from landfall.ports import Acceptance, Claim, Next
from landfall.statements import load_statements
from landfall.store.codec import encode, request_hash
from landfall.store.log_arguments import NewFacts, NewOrder, accept_arguments, append_arguments
from landfall.store.log_rows import read_logs
from landfall.store.session import LostSight, Refused, end, read, run

_SQL = load_statements("landfall.store.sql", "event_log.sql")

BATCH_MAX = 50
"""Half of what a busy worker has in hand: one half is made ready while the other is recorded."""

_ONE_ORDER_PER_SIGNATURE = "order_events_signature"
_NOW_MS = 2**63 - 1
"""Later than any clock says: the time of what happens by being recorded."""
_LANES = 2
_SETTLE_PAUSES_S = (0.0, 0.1, 0.2, 0.5, 1.0)


class PostgresEventLog:
    """The event log on PostgreSQL. Needs neither start nor stop.

    Args:
        pool: made by `store.connection.connect`.
        batch_max: the most orders in one commit.
    """

    def __init__(self, pool: asyncpg.Pool, batch_max: int = BATCH_MAX) -> None:
        self._pool = pool
        self._acceptances = Batching(self._accept_batch, batch_max=batch_max, lanes=_LANES)
        self._appends = Batching(self._append_batch, batch_max=batch_max, lanes=_LANES)
        self._loads = Batching(self._load_batch, batch_max=batch_max, lanes=_LANES)

    async def accept(self, order: Order) -> Acceptance:
        """Record the order's first fact and its job, once per account and client order id."""
        wanted = NewOrder(
            order=order,
            request_hash=request_hash(order),
            body=encode(order),
            fact=encode(OrderAccepted(order=order)),
        )
        accepted_at_ms = await self._acceptances.submit(wanted)
        if accepted_at_ms is None:
            return await self._accepted_before(wanted)
        first = Recorded(
            order_id=order.order_id,
            version=0,
            recorded_at_ms=accepted_at_ms,
            event=OrderAccepted(order=order),
            ends_commit=True,
        )
        return Acceptance(execution=fold([first]), replayed=False)

    async def load(self, order_id: UUID) -> tuple[Recorded, ...]:
        """The order's whole log; empty if there is no such order."""
        return await self._loads.submit(order_id)

    async def standing(self, order_id: UUID) -> Claim | None:
        """The claim under which an append would pass just now; None if the order has no job."""
        rows = await read(self._pool, _SQL["standing"], order_id)
        return Claim(order_id, rows[0]["fence"]) if rows else None

    async def append(
        self,
        claim: Claim,
        execution: Execution,
        events: Sequence[Event],
        then: Next,
        earlier: Sequence[Recorded] = (),
    ) -> Execution:
        """Record events that follow `execution` and `earlier`, with what becomes of the job."""
        assert events, "an append records at least one fact"
        # An illegal fact must be refused before it is written, not when it is read.
        before = evolved(execution, earlier)
        last = facts_after(before, events, _NOW_MS)
        after = evolved(before, last)
        facts = (*earlier, *last)
        recorded_at_ms = await self._appends.submit(
            NewFacts(
                claim=claim,
                before=execution,
                after=after,
                facts=facts,
                bodies=tuple(encode(fact.event) for fact in facts),
                then=then,
            )
        )
        return _recorded_at(execution, after, recorded_at_ms)

    async def _load_batch(self, order_ids: Sequence[UUID]) -> list[tuple[Recorded, ...]]:
        logs = await read_logs(self._pool, order_ids)
        return [logs.get(order_id, ()) for order_id in order_ids]

    async def _accept_batch(self, batch: Sequence[NewOrder]) -> list[int | Exception | None]:
        """When each order was accepted; None for one that was known before."""
        try:
            with _timed("accepted", len(batch)):
                records = await run(self._pool, _SQL["accept"], *accept_arguments(batch))
        except Refused as refused:
            if len(batch) == 1:
                return [refused]
            return [(await self._accept_batch([one]))[0] for one in batch]
        except LostSight as lost:
            return await self._settle_acceptances(batch, lost)
        accepted = {record["order_id"]: record["accepted_at_ms"] for record in records}
        # An id that is twice in one batch was accepted once.
        return [accepted.pop(wanted.order.order_id, None) for wanted in batch]

    async def _settle_acceptances(
        self, batch: Sequence[NewOrder], lost: LostSight
    ) -> list[int | Exception | None]:
        logs = await self._logs_after(lost, [wanted.order.order_id for wanted in batch])
        unavailable = Unavailable(f"the order was not accepted: {lost}")
        results: list[int | Exception | None] = []
        for wanted in batch:
            log = logs.get(wanted.order.order_id)
            ours = log and log[0].event == OrderAccepted(order=wanted.order)
            results.append(log[0].recorded_at_ms if log and ours else unavailable)
        return results

    async def _accepted_before(self, wanted: NewOrder) -> Acceptance:
        """The earlier order that `wanted` turned out to be."""
        order = wanted.order
        records = await read(
            self._pool,
            _SQL["accepted_before"],
            [order.order_id],
            [order.account],
            [order.client_order_id],
        )
        if not records:
            raise Unavailable("an earlier order is not visible yet")
        earlier = records[0]
        if earlier["request_hash"] != wanted.request_hash:
            raise OrderRejected(
                RejectionReason.IDEMPOTENCY_CONFLICT,
                "clientOrderId",
                f"Order {earlier['order_id']} has this clientOrderId and asks something else; "
                "use a new clientOrderId for a new order.",
            )
        await self._safe()
        return Acceptance(execution=fold(await self.load(earlier["order_id"])), replayed=True)

    async def _append_batch(self, batch: Sequence[NewFacts]) -> list[int | Exception]:
        """When each append was recorded."""
        try:
            with _timed("moved", len(batch)):
                records = await run(self._pool, _SQL["append"], *append_arguments(batch))
        except Refused as refused:
            if len(batch) == 1:
                return [_why(refused)]
            return [(await self._append_batch([one]))[0] for one in batch]
        except LostSight as lost:
            return await self._settle_appends(batch, lost)
        recorded = {record["place"]: record["recorded_at_ms"] for record in records}
        return [
            recorded.get(place) or _conflict(append) for place, append in enumerate(batch, start=1)
        ]

    async def _settle_appends(
        self, batch: Sequence[NewFacts], lost: LostSight
    ) -> list[int | Exception]:
        logs = await self._logs_after(lost, [append.claim.order_id for append in batch])
        return [_settled(append, logs.get(append.claim.order_id, ()), lost) for append in batch]

    async def _logs_after(
        self, lost: LostSight, order_ids: Sequence[UUID]
    ) -> Mapping[UUID, tuple[Recorded, ...]]:
        """The logs as they are once a lost commit has surely happened or surely not."""
        for pause_s in _SETTLE_PAUSES_S:
            await asyncio.sleep(pause_s)
            try:
                await end(self._pool, lost.session)
                logs = await read_logs(self._pool, order_ids)
                if logs:
                    await self._safe()
                return logs
            except Unavailable:
                continue
        raise OutcomeUnknown(f"the commit may have happened: {lost}") from lost

    async def _safe(self) -> None:
        """Return once whatever can be read now is as safe as a commit that was answered.

        Raises:
            Unavailable: the database, or a replica that it waits for, does not answer.
        """
        await read(self._pool, _SQL["make_safe"])


@contextmanager
def _timed(kind: str, orders: int) -> Iterator[None]:
    """Tell of a commit and how long it took; of one that failed, nothing."""
    began = time.perf_counter()
    yield
    observe.committed(kind, orders, (time.perf_counter() - began) * 1000)


def _settled(append: NewFacts, log: Sequence[Recorded], lost: LostSight) -> int | Exception:
    """What the log says about an append whose answer was lost; nothing of it can still come."""
    found = log[append.before.version + 1 :]
    if not found:
        return Unavailable(f"the facts are not on record: {lost}")
    ours = [(fact.event, fact.ends_commit) for fact in append.facts]
    if [(fact.event, fact.ends_commit) for fact in found[: len(ours)]] == ours:
        return found[len(ours) - 1].recorded_at_ms
    return _conflict(append)


def _why(refused: Refused) -> Exception:
    """What a refused append means.

    Two orders that ask the same may come to the same bytes. The ledger would take those once, so
    one of the two has to sign again, and under a newer blockhash its bytes will be its own.
    """
    if refused.constraint == _ONE_ORDER_PER_SIGNATURE:
        return Unavailable("another order has signed the same bytes")
    return refused


def _conflict(append: NewFacts) -> VersionConflict:
    return VersionConflict(
        f"order {append.claim.order_id}: version {append.before.version} is not the last, "
        f"or fence {append.claim.fence} is old"
    )


def _recorded_at(before: Execution, after: Execution, recorded_at_ms: int) -> Execution:
    """The Execution after a commit, now that its time is known: what the log folds to.

    Folding the commit a second time would say the same, at the price of a fifth of an append.
    """
    attempts = after.attempts
    if len(attempts) > len(before.attempts):
        started_at_ms = min(after.attempt.started_at_ms, recorded_at_ms)
        attempts = (*attempts[:-1], replace(after.attempt, started_at_ms=started_at_ms))
    return replace(after, updated_at_ms=recorded_at_ms, attempts=attempts)
