"""The log against a real PostgreSQL."""

import asyncio
import time
from uuid import uuid4

import asyncpg
import pytest

from landfall.core.errors import (
    InvariantViolation,
    NoRoom,
    OrderRejected,
    OutcomeUnknown,
    RejectionReason,
    Unavailable,
    VersionConflict,
)
from landfall.core.events import RouteSelected
from landfall.core.execution import Status, summarize
from landfall.core.lifecycle.evolve import evolved, facts_after, fold
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.values import BaseUnits, Signature
from landfall.ports import Claim, Finished, Held, RunAfter
from landfall.store import event_log
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from landfall.store.projection import summary
from tests.store.stories import (
    confirmed,
    given_up,
    new_order,
    routing_started,
    signed,
    to_confirmed,
    unknown_order,
)


@pytest.fixture
def log(pool):
    return PostgresEventLog(pool)


async def accepted(log, **changes):
    return (await log.accept(new_order(**changes))).execution


def first_claim(execution):
    return Claim(execution.order.order_id, 0)


async def live(log, execution, commits):
    for events in commits:
        execution = await log.append(first_claim(execution), execution, events, Held.HELD)
    return execution


async def until(pool, statement):
    """Wait until the database says so."""
    async with asyncio.timeout(10):
        while not (answer := await pool.fetchval(statement)):
            await asyncio.sleep(0.01)
    return answer


async def job(pool, execution):
    return await pool.fetchrow(
        "select *, run_at - clock_timestamp() as due_in from jobs where order_id = $1",
        execution.order.order_id,
    )


# ── Appending ────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_appended_is_what_is_loaded(log):
    execution = await accepted(log)
    execution = await live(log, execution, to_confirmed())
    assert execution.status is Status.CONFIRMED
    assert fold(await log.load(execution.order.order_id)) == execution


async def test_events_of_one_append_share_a_commit_and_only_the_last_ends_it(log):
    execution = await live(log, await accepted(log), [(routing_started(),), given_up()])
    recorded = await log.load(execution.order.order_id)
    assert [fact.ends_commit for fact in recorded] == [True, True, False, True]
    assert recorded[2].recorded_at_ms == recorded[3].recorded_at_ms


