"""The tables in memory do what PostgreSQL does: the same cases on both, and the same chance walk.

What runs is the real log and the real queue; only what is under them differs. Whatever these see
alike, the simulation may take for the real thing.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import pytest

from landfall.core.errors import (
    LandfallError,
    OrderRejected,
    Unavailable,
    VersionConflict,
)
from landfall.core.events import Event, Recorded
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.evolve import evolved, facts_after, fold
from landfall.core.values import BaseUnits, Signature
from landfall.ports import Claim, Finished, Held, Next, RunAfter
from landfall.queue.postgres import PostgresQueue
from landfall.store.event_log import PostgresEventLog
from tests.simulation.mutants import broken
from tests.simulation.tables import SHOWN, STATEMENTS, Tables
from tests.simulation.virtual_time import NotSimulated
from tests.store.stories import (
    confirmed,
    given_up,
    new_order,
    routing_started,
    signed,
    to_confirmed,
)

LEASE_MS = 60_000
SHORT_MS = 40


class Deaf:
    """Notifications that never come."""

    def subscribe(self, channel: str, hear: Any) -> None:
        return None


class TablesPool:
    """The tables as a pool of connections that never break."""

    def __init__(self, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self.tables = Tables(now_ms, lambda *_: None)

    async def acquire(self) -> "TablesPool":
        return self

    async def release(self, _: object) -> None:
        return None

    def get_server_pid(self) -> int:
        return 1

    async def fetch(self, statement: str, *arguments: Any) -> Any:
        return self.tables.perform(statement, arguments)


@pytest.fixture(params=["PostgreSQL", "tables"])
def database(request: pytest.FixtureRequest) -> Any:
    """Either of the two."""
    return request.getfixturevalue("pool") if request.param == "PostgreSQL" else TablesPool()


@pytest.fixture
def log(database: Any) -> PostgresEventLog:
    return PostgresEventLog(database)


@pytest.fixture
def queue(database: Any) -> PostgresQueue:
    return a_queue(database)


def a_queue(database: Any, lease_ms: int = LEASE_MS) -> PostgresQueue:
    return PostgresQueue(
        database, Deaf(), worker="test", lease_ms=lease_ms, starts_per_minute_max=0
    )


async def accepted(log: PostgresEventLog, **changes: object) -> Execution:
    return (await log.accept(new_order(**changes))).execution


async def live(
    log: PostgresEventLog, claim: Claim, execution: Execution, commits: Sequence[Sequence[Event]]
) -> Execution:
    for events in commits:
        execution = await log.append(claim, execution, events, Held.HELD)
    return execution


async def begun(log: PostgresEventLog, queue: PostgresQueue) -> tuple[Claim, Execution]:
    execution = await accepted(log)
    (claim,) = await queue.claim(1)
    return claim, execution


async def test_what_is_recorded_is_what_is_read(log: Any, queue: Any) -> None:
    claim, execution = await begun(log, queue)
    execution = await live(log, claim, execution, to_confirmed())
    assert execution.status is Status.CONFIRMED
    assert fold(await log.load(execution.order.order_id)) == execution


async def test_a_commit_of_two_facts_ends_with_the_second(log: Any, queue: Any) -> None:
    claim, execution = await begun(log, queue)
    await live(log, claim, execution, [(routing_started(),), given_up()])
    recorded = await log.load(execution.order.order_id)
    assert [fact.ends_commit for fact in recorded] == [True, True, False, True]


async def test_earlier_steps_keep_their_own_ends_and_times(log: Any, queue: Any) -> None:
    claim, execution = await begun(log, queue)
    *before, last = to_confirmed()[:3]
    earlier: tuple[Recorded, ...] = ()
    for events in before:
        earlier += facts_after(evolved(execution, earlier), events, execution.accepted_at_ms)
    after = await log.append(claim, execution, last, Held.HELD, earlier)
    recorded = await log.load(execution.order.order_id)
    assert [fact.ends_commit for fact in recorded] == [True] * 4
    assert {fact.recorded_at_ms for fact in recorded[:3]} == {execution.accepted_at_ms}
    assert fold(recorded) == after


async def test_an_unknown_order_has_no_log_and_no_claim(log: Any) -> None:
    unknown = new_order().order_id
    assert await log.load(unknown) == ()
    assert await log.standing(unknown) is None


async def test_the_same_request_again_is_the_same_order(log: Any) -> None:
    first = await log.accept(new_order(client_order_id="a"))
    again = await log.accept(new_order(client_order_id="a"))
    assert (first.replayed, again.replayed) == (False, True)
    assert again.execution == first.execution
    assert (await log.accept(first.execution.order)).replayed


async def test_another_request_under_the_same_name_is_refused(log: Any) -> None:
    await accepted(log, client_order_id="a")
    with pytest.raises(OrderRejected):
        await accepted(log, client_order_id="a", amount=BaseUnits(1))
    await accepted(log, client_order_id="a", account="another")


async def test_a_stale_version_or_an_old_fence_records_nothing(log: Any, queue: Any) -> None:
    claim, execution = await begun(log, queue)
    await live(log, claim, execution, [(routing_started(),)])
    with pytest.raises(VersionConflict):
        await live(log, claim, execution, [(routing_started(),)])
    await queue.release(claim, 0)
    (newer,) = await queue.claim(1)
    moved = fold(await log.load(execution.order.order_id))
    with pytest.raises(VersionConflict):
        await live(log, claim, moved, [given_up()])
    await live(log, newer, moved, [given_up()])
    assert await log.standing(execution.order.order_id) == newer


async def test_a_signature_belongs_to_one_order(log: Any, queue: Any) -> None:
    same = Signature(b"\7" * 64)
    executions = []
    for _ in range(2):
        claim, execution = await begun(log, queue)
        executions.append((claim, await live(log, claim, execution, to_confirmed()[:2])))
    (first, one), (second, other) = executions
    await live(log, first, one, [(signed(signature=same),)])
    with pytest.raises(Unavailable, match="same bytes"):
        await live(log, second, other, [(signed(signature=same),)])
    assert len(await log.load(other.order.order_id)) == 3


async def test_in_a_batch_what_is_refused_is_refused_alone(log: Any, queue: Any) -> None:
    for _ in range(6):
        await accepted(log)
    claims = await queue.claim(6)
    executions = [fold(await log.load(claim.order_id)) for claim in claims]
    await live(log, claims[0], executions[0], [(routing_started(),)])
    results = await asyncio.gather(
        *(
            log.append(claim, execution, (routing_started(),), Held.HELD)
            for claim, execution in zip(claims, executions, strict=True)
        ),
        return_exceptions=True,
    )
    assert [isinstance(result, VersionConflict) for result in results] == [True] + [False] * 5


async def test_a_fenced_lease_is_neither_renewed_nor_given_back(log: Any, queue: Any) -> None:
    claim, _ = await begun(log, queue)
    assert await queue.renew([claim]) == (claim,)
    await queue.release(claim, 0)
    assert await queue.renew([claim]) == ()
    (newer,) = await queue.claim(1)
    await queue.release(claim, 0)
    assert await queue.claim(1) == ()
    assert await queue.renew([claim, newer]) == (newer,)


async def test_a_lease_that_ends_is_taken_over(log: Any, database: Any) -> None:
    short, other = a_queue(database, SHORT_MS), a_queue(database)
    claim, _ = await begun(log, short)
    assert await other.claim(1) == ()
    await asyncio.wait_for(other.wait(10_000), 5)
    (taken,) = await other.claim(1)
    assert (taken.order_id, taken.fence) == (claim.order_id, claim.fence + 1)


async def test_what_becomes_of_the_job_is_part_of_the_commit(log: Any, queue: Any) -> None:
    claim, execution = await begun(log, queue)
    execution = await log.append(claim, execution, (routing_started(),), RunAfter(SHORT_MS))
    assert await queue.claim(1) == ()
    await asyncio.wait_for(queue.wait(10_000), 5)
    (claim,) = await queue.claim(1)
    await log.append(claim, execution, given_up(), Finished.FINISHED)
    assert await log.standing(execution.order.order_id) is None
    assert await queue.renew([claim]) == ()


async def test_the_urgent_go_first_and_then_the_oldest(log: Any, queue: Any) -> None:
    low = await accepted(log)
    high = [await accepted(log, priority=9) for _ in range(2)]
    wanted = [each.order.order_id for each in (*high, low)]
    assert [claim.order_id for claim in await queue.claim(2)] == wanted[:2]
    assert [claim.order_id for claim in await queue.claim(2)] == wanted[2:]


# ── A walk by chance ─────────────────────────────────────────────────────────────────────────────


class Walk:
    """Operations drawn by chance, with what each came to. Ids are told by the order of their
    making, and nothing depends on how much time passes.
    """

    def __init__(self, chance: Random, log: PostgresEventLog, queue: PostgresQueue) -> None:
        self._chance = chance
        self._log = log
        self._queue = queue
        self._orders: list[UUID] = []
        self._claims: list[Claim] = []
        self._seen: dict[UUID, list[Execution]] = {}
        self.told: list[object] = []

    async def step(self) -> None:
        """One operation."""
        doing = self._chance.choice(
            (self._accept, self._claim, self._append, self._append, self._append, self._renew,
             self._release, self._load)
        )  # fmt: skip
        try:
            self.told.append((doing.__name__, await doing()))
        except LandfallError as error:
            self.told.append((doing.__name__, type(error).__name__))

    async def _accept(self) -> object:
        name = f"name-{self._chance.randrange(6)}" if self._chance.random() < 0.5 else None
        amount = BaseUnits(self._chance.choice((1, 2)))
        priority = self._chance.randrange(3)
        order = new_order(client_order_id=name, amount=amount, priority=priority)
        acceptance = await self._log.accept(order)
        order_id = acceptance.execution.order.order_id
        if order_id not in self._seen:
            self._orders.append(order_id)
            self._seen[order_id] = [acceptance.execution]
        return acceptance.replayed, self._orders.index(order_id)

    async def _claim(self) -> object:
        claims = await self._queue.claim(self._chance.randrange(1, 4))
        self._claims += claims
        return [self._name(claim) for claim in claims]

    async def _append(self) -> object:
        if not self._claims:
            return None
        claim = self._chance.choice(self._claims[-6:])
        execution = self._chance.choice(self._seen[claim.order_id][-2:])
        attempt = len(execution.attempts)
        choices: list[tuple[Event, ...]] = [
            (routing_started(attempt + 1),),
            (to_confirmed()[1][0],),
            (signed(attempt, Signature(bytes([self._chance.randrange(9)]) * 64)),),
            (confirmed(attempt),),
            tuple(given_up(attempt)),
        ]
        then: tuple[Next, ...] = (Held.HELD, Held.HELD, RunAfter(0), Finished.FINISHED)
        after = await self._log.append(
            claim, execution, self._chance.choice(choices), self._chance.choice(then)
        )
        self._seen[claim.order_id].append(after)
        return self._name(claim), after.version, after.status

    async def _renew(self) -> object:
        return [self._name(claim) for claim in await self._queue.renew(self._claims[-5:])]

    async def _release(self) -> object:
        if self._claims:
            await self._queue.release(self._chance.choice(self._claims[-5:]), 0)
        return None

    async def _load(self) -> object:
        if not self._orders:
            return None
        log = await self._log.load(self._chance.choice(self._orders))
        return [(each.version, type(each.event).__name__, each.ends_commit) for each in log]

    def _name(self, claim: Claim) -> tuple[int, int]:
        return self._orders.index(claim.order_id), claim.fence


async def walk(seed: int, database: Any, pause_s: float) -> list[object]:
    """What a walk of this seed is told."""
    walking = Walk(Random(seed), PostgresEventLog(database), a_queue(database))
    for _ in range(150):
        await walking.step()
        # Instants are milliseconds; what was given back is due in the next.
        await asyncio.sleep(pause_s)
    return walking.told


@pytest.mark.parametrize("seed", range(5))
async def test_by_chance_both_tell_the_same(seed: int, pool: Any) -> None:
    one, other = await walk(seed, pool, 0.001), await walk(seed, TablesPool(), 0.001)
    for mine, its in zip(one, other, strict=True):
        assert mine == its
    assert len({str(told) for told in one}) > 30


@pytest.mark.parametrize(
    "name",
    [
        "append looks at no fence",
        "append looks at no version",
        "a client's own order id is ignored",
    ],
)
async def test_tables_that_break_a_rule_are_told_apart(name: str) -> None:
    differs = False
    for seed in range(5):
        told = [await walk(seed, TablesPool(count(1, 20).__next__), 0)]
        with broken(name):
            told.append(await walk(seed, TablesPool(count(1, 20).__next__), 0))
        differs = differs or told[0] != told[1]
    assert differs


# ── What keeps the two together ──────────────────────────────────────────────────────────────────


def test_a_statement_that_is_not_followed_up_is_an_error() -> None:
    text = next(iter(STATEMENTS))
    with pytest.raises(NotSimulated):
        TablesPool().tables.perform(text + " -- changed", ())


async def test_the_row_has_the_columns_of_the_table(pool: Any) -> None:
    columns = await pool.fetch(
        "select column_name from information_schema.columns where table_name = 'executions'"
    )
    assert set(SHOWN) <= {row["column_name"] for row in columns}
