"""A desk in memory behind the ports the API reads and writes through.

It stands for PostgreSQL in tests of translation and validation alone; nothing here says anything
about durability. Orders do not move by themselves: a test plays their story.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from uuid import UUID

from landfall.access import ApiKey
from landfall.core.errors import (
    OrderRejected,
    RejectionReason,
    Unavailable,
    VersionConflict,
)
from landfall.core.events import Event, OrderAccepted, Recorded
from landfall.core.execution import Execution, Status, summarize
from landfall.core.lifecycle.evolve import fold
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.order import Order
from landfall.core.values import SwapMode
from landfall.ports import (
    Acceptance,
    Claim,
    Interest,
    Load,
    MarketRecord,
    Next,
    OrderFilter,
    OrderPage,
    QueueStats,
    Redeemed,
    Reserved,
    Told,
    WorkerSeen,
)
from tests.api.stories import STARTED_MS


class Desk:
    """EventLog, Reader, Feed and Keys at once, over a dict of logs."""

    def __init__(self) -> None:
        self.logs: dict[UUID, tuple[Recorded, ...]] = {}
        self.keys: dict[str, ApiKey] = {}
        self.uses: list[str] = []
        self.tickets: dict[str, str | None] = {}
        self.down = False
        self.following = 0
        self.nobody_follows = asyncio.Event()
        self._changed = asyncio.Condition()
        self._commits: list[tuple[str, tuple[Recorded, ...]]] = []

    @property
    def _places(self) -> int:
        return len(self._commits)

    async def accept(self, order: Order) -> Acceptance:
        self._answer()
        for log in self.logs.values():
            known = fold(log).order
            if order.client_order_id is not None and known.client_order_id == order.client_order_id:
                if known.account != order.account:
                    continue
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
        owner = fold(log).order.account
        added = log[len(self.logs.get(order_id, ())) :]
        async with self._changed:
            self.logs[order_id] = tuple(log)
            for commit in _commits(added):
                self._commits.append((owner, commit))
            self._changed.notify_all()

    async def log(self, order_id: UUID) -> tuple[Recorded, ...]:
        self._answer()
        return self.logs.get(order_id, ())

    async def orders(self, wanted: OrderFilter) -> OrderPage:
        self._answer()
        found = [summarize(fold(log)) for log in reversed(self.logs.values())]
        kept = [
            each
            for each in found
            if (wanted.status is None or wanted.status is each.status)
            and (wanted.account is None or wanted.account == each.order.account)
            and wanted.search in (None, str(each.order.order_id), each.order.client_order_id)
        ]
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
            cancelled=done.count(Status.CANCELLED),
            started_last_minute=0,
            workers=1,
        )

    async def workers(self) -> tuple[WorkerSeen, ...]:
        self._answer()
        return ()

    async def reserved(self) -> tuple[Reserved, ...]:
        self._answer()
        found = []
        for log in self.logs.values():
            if (execution := fold(log)).status not in TERMINAL:
                order = execution.order
                fixed = order.amount if order.swap_mode is SwapMode.EXACT_IN else 0
                found.append(Reserved(token=order.token_in, orders=1, amount=fixed))
        return tuple(found)

    async def load(self, account: str, most: int) -> Load:
        self._answer()
        orders = [fold(log) for log in self.logs.values()]
        await asyncio.sleep(0.05)  # What a database answers was true when it looked.
        return Load(
            waiting=sum(each.status is Status.PENDING for each in orders),
            open_of_account=sum(
                each.status not in TERMINAL and each.order.account == account for each in orders
            ),
            active=10,
            ended=sum(each.status in TERMINAL for each in orders),
            workers=1,
        )

    async def market(self) -> MarketRecord:
        self._answer()
        return MarketRecord(attempts=0, venues=(), spreads=())

    async def standing(self, order_id: UUID) -> Claim | None:
        self._answer()
        return Claim(order_id, 0) if order_id in self.logs else None

    async def append(
        self,
        claim: Claim,
        execution: Execution,
        events: Sequence[Event],
        then: Next,
        earlier: Sequence[Recorded] = (),
    ) -> Execution:
        assert not earlier, "the API takes one step at a time"
        self._answer()
        if len(self.logs[claim.order_id]) != execution.version + 1:
            raise VersionConflict("somebody was faster")
        await self.play(claim.order_id, [[*events]])
        return fold(self.logs[claim.order_id])

    async def find(self, key_id: str) -> ApiKey | None:
        self._answer()
        return self.keys.get(key_id)

    async def used(self, key_id: str) -> None:
        self.uses.append(key_id)

    async def add_ticket(self, ticket: str, key_id: str | None, lifetime_ms: int) -> None:
        self._answer()
        self.tickets[ticket] = key_id

    async def redeem(self, ticket: str) -> Redeemed | None:
        self._answer()
        return Redeemed(self.tickets.pop(ticket)) if ticket in self.tickets else None

    async def now(self) -> str:
        return str(self._places)

    async def follow_all(
        self, account: str | None, after: str, interest: Interest
    ) -> AsyncGenerator[Sequence[Told], None]:
        place = int(after)
        while True:
            told = [
                Told(str(number), commit)
                for number, (owner, commit) in enumerate(self._commits[place:], place + 1)
                if account in (None, owner) and interest.wants(commit[0].order_id)
            ]
            place = len(self._commits)
            if told:
                yield told
            async with self._changed:
                while len(self._commits) <= place:
                    await self._changed.wait()

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


def _commits(log: Sequence[Recorded]) -> list[tuple[Recorded, ...]]:
    found: list[tuple[Recorded, ...]] = []
    commit: list[Recorded] = []
    for recorded in log:
        commit.append(recorded)
        if recorded.ends_commit:
            found.append(tuple(commit))
            commit = []
    return found
