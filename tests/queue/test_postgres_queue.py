"""The queue against a real PostgreSQL."""

import asyncio

import pytest

from landfall.core.errors import Unavailable, VersionConflict
from landfall.ports import Finished, Held, RunAfter
from landfall.queue import postgres
from landfall.queue.postgres import PostgresQueue
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from landfall.store.listener import Listener
from tests.store.deaf import Deaf
from tests.store.stories import given_up, new_order, routing_started


def a_queue(pool, notifications=None, **settings):
    usual = {"worker": "test", "lease_ms": 60_000, "starts_per_minute_max": 0}
    return PostgresQueue(pool, notifications or Deaf(), **{**usual, **settings})


@pytest.fixture
def log(pool):
    return PostgresEventLog(pool)


@pytest.fixture
def queue(pool):
    return a_queue(pool)


async def accepted(log, number, **changes):
    return [(await log.accept(new_order(**changes))).execution for _ in range(number)]


def ids(things):
    return [getattr(thing, "order_id", None) or thing.order.order_id for thing in things]


async def let_leases_end(pool):
    await pool.execute(
        "update jobs set lease_until = now() - interval '1 second' where lease_until is not null"
    )


async def let_a_minute_pass(pool):
    await pool.execute("update order_starts set started_at = started_at - interval '1 minute'")


async def test_an_accepted_order_is_claimed_once(log, queue):
    (execution,) = await accepted(log, 1)
    (claim,) = await queue.claim(10)
    assert claim.order_id == execution.order.order_id
    assert await queue.claim(10) == ()


async def test_many_workers_never_claim_the_same_order(log, pool):
    executions = await accepted(log, 200)
    queues = [a_queue(pool) for _ in range(8)]
    claims = await asyncio.gather(*(queue.claim(7) for queue in queues * 8))
    claimed = ids(claim for some in claims for claim in some)
    assert len(claimed) == len(set(claimed))
    rest = await queues[0].claim(1000)
    assert sorted(claimed + ids(rest)) == sorted(ids(executions))


async def test_orders_are_claimed_in_order_of_acceptance(log, queue):
    together = await asyncio.gather(*(log.accept(new_order()) for _ in range(20)))
    executions = [each.execution for each in together] + await accepted(log, 5)
    claims = []
    while some := await queue.claim(3):
        claims += some
    assert ids(claims) == ids(executions)


async def test_more_urgent_orders_go_first_whenever_they_came(log, queue):
    low = await accepted(log, 2)
    high = await accepted(log, 2, priority=9)
    middle = await accepted(log, 2, priority=5)
    assert ids(await queue.claim(10)) == ids(high + middle + low)


async def test_an_urgent_retry_goes_before_fresh_orders_and_a_plain_one_by_its_age(log, queue):
    old = await accepted(log, 1)
    (claim,) = await queue.claim(1)
    await queue.release(claim, 0)
    fresh = await accepted(log, 1)
    urgent = await accepted(log, 1, priority=1)
    assert ids(await queue.claim(10)) == ids(urgent + old + fresh)


async def test_nothing_is_given_out_of_a_database_that_may_have_forgotten_some(log, queue, pool):
    (begun,) = await accepted(log, 1)
    (claim,) = await queue.claim(1)
    await queue.release(claim, 0)
    (fresh,) = await accepted(log, 1)
    await pool.execute("insert into cleared_lineage (lineage) values ('the server before')")
    assert await queue.claim(10) == ()
    # Nor is it asked again and again.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await queue.wait(60_000)
    await pool.execute("update cleared_lineage set lineage = current_lineage()")
    assert ids(await queue.claim(10)) == ids([begun, fresh])


async def test_every_claim_raises_the_fence(log, queue):
    await accepted(log, 1)
    fences = []
    for _ in range(3):
        (claim,) = await queue.claim(1)
        fences.append(claim.fence)
        await queue.release(claim, 0)
    assert fences == [1, 2, 3]


async def test_a_job_whose_lease_ended_is_claimed_again_and_the_old_holder_is_fenced(
    log, queue, pool
):
    (execution,) = await accepted(log, 1)
    (old,) = await queue.claim(1)
    assert await queue.claim(1) == ()
    await let_leases_end(pool)
    (new,) = await queue.claim(1)
    assert await queue.renew([old]) == ()
    await queue.release(old, 0)
    assert await queue.renew([new]) == (new,)
    with pytest.raises(VersionConflict):
        await log.append(old, execution, (routing_started(),), Finished.FINISHED)
    await log.append(new, execution, (routing_started(),), Held.HELD)


async def test_a_lease_lasts_as_long_as_it_was_asked_for_and_renewing_starts_it_anew(log, pool):
    queue = a_queue(pool, lease_ms=5_000)
    await accepted(log, 1)
    claims = await queue.claim(1)
    left = "select extract(epoch from lease_until - clock_timestamp()) from jobs"
    assert 4 < await pool.fetchval(left) <= 5
    await pool.execute("update jobs set lease_until = now() + interval '1 second'")
    assert await queue.renew(claims) == claims
    assert 4 < await pool.fetchval(left) <= 5


@pytest.mark.parametrize("statement", ["seen", "forget_starts"])
async def test_claims_and_leases_are_not_lost_to_housekeeping(log, queue, monkeypatch, statement):
    broken = {"seen": "select 1 / 0 where $1::text is not null", "forget_starts": "select 1 / 0"}
    monkeypatch.setitem(postgres._SQL, statement, broken[statement])
    await accepted(log, 1)
    for due in ("_seen_at", "_forget_at"):
        setattr(queue, due, 0.0)
    claims = await queue.claim(1)
    assert len(claims) == 1
    for due in ("_seen_at", "_forget_at"):
        setattr(queue, due, 0.0)
    assert await queue.renew(claims) == claims


