"""A desk in memory behind the ports the API reads and writes through.

It stands for PostgreSQL in tests of translation and validation alone; nothing here says anything
about durability. Orders do not move by themselves: a test plays their story.
"""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

from landfall.core.errors import OrderRejected, RejectionReason, Unavailable
from landfall.core.events import Event, OrderAccepted, Recorded
from landfall.core.execution import Status, summarize
from landfall.core.lifecycle.evolve import fold
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.order import Order
from landfall.ports import Acceptance, OrderFilter, OrderPage, QueueStats
from tests.api.stories import STARTED_MS


class Desk:
    """EventLog, Reader and Feed at once, over a dict of logs."""

    def __init__(self) -> None:
        self.logs: dict[UUID, tuple[Recorded, ...]] = {}
        self.down = False
        self.following = 0
        self.nobody_follows = asyncio.Event()
        self._changed = asyncio.Condition()

    async def accept(self, order: Order) -> Acceptance:
        self._answer()
        for log in self.logs.values():
            known = fold(log).order
            if order.client_order_id is not None and known.client_order_id == order.client_order_id:
                if (known.amount, known.token_in, known.token_out) != (
                    order.amount,
                    order.token_in,
                    order.token_out,
                ):
                    raise OrderRejected(
                        RejectionReason.IDEMPOTENCY_CONFLICT, "clientOrderId", "Used already."
                    )
                return Acceptance(fold(log), replayed=True)
        await self.play(order.order_id, [[OrderAccepted(order=order)]])
        return Acceptance(fold(self.logs[order.order_id]), replayed=False)

    async def play(self, order_id: UUID, story: list[list[Event]]) -> None:
        """Append these commits to an order's log."""
        log = list(self.logs.get(order_id, ()))
        for commit in story:
            for event in commit:
                log.append(
                    Recorded(
                        order_id=order_id,
                        version=len(log),
                        recorded_at_ms=STARTED_MS + 10 * len(log),
                        event=event,
                        ends_commit=event is commit[-1],
                    )
                )
        async with self._changed:
            self.logs[order_id] = tuple(log)
            self._changed.notify_all()

    async def log(self, order_id: UUID) -> tuple[Recorded, ...]:
        self._answer()
        return self.logs.get(order_id, ())

    async def orders(self, wanted: OrderFilter) -> OrderPage:
        self._answer()
        found = [summarize(fold(log)) for log in reversed(self.logs.values())]
        kept = [each for each in found if wanted.status in (None, each.status)]
        return OrderPage(
            orders=tuple(kept[wanted.offset : wanted.offset + wanted.limit]), next_cursor=None
        )

    async def stats(self) -> QueueStats:
        self._answer()
        done = [fold(log).status for log in self.logs.values()]
        return QueueStats(
            waiting=done.count(Status.PENDING),
            active=0,
            delayed=0,
            completed=done.count(Status.CONFIRMED),
            failed=done.count(Status.FAILED),
            started_last_minute=0,
        )

    async def ping(self) -> None:
        self._answer()

    async def follow(
        self, order_id: UUID, after: int
    ) -> AsyncGenerator[tuple[Recorded, ...], None]:
        self.following += 1
        self.nobody_follows.clear()
        try:
            while True:
                log = self.logs[order_id]
                commit: list[Recorded] = []
                for recorded in log:
                    commit.append(recorded)
                    if recorded.ends_commit:
                        if recorded.version > after:
                            after = recorded.version
                            yield tuple(commit)
                        commit = []
                if fold(log).status in TERMINAL:
                    return
                async with self._changed:
                    while len(self.logs[order_id]) <= after + 1:
                        await self._changed.wait()
        finally:
            self.following -= 1
            if not self.following:
                self.nobody_follows.set()

    def _answer(self) -> None:
        if self.down:
            raise Unavailable("the database does not answer")