def taken_before(execution, *steps, ago_ms=0):
    """Facts of steps that followed `execution`, as a worker keeps them, and what they led to."""
    facts = ()
    for events in steps:
        at_ms = max(execution.updated_at_ms, time.time_ns() // 1_000_000 - ago_ms)
        facts += facts_after(execution, events, at_ms)
        execution = evolved(execution, facts[-len(events) :])
    return facts


async def test_earlier_steps_share_the_commit_and_each_ends_for_itself(log):
    execution = await accepted(log)
    *before, last = to_confirmed()[:3]
    earlier = taken_before(execution, *before)
    after = await log.append(first_claim(execution), execution, last, Held.HELD, earlier)
    recorded = await log.load(execution.order.order_id)
    assert [fact.ends_commit for fact in recorded] == [True] * 4
    assert [fact.event for fact in recorded[1:-1]] == [fact.event for fact in earlier]
    assert after.status is Status.SUBMITTED
    assert fold(recorded) == after


async def test_earlier_steps_keep_their_times_and_none_is_later_than_the_database_says(log):
    for ago_ms, kept in ((-3_600_000, False), (0, True)):
        execution = await accepted(log)
        await asyncio.sleep(0.02)
        earlier = taken_before(execution, (routing_started(),), ago_ms=ago_ms)
        await asyncio.sleep(0.02)
        after = await log.append(
            first_claim(execution), execution, to_confirmed()[1], Held.HELD, earlier
        )
        _, first, second = await log.load(execution.order.order_id)
        assert fold(await log.load(execution.order.order_id)) == after
        assert (first.recorded_at_ms == earlier[0].recorded_at_ms) == kept
        assert (first.recorded_at_ms < second.recorded_at_ms) == kept


async def test_earlier_steps_are_as_stale_as_what_follows_them(log):
    stale = await accepted(log)
    earlier = taken_before(stale, (routing_started(),))
    await live(log, stale, [(routing_started(),)])
    with pytest.raises(VersionConflict):
        await log.append(first_claim(stale), stale, to_confirmed()[1], Held.HELD, earlier)
    assert len(await log.load(stale.order.order_id)) == 2


async def test_an_order_that_does_not_exist_has_an_empty_log(log):
    assert await log.load(unknown_order()) == ()


async def test_an_illegal_fact_is_refused_before_it_is_written(log):
    execution = await accepted(log)
    with pytest.raises(InvariantViolation):
        await log.append(first_claim(execution), execution, (confirmed(),), Held.HELD)
    assert len(await log.load(execution.order.order_id)) == 1


async def test_a_stale_worker_one_attempt_behind_cannot_append(log):
    stale = await accepted(log)
    await live(log, stale, [(routing_started(),)])
    with pytest.raises(VersionConflict):
        await log.append(first_claim(stale), stale, (routing_started(),), Held.HELD)
    assert len(await log.load(stale.order.order_id)) == 2


async def test_an_append_under_an_old_fence_is_refused(log, pool):
    execution = await accepted(log)
    await pool.execute("update jobs set fence = 2")
    with pytest.raises(VersionConflict):
        await log.append(
            Claim(execution.order.order_id, 1), execution, (routing_started(),), Held.HELD
        )
    assert len(await log.load(execution.order.order_id)) == 1


async def test_of_many_workers_on_one_order_exactly_one_records_what_comes_next(log, pool):
    execution = await accepted(log)
    other = PostgresEventLog(pool)
    results = await asyncio.gather(
        *(
            each.append(first_claim(execution), execution, (routing_started(),), Held.HELD)
            for each in [log, other] * 10
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, VersionConflict) for result in results) == 19
    assert len(await log.load(execution.order.order_id)) == 2


async def test_conflicts_in_a_batch_fail_alone(log, pool):
    executions = [await accepted(log) for _ in range(30)]
    for taken in executions[::3]:
        await live(log, taken, [(routing_started(),)])
    fences = [1 if number % 3 == 1 else 0 for number in range(30)]
    results = await asyncio.gather(
        *(
            log.append(
                Claim(execution.order.order_id, fence), execution, (routing_started(),), Held.HELD
            )
            for execution, fence in zip(executions, fences, strict=True)
        ),
        return_exceptions=True,
    )
    for number, result in enumerate(results):
        assert isinstance(result, VersionConflict) == (number % 3 != 2)


async def test_nothing_is_signed_in_a_database_that_may_have_forgotten_a_signature(log, pool):
    """A worker that stood still through a fail-over holds a claim that its database knows."""
    execution = await live(log, await accepted(log), to_confirmed()[:2])
    await pool.execute("insert into cleared_lineage (lineage) values ('the server before')")
    with pytest.raises(VersionConflict):
        await log.append(first_claim(execution), execution, (signed(),), Held.HELD)
    assert fold(await log.load(execution.order.order_id)) == execution
    await pool.execute("update cleared_lineage set lineage = current_lineage()")
    await log.append(first_claim(execution), execution, (signed(),), Held.HELD)


async def test_of_two_orders_that_signed_the_same_bytes_one_has_to_sign_again(log):
    """The ledger would take the bytes once. The others of the batch must not suffer from it."""
    before = [await live(log, await accepted(log), to_confirmed()[:2]) for _ in range(10)]
    same = Signature(uuid4().bytes * 4)
    results = await asyncio.gather(
        *(
            log.append(
                first_claim(execution),
                execution,
                (signed(signature=same if number < 2 else None),),
                Held.HELD,
            )
            for number, execution in enumerate(before)
        ),
        return_exceptions=True,
    )
    (refused,) = (result for result in results[:2] if isinstance(result, Exception))
    assert isinstance(refused, Unavailable)
    assert all(result.status is Status.SUBMITTED for result in results[2:])

    execution = before[results.index(refused)]
    assert fold(await log.load(execution.order.order_id)).status is Status.BUILDING
    again = await log.append(first_claim(execution), execution, (signed(),), Held.HELD)
    assert again.status is Status.SUBMITTED


async def test_a_broken_rule_in_a_batch_fails_alone(log, pool):
    """What the database refuses is a bug, and needs a human; but not for the others."""
    before = [await live(log, await accepted(log), to_confirmed()[:2]) for _ in range(4)]
    await pool.execute(
        "alter table order_events add constraint one_is_bad check (order_id::text <> "
        f"'{before[0].order.order_id}' or kind <> 'TransactionSigned')"
    )
    results = await asyncio.gather(
        *(
            log.append(first_claim(execution), execution, (signed(),), Held.HELD)
            for execution in before
        ),
        return_exceptions=True,
    )
    assert isinstance(results[0], InvariantViolation)
    assert all(result.status is Status.SUBMITTED for result in results[1:])


async def test_a_thousand_orders_live_together(log, pool):
    async def whole_life(number):
        execution = await accepted(log, client_order_id=str(number))
        return await live(log, execution, to_confirmed())

    executions = await asyncio.gather(*(whole_life(number) for number in range(1000)))
    assert all(execution.status is Status.CONFIRMED for execution in executions)
    assert await pool.fetchval("select count(*) from order_events") == 6_000
    assert await pool.fetchval("select sum(orders) from outcomes") == 1_000


async def test_time_never_runs_backwards_in_a_log(log, pool):
    execution = await accepted(log)
    future = execution.accepted_at_ms + 3_600_000
    await pool.execute("update executions set updated_at_ms = $1", future)
    execution = await live(log, execution, [(routing_started(),)])
    assert execution.updated_at_ms == future


# ── The job, changed in the same commit ──────────────────────────────────────────────────────────


async def test_a_held_job_stays_as_it_is(log, pool):
    execution = await accepted(log)
    before = await job(pool, execution)
    await live(log, execution, [(routing_started(),)])
    after = await job(pool, execution)
    assert (after["run_at"], after["fence"]) == (before["run_at"], before["fence"])


async def test_a_job_to_run_later_is_given_back_with_its_delay(log, pool):
    execution = await accepted(log)
    await pool.execute("update jobs set lease_until = now() + interval '1 hour', worker = 'me'")
    await log.append(first_claim(execution), execution, (routing_started(),), RunAfter(3_600_000))
    given_back = await job(pool, execution)
    assert given_back["lease_until"] is None
    assert given_back["worker"] is None
    assert 3_500 < given_back["due_in"].total_seconds() <= 3_600


async def test_a_finished_job_is_gone_and_nothing_more_can_be_recorded(log, pool):
    execution = await live(log, await accepted(log), to_confirmed()[:4])
    (finalized,) = to_confirmed()[4:]
    await log.append(first_claim(execution), execution, finalized, Finished.FINISHED)
    assert await job(pool, execution) is None
    with pytest.raises(VersionConflict):
        await log.append(first_claim(execution), execution, finalized, Held.HELD)


async def test_a_refused_append_leaves_the_job_alone(log, pool):
    execution = await accepted(log)
    with pytest.raises(VersionConflict):
        await log.append(
            Claim(execution.order.order_id, 7), execution, (routing_started(),), RunAfter(1_000)
        )
    assert (await job(pool, execution))["due_in"].total_seconds() <= 0


# ── Accepting ────────────────────────────────────────────────────────────────────────────────────


async def test_an_accepted_order_is_pending_and_has_a_job(log, pool):
    acceptance = await log.accept(new_order(priority=7))
    assert not acceptance.replayed
    assert acceptance.execution.status is Status.PENDING
    assert (await job(pool, acceptance.execution))["priority"] == 7
    assert fold(await log.load(acceptance.execution.order.order_id)) == acceptance.execution


async def test_the_same_request_again_is_the_earlier_order(log, pool):
    first = await log.accept(new_order(client_order_id="a"))
    moved = await live(log, first.execution, [(routing_started(),)])
    again = await log.accept(new_order(client_order_id="a"))
    assert again.replayed
    assert again.execution == moved
    assert await pool.fetchval("select count(*) from jobs") == 1


async def test_the_same_order_id_again_is_the_earlier_order(log):
    order = new_order()
    await log.accept(order)
    again = await log.accept(order)
    assert again.replayed
    assert again.execution.order == order


@pytest.mark.parametrize(
    "change", [{"amount": BaseUnits(2)}, {"priority": 1}, {"user_id": "somebody"}]
)
async def test_another_request_under_a_known_client_order_id_is_refused(log, change):
    first = await log.accept(new_order(client_order_id="a"))
    with pytest.raises(OrderRejected) as caught:
        await log.accept(new_order(client_order_id="a", **change))
    assert caught.value.reason is RejectionReason.IDEMPOTENCY_CONFLICT
    assert str(first.execution.order.order_id) in caught.value.sentence


async def test_accounts_do_not_share_client_order_ids(log):
    one = await log.accept(new_order(client_order_id="a", account="one"))
    two = await log.accept(new_order(client_order_id="a", account="two"))
    assert not two.replayed
    assert one.execution.order.order_id != two.execution.order.order_id


async def test_concurrent_requests_with_one_client_order_id_make_one_order(log, pool):
    other = PostgresEventLog(pool)
    acceptances = await asyncio.gather(
        *(each.accept(new_order(client_order_id="a")) for each in [log, other] * 20)
    )
    assert sum(not acceptance.replayed for acceptance in acceptances) == 1
    assert len({acceptance.execution.order.order_id for acceptance in acceptances}) == 1
    assert await pool.fetchval("select count(*) from orders") == 1


async def test_an_order_the_database_refuses_fails_alone(log):
    """PostgreSQL takes no NUL in text."""
    results = await asyncio.gather(
        *(log.accept(new_order(client_order_id=text)) for text in ("a", "b\0", "c")),
        return_exceptions=True,
    )
    assert isinstance(results[1], InvariantViolation)
    assert [results[0].replayed, results[2].replayed] == [False, False]


# ── When the database goes away ──────────────────────────────────────────────────────────────────

KILL_OTHERS = (
    "select pg_terminate_backend(pid) from pg_stat_activity"
    " where pid <> pg_backend_pid() and datname = current_database()"
)


async def test_killed_connections_never_leave_a_doubt(log, pool, dsn):
    """Whatever moment a connection dies at, an append is on record or surely not."""
    executions = [await accepted(log) for _ in range(300)]
    stop, recorded = asyncio.Event(), asyncio.Event()

    async def kill():
        killer = await asyncpg.connect(dsn)
        while not stop.is_set():
            await killer.execute(KILL_OTHERS)
            await asyncio.sleep(0.1)
            # Where a machine is slow, a connection that never lives leaves doubts, and rightly so.
            recorded.clear()
            if not stop.is_set():
                await recorded.wait()
        await killer.close()

    async def whole_life(execution):
        failures = 0
        for events in to_confirmed():
            while True:
                try:
                    execution = await log.append(
                        first_claim(execution), execution, events, Held.HELD
                    )
                    recorded.set()
                    break
                except Unavailable:
                    failures += 1
                    await asyncio.sleep(0.001)
        return execution, failures

    killing = asyncio.create_task(kill())
    lives = await asyncio.gather(*(whole_life(execution) for execution in executions))
    stop.set()
    recorded.set()
    await killing
    assert sum(failures for _, failures in lives) > 0
    for execution, _ in lives:
        assert fold(await log.load(execution.order.order_id)) == execution


class LosesAnswers:
    """A pool whose connections lose the answer of the next statements they run."""

    def __init__(self, pool, before):
        self._pool = pool
        self._before = before
        self.losses = 0

    async def acquire(self):
        connection = await self._pool.acquire()
        return _Losing(connection, self) if self.losses else connection

    async def release(self, connection):
        await self._pool.release(getattr(connection, "connection", connection))


class _Losing:
    """One such connection."""

    def __init__(self, connection, owner):
        self.connection = connection
        self._owner = owner

    def get_server_pid(self):
        return self.connection.get_server_pid()

    def terminate(self):
        self.connection.terminate()

    async def fetch(self, *arguments):
        self._owner.losses -= 1
        if not self._owner._before:
            await self.connection.fetch(*arguments)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle")


async def test_an_append_whose_answer_was_lost_is_found_in_the_log(pool):
    losing = LosesAnswers(pool, before=False)
    log = PostgresEventLog(losing)
    execution = await accepted(log)
    losing.losses = 1
    execution = await log.append(first_claim(execution), execution, (routing_started(),), Held.HELD)
    assert fold(await log.load(execution.order.order_id)) == execution


async def test_an_append_that_never_arrived_is_unavailable(pool):
    losing = LosesAnswers(pool, before=True)
    log = PostgresEventLog(losing)
    execution = await accepted(log)
    losing.losses = 1
    with pytest.raises(Unavailable):
        await log.append(first_claim(execution), execution, (routing_started(),), Held.HELD)
    assert len(await log.load(execution.order.order_id)) == 1


async def test_a_lost_answer_with_another_workers_facts_on_record_is_a_conflict(pool):
    losing = LosesAnswers(pool, before=True)
    log = PostgresEventLog(losing)
    stale = await live(log, await accepted(log), [(routing_started(),)])
    selected = RouteSelected(attempt=1, route=to_confirmed()[1][0].route, reason="another reason")
    await live(log, stale, [(selected,)])
    losing.losses = 1
    with pytest.raises(VersionConflict):
        await log.append(first_claim(stale), stale, to_confirmed()[1], Held.HELD)


async def test_a_lost_answer_that_cannot_be_settled_is_unknown(pool, monkeypatch):
    monkeypatch.setattr(event_log, "_SETTLE_PAUSES_S", (0.0, 0.0))
    losing = LosesAnswers(pool, before=False)
    log = PostgresEventLog(losing)
    execution = await accepted(log)
    losing.losses = 100
    with pytest.raises(OutcomeUnknown):
        await log.append(first_claim(execution), execution, (routing_started(),), Held.HELD)
    losing.losses = 100
    with pytest.raises(OutcomeUnknown):
        await log.accept(new_order())


async def test_an_acceptance_whose_answer_was_lost_is_found_in_the_log(pool):
    losing = LosesAnswers(pool, before=False)
    log = PostgresEventLog(losing)
    losing.losses = 1
    acceptance = await log.accept(new_order())
    assert not acceptance.replayed
    assert fold(await log.load(acceptance.execution.order.order_id)) == acceptance.execution


async def test_a_statement_still_running_when_it_is_lost_is_ended_before_the_log_is_read(pool, dsn):
    """Otherwise it could take effect after it was declared lost."""
    log = PostgresEventLog(pool)
    execution = await accepted(log)
    blocker = await asyncpg.connect(dsn)
    async with blocker.transaction():
        await blocker.execute("lock table order_events in access exclusive mode")
        impatient = await connect(dsn)
        impatient_log = PostgresEventLog(impatient)
        appending = asyncio.create_task(
            impatient_log.append(first_claim(execution), execution, (routing_started(),), Held.HELD)
        )
        stuck = await until(pool, "select max(pid) from pg_locks where not granted")
        # The client's side of the connection dies; the server does not notice while it waits.
        for holder in impatient._holders:
            if holder._con is not None and not holder._con.is_closed():
                holder._con._transport.abort()
        gone = f"select not exists (select from pg_stat_activity where pid = {stuck})"
        await until(pool, gone)
    with pytest.raises(Unavailable):
        await appending
    await blocker.close()
    impatient.terminate()
    assert len(await log.load(execution.order.order_id)) == 1


async def test_without_a_database_nothing_is_sent(dsn):
    pool = await connect(dsn)
    log = PostgresEventLog(pool)
    await pool.close()
    with pytest.raises(Unavailable):
        await log.accept(new_order())


# ── The projection ───────────────────────────────────────────────────────────────────────────────


async def test_the_projection_says_what_the_log_says(log, pool):
    executions = [
        await live(log, await accepted(log, user_id="u"), story)
        for story in (
            to_confirmed(),
            to_confirmed()[:3],
            [(routing_started(),), given_up()],
            [],
        )
    ]
    rows = await pool.fetch("select o.body, x.* from executions x join orders o using (order_id)")
    shown = {row["order_id"]: summary(row) for row in rows}
    assert shown == {each.order.order_id: summarize(each) for each in executions}


async def test_what_is_on_record_is_on_disk_however_the_database_is_set_up(dsn):
    other = await asyncpg.connect(dsn)
    name = await other.fetchval("select current_database()")
    await other.execute(f"alter database {name} set synchronous_commit = off")
    await other.close()
    pool = await connect(dsn)
    try:
        assert await pool.fetchval("show synchronous_commit") == "on"
    finally:
        pool.terminate()


# ── The database's own guards ────────────────────────────────────────────────────────────────────


async def test_the_database_knows_the_lifecycles_terminal_statuses(pool):
    for status in Status:
        terminal = await pool.fetchval("select is_terminal($1)", status.value)
        assert terminal == (status in TERMINAL)


async def test_the_database_lets_nothing_leave_a_terminal_status(log, pool):
    await live(log, await accepted(log), to_confirmed())
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute("update executions set status = 'pending'")


@pytest.mark.parametrize("table", ["orders", "order_events"])
@pytest.mark.parametrize("change", ["delete from {}", "update {} set body = '{{}}'"])
async def test_the_database_refuses_to_change_a_fact(log, pool, table, change):
    await accepted(log)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute(change.format(table))


async def test_an_attempt_signs_once_even_if_versions_were_not_checked(log, pool):
    execution = await live(log, await accepted(log), to_confirmed()[:3])
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute(
            "insert into order_events select order_id, 99, recorded_at_ms, kind, attempt, 'other',"
            " ends_commit, body from order_events where kind = 'TransactionSigned'"
            " and order_id = $1",
            execution.order.order_id,
        )


async def test_a_full_disk_is_told_apart_and_passes_once_there_is_room(log, pool):
    execution = await accepted(log)
    await pool.execute(
        "create function full_disk() returns trigger language plpgsql as "
        "$$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$"
    )
    await pool.execute(
        "create trigger disk_is_full before insert on order_events execute function full_disk()"
    )
    with pytest.raises(NoRoom):
        await log.accept(new_order())
    with pytest.raises(NoRoom):
        await log.append(first_claim(execution), execution, [routing_started()], Held.HELD)
    assert await pool.fetchval("select count(*) from orders") == 1
    await pool.execute("drop trigger disk_is_full on order_events")
    await log.append(first_claim(execution), execution, [routing_started()], Held.HELD)