async def test_a_released_job_waits_for_its_delay(log, queue, pool):
    await accepted(log, 1)
    (claim,) = await queue.claim(1)
    await queue.release(claim, 60_000)
    assert await queue.claim(1) == ()
    await pool.execute("update jobs set run_at = now()")
    assert len(await queue.claim(1)) == 1


async def test_a_job_given_back_with_its_facts_waits_for_its_delay(log, queue, pool):
    (execution,) = await accepted(log, 1)
    (claim,) = await queue.claim(1)
    await log.append(claim, execution, (routing_started(),), RunAfter(60_000))
    assert await queue.claim(1) == ()
    await pool.execute("update jobs set run_at = now()")
    assert len(await queue.claim(1)) == 1


async def test_a_finished_order_is_never_claimed_again(log, queue, pool):
    (execution,) = await accepted(log, 1)
    (claim,) = await queue.claim(1)
    execution = await log.append(claim, execution, (routing_started(),), Held.HELD)
    await log.append(claim, execution, given_up(), Finished.FINISHED)
    await let_leases_end(pool)
    assert await queue.claim(1) == ()


# ── The rate of starts ───────────────────────────────────────────────────────────────────────────


async def test_no_more_orders_start_within_a_minute_than_allowed(log, pool):
    executions = await accepted(log, 50)
    queues = [a_queue(pool, starts_per_minute_max=10) for _ in range(5)]
    first = await asyncio.gather(*(queue.claim(4) for queue in queues * 3))
    assert sum(map(len, first)) == 10
    assert set(ids(claim for some in first for claim in some)) == set(ids(executions[:10]))
    assert await queues[0].claim(50) == ()
    await let_a_minute_pass(pool)
    second = await asyncio.gather(*(queue.claim(50) for queue in queues))
    assert sum(map(len, second)) == 10


async def test_the_minute_slides(log, pool):
    await accepted(log, 10)
    queue = a_queue(pool, starts_per_minute_max=4)
    assert len(await queue.claim(2)) == 2
    await pool.execute("update order_starts set started_at = started_at - interval '40 seconds'")
    assert len(await queue.claim(10)) == 2
    await pool.execute("update order_starts set started_at = started_at - interval '30 seconds'")
    assert len(await queue.claim(10)) == 2


async def test_the_limit_holds_back_fresh_orders_and_nothing_else(log, pool):
    begun = await accepted(log, 3)
    queue = a_queue(pool, starts_per_minute_max=3)
    claims = await queue.claim(10)
    await accepted(log, 20, priority=9)
    for claim in claims:
        await queue.release(claim, 0)
    assert ids(await queue.claim(10)) == ids(begun)
    assert await queue.claim(10) == ()


async def test_a_retry_does_not_count_as_a_start(log, pool):
    await accepted(log, 1)
    queue = a_queue(pool, starts_per_minute_max=2)
    for _ in range(5):
        (claim,) = await queue.claim(1)
        await queue.release(claim, 0)
    assert await pool.fetchval("select count(*) from order_starts") == 1


# ── Waiting ──────────────────────────────────────────────────────────────────────────────────────


async def test_waiting_ends_at_once_when_something_is_due(log, queue):
    await accepted(log, 1)
    await asyncio.wait_for(queue.wait(600_000), 5)


async def test_waiting_ends_when_an_order_is_accepted(log, pool, dsn):
    listener = Listener(dsn)
    queue = a_queue(pool, listener)
    await listener.start()
    await listener.listening()
    assert await queue.claim(1) == ()
    waiting = asyncio.create_task(queue.wait(600_000))
    await asyncio.sleep(0.05)
    await accepted(log, 1)
    await asyncio.wait_for(waiting, 5)
    assert len(await queue.claim(1)) == 1
    await listener.stop()


async def test_an_order_accepted_between_claiming_and_waiting_is_not_slept_through(log, pool, dsn):
    listener = Listener(dsn)
    queue = a_queue(pool, listener)
    await listener.start()
    await listener.listening()
    assert await queue.claim(1) == ()
    await accepted(log, 1)
    await asyncio.wait_for(queue.wait(600_000), 5)
    await listener.stop()


async def test_waiting_ends_when_a_delay_or_a_lease_does(log, queue):
    await accepted(log, 1)
    (claim,) = await queue.claim(1)
    await queue.release(claim, 50)
    await asyncio.wait_for(queue.wait(600_000), 5)
    assert len(await queue.claim(1)) == 1


async def test_waiting_ends_when_the_rate_allows_the_next_start(log, pool):
    await accepted(log, 2)
    queue = a_queue(pool, starts_per_minute_max=1)
    assert len(await queue.claim(5)) == 1
    await pool.execute("update jobs set lease_until = now() + interval '1 hour' where fence > 0")
    await pool.execute("update order_starts set started_at = now() - interval '59.9 seconds'")
    await asyncio.wait_for(queue.wait(600_000), 5)
    assert len(await queue.claim(5)) == 1


async def test_waiting_ends_after_its_time_out(queue):
    await asyncio.wait_for(queue.wait(20), 5)


async def test_without_a_database_the_queue_is_unavailable(dsn):
    pool = await connect(dsn)
    queue = a_queue(pool)
    limited = a_queue(pool, starts_per_minute_max=1)
    await pool.close()
    for asking in (queue.claim(1), limited.claim(1), queue.renew([]), queue.wait(1)):
        with pytest.raises(Unavailable):
            await asking
