"""The worker loop against the real queue, with carries that do what they are told."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from landfall.core.errors import InvariantViolation, OutcomeUnknown, Unavailable, VersionConflict
from landfall.core.lifecycle.evolve import fold
from landfall.ports import Finished, Held
from landfall.queue.postgres import PostgresQueue
from landfall.queue.worker import Worker
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from tests.queue.test_postgres_queue import a_queue, accepted, ids, let_leases_end
from tests.store.deaf import Deaf
from tests.store.stories import given_up, routing_started


@pytest.fixture
def log(pool):
    return PostgresEventLog(pool)


class Working:
    """A worker that runs while the block does."""

    def __init__(self, queue, carry, concurrency=10, lease_ms=60_000):
        self.worker = Worker(queue, carry, concurrency=concurrency, lease_ms=lease_ms)

    async def __aenter__(self):
        self._running = asyncio.create_task(self.worker.run())
        return self.worker

    async def __aexit__(self, *_):
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(10):
        while not await condition():
            await asyncio.sleep(0.01)


def jobs_are(pool, condition):
    async def asked():
        return await pool.fetchval(f"select bool_and({condition}) from jobs")

    return asked


def gives_up(log):
    async def carry(claim):
        execution = fold(await log.load(claim.order_id))
        execution = await log.append(claim, execution, (routing_started(),), Held.HELD)
        await log.append(claim, execution, given_up(), Finished.FINISHED)

    return carry


async def test_orders_are_carried_to_their_end(log, pool):
    await accepted(log, 100)

    async def done():
        return await pool.fetchval("select count(*) from jobs") == 0

    async with Working(a_queue(pool), gives_up(log)):
        await until(done)
    assert await pool.fetchval("select count(*) from executions where status = 'failed'") == 100


async def test_never_more_are_carried_at_once_than_there_is_room_for(log, pool):
    await accepted(log, 60)
    now, most, total = 0, 0, 0

    async def carry(claim):
        nonlocal now, most, total
        now, total = now + 1, total + 1
        most = max(most, now)
        await asyncio.sleep(0.001 * (total % 5))
        now -= 1
        await gives_up(log)(claim)

    async def done():
        return total == 60 and now == 0

    async with Working(a_queue(pool), carry, concurrency=7):
        await until(done)
    assert most == 7


@pytest.mark.parametrize("error", [Unavailable("away"), OutcomeUnknown("who knows")])
async def test_an_outage_is_tried_again_soon(log, pool, error):
    await accepted(log, 1)
    tries = []

    async def carry(claim):
        tries.append(claim.fence)
        if len(tries) == 1:
            raise error
        await gives_up(log)(claim)

    async def done():
        return await pool.fetchval("select count(*) from jobs") == 0

    async with Working(a_queue(pool), carry):
        await until(done)
    assert tries == [1, 2]


@pytest.mark.parametrize("error", [InvariantViolation("a bug"), RuntimeError("another")])
async def test_what_needs_a_human_is_set_aside_and_the_others_go_on(log, pool, error):
    (bad, *_) = await accepted(log, 5)
    tries = []

    async def carry(claim):
        if claim.order_id == bad.order.order_id:
            tries.append(claim)
            raise error
        await gives_up(log)(claim)

    set_aside = jobs_are(pool, "lease_until is null and run_at > now() + interval '5 minutes'")
    async with Working(a_queue(pool), carry, concurrency=1):
        await until(set_aside)
    assert len(tries) == 1
    assert await pool.fetchval("select count(*) from jobs") == 1


async def test_a_lost_race_is_let_go(log, pool):
    await accepted(log, 1)
    tries = []

    async def carry(claim):
        tries.append(claim)
        raise VersionConflict("somebody was faster")

    async def tried():
        return len(tries) == 1

    async with Working(a_queue(pool), carry):
        await until(tried)
        await asyncio.sleep(0.05)
        assert len(tries) == 1
        await let_leases_end(pool)
        await until(jobs_are(pool, "fence = 2"))


async def test_leases_are_renewed_while_a_carry_runs(log, pool):
    await accepted(log, 1)
    may_end = asyncio.Event()

    async def carry(claim):
        await may_end.wait()
        await gives_up(log)(claim)

    async def renewed():
        at = await pool.fetchval("select lease_until from jobs")
        return at is not None and first is not None and at > first

    async def claimed():
        return await pool.fetchval("select lease_until from jobs") is not None

    async def done():
        return await pool.fetchval("select count(*) from jobs") == 0

    first = None
    async with Working(a_queue(pool, lease_ms=300), carry, lease_ms=300):
        await until(claimed)
        for _ in range(4):
            first = await pool.fetchval("select lease_until from jobs")
            await until(renewed)
        assert await pool.fetchval("select fence from jobs") == 1
        may_end.set()
        await until(done)


async def test_a_carry_that_lost_its_lease_is_stopped(log, pool):
    await accepted(log, 1)
    stopped = asyncio.Event()

    async def carry(claim):
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with Working(a_queue(pool, lease_ms=300), carry, lease_ms=300):
        await until(jobs_are(pool, "fence = 1"))
        await pool.execute(
            "update jobs set fence = 9, lease_until = now() + interval '1 hour', worker = 'other'"
        )
        await asyncio.wait_for(stopped.wait(), 5)
    assert await pool.fetchval("select fence from jobs") == 9


async def test_draining_waits_for_what_is_carried_and_claims_nothing_more(log, pool):
    await accepted(log, 2)
    begun, may_end = asyncio.Semaphore(0), asyncio.Event()

    async def carry(claim):
        begun.release()
        await may_end.wait()
        await gives_up(log)(claim)

    queue = a_queue(pool)
    worker = Worker(queue, carry, concurrency=2, lease_ms=60_000)
    running = asyncio.create_task(worker.run())
    # Claimed is not begun: what is not, a worker that drains gives back.
    await begun.acquire()
    await begun.acquire()
    draining = asyncio.create_task(worker.drain(60_000))
    await asyncio.sleep(0.05)
    late = await accepted(log, 1)
    may_end.set()
    await asyncio.wait_for(draining, 5)
    await asyncio.wait_for(running, 5)
    assert ids(await queue.claim(10)) == ids(late)


async def test_draining_gives_back_what_does_not_end_in_time(log, pool):
    await accepted(log, 2)

    async def carry(claim):
        await asyncio.sleep(3600)

    queue = a_queue(pool)
    worker = Worker(queue, carry, concurrency=2, lease_ms=60_000)
    running = asyncio.create_task(worker.run())
    await until(jobs_are(pool, "fence = 1"))
    await asyncio.wait_for(worker.drain(10), 5)
    await asyncio.wait_for(running, 5)
    assert [claim.fence for claim in await queue.claim(10)] == [2, 2]


async def test_a_worker_outlives_an_outage_of_the_database(log, pool, dsn):
    class Flaky:
        """The queue, away for its first questions."""

        def __init__(self, queue):
            self.queue, self.left = queue, 3

        def __getattr__(self, name):
            self.left -= 1
            if self.left >= 0:
                raise Unavailable("away")
            return getattr(self.queue, name)

    await accepted(log, 3)

    async def done():
        return await pool.fetchval("select count(*) from jobs") == 0

    async with Working(Flaky(a_queue(pool)), gives_up(log)):
        await until(done)


WORKER_PROCESS = """
import asyncio, sys
from landfall.queue.postgres import PostgresQueue
from landfall.queue.worker import Worker
from landfall.store.connection import connect

class Deaf:
    def subscribe(self, channel, hear): pass

async def carry(claim):
    print("carrying", flush=True)
    await asyncio.sleep(3600)

async def main():
    pool = await connect(sys.argv[1])
    queue = PostgresQueue(pool, Deaf(), worker="process", lease_ms=1000, starts_per_minute_max=0)
    await Worker(queue, carry, concurrency=5, lease_ms=1000).run()

asyncio.run(main())
"""


def a_worker_process(dsn):
    return subprocess.Popen(
        [sys.executable, "-c", WORKER_PROCESS, dsn], stdout=subprocess.PIPE, text=True
    )


async def test_jobs_of_a_killed_worker_are_claimed_when_their_leases_end(log, pool, dsn):
    executions = await accepted(log, 3)
    process = a_worker_process(dsn)
    for _ in executions:
        assert process.stdout.readline() == "carrying\n"
    process.kill()
    process.wait()
    process.stdout.close()
    queue = PostgresQueue(pool, Deaf(), worker="me", lease_ms=60_000, starts_per_minute_max=0)
    claims = []
    began = time.monotonic()
    while len(claims) < 3 and time.monotonic() < began + 10:
        claims += await queue.claim(10)
        await queue.wait(1_000)
    assert ids(claims) == ids(executions)
    assert [claim.fence for claim in claims] == [2, 2, 2]


async def test_a_worker_that_was_frozen_and_wakes_up_is_fenced(log, pool, dsn):
    (execution,) = await accepted(log, 1)
    process = a_worker_process(dsn)
    assert process.stdout.readline() == "carrying\n"
    os.kill(process.pid, signal.SIGSTOP)
    await let_leases_end(pool)
    queue = a_queue(pool)
    (mine,) = await queue.claim(1)
    os.kill(process.pid, signal.SIGCONT)
    await asyncio.sleep(0.7)
    assert await queue.renew([mine]) == (mine,)
    await gives_up(log)(mine)
    assert fold(await log.load(execution.order.order_id)).version == 3
    process.kill()
    process.wait()
    process.stdout.close()


async def test_a_worker_recovers_when_every_connection_is_cut(log, pool, dsn):
    own = await connect(dsn)
    await accepted(log, 50)

    async def done():
        return await pool.fetchval("select count(*) from jobs") == 0

    async with Working(a_queue(own, lease_ms=500), gives_up(PostgresEventLog(own)), lease_ms=500):
        for _ in range(5):
            await pool.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where pid <>"
                " pg_backend_pid() and datname = current_database()"
            )
            await asyncio.sleep(0.01)
        await until(done)
    own.terminate()
