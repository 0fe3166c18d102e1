"""Following orders on a real PostgreSQL."""

import asyncio
from contextlib import aclosing

import pytest

from landfall.core.errors import InvariantViolation
from landfall.ports import Claim, Finished, Held
from landfall.store.event_log import PostgresEventLog
from landfall.store.feed import PostgresFeed
from landfall.store.listener import Listener
from tests.store.deaf import Deaf
from tests.store.stories import given_up, new_order, routing_started, to_confirmed, unknown_order


@pytest.fixture
async def listener(dsn):
    listener = Listener(dsn)
    yield listener
    await listener.stop()


@pytest.fixture
async def feed(pool, listener):
    feed = PostgresFeed(pool, listener)
    await listener.start()
    await feed.start()
    await listener.listening()
    yield feed
    await feed.stop()


async def live(log, execution, commits):
    claim = Claim(execution.order.order_id, 0)
    for events in commits:
        execution = await log.append(claim, execution, events, Held.HELD)
    return execution


async def heard(feed, order_id, after=-1):
    async with aclosing(feed.follow(order_id, after)) as story:
        return [tuple(fact.version for fact in commit) async for commit in story]


async def test_a_follower_hears_each_commit_once_and_in_order_until_the_end(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    following = asyncio.create_task(heard(feed, execution.order.order_id))
    await live(log, execution, to_confirmed())
    assert await following == [(0,), (1,), (2,), (3,), (4,)]


async def test_a_late_follower_gets_what_it_missed(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    await live(log, execution, to_confirmed())
    assert await heard(feed, execution.order.order_id, after=2) == [(3,), (4,)]


async def test_following_an_ended_order_ends_at_once(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    await live(log, execution, to_confirmed())
    assert await heard(feed, execution.order.order_id, after=4) == []
    assert await heard(feed, execution.order.order_id, after=5) == []


async def test_following_an_order_that_does_not_exist_ends_at_once(feed):
    assert await heard(feed, unknown_order()) == []


async def test_a_commit_cut_by_the_cursor_is_told_whole(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    await live(log, execution, [(routing_started(),), given_up()])
    assert await heard(feed, execution.order.order_id, after=2) == [(2, 3)]


async def test_a_joining_follower_does_not_make_others_miss_anything(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    order_id = execution.order.order_id
    early = [asyncio.create_task(heard(feed, order_id)) for _ in range(5)]
    late = []
    claim = Claim(order_id, 0)
    for events in to_confirmed():
        late += [asyncio.create_task(heard(feed, order_id, after)) for after in (-1, 0, 1)]
        execution = await log.append(claim, execution, events, Held.HELD)
    whole = [(0,), (1,), (2,), (3,), (4,)]
    assert await asyncio.gather(*early) == [whole] * 5
    assert await asyncio.gather(*late) == [whole, whole[1:], whole[2:]] * 5


async def test_a_follower_that_joins_during_a_reading_for_another_has_no_gap(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    await live(log, execution, to_confirmed())
    order_id = execution.order.order_id
    waits = "select exists (select from pg_locks where not granted)"
    async with pool.acquire() as blocker, blocker.transaction():
        await blocker.execute("lock table order_events in access exclusive mode")
        ahead = asyncio.create_task(heard(feed, order_id, after=2))
        while not await pool.fetchval(waits):
            await asyncio.sleep(0.01)
        behind = asyncio.create_task(heard(feed, order_id))
        await asyncio.sleep(0.01)
    assert await ahead == [(3,), (4,)]
    assert await behind == [(0,), (1,), (2,), (3,), (4,)]


async def test_hundreds_of_followers_of_hundreds_of_orders_hear_everything(pool, feed):
    log = PostgresEventLog(pool)
    accepted = await asyncio.gather(*(log.accept(new_order()) for _ in range(300)))
    executions = [acceptance.execution for acceptance in accepted]
    following = [
        asyncio.create_task(heard(feed, execution.order.order_id))
        for execution in executions
        for _ in range(3)
    ]
    await asyncio.gather(*(live(log, execution, to_confirmed()) for execution in executions))
    assert await asyncio.gather(*following) == [[(0,), (1,), (2,), (3,), (4,)]] * 900


async def test_a_follower_needs_no_notification_to_hear_everything(pool):
    log = PostgresEventLog(pool)
    feed = PostgresFeed(pool, Deaf(), sweep_every_s=0.05)
    await feed.start()
    execution = (await log.accept(new_order())).execution
    following = asyncio.create_task(heard(feed, execution.order.order_id))
    for events in to_confirmed():
        await asyncio.sleep(0.02)
        execution = await live(log, execution, [events])
    assert await following == [(0,), (1,), (2,), (3,), (4,)]
    await feed.stop()


async def test_a_lost_listening_connection_loses_no_commit(pool, feed, listener):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    following = asyncio.create_task(heard(feed, execution.order.order_id))
    first, *rest = to_confirmed()
    execution = await live(log, execution, [first])
    await pool.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where pid <> pg_backend_pid() and query like 'LISTEN%'"
    )
    await live(log, execution, rest)
    await listener.listening()
    assert await following == [(0,), (1,), (2,), (3,), (4,)]


async def test_a_follower_that_does_not_take_is_passed_over_and_catches_up(pool, feed):
    log = PostgresEventLog(pool)
    execution = (await log.accept(new_order())).execution
    claim = Claim(execution.order.order_id, 0)
    async with aclosing(feed.follow(execution.order.order_id, -1)) as story:
        versions = [(await anext(story))[-1].version]
        for attempt in range(1, 15):
            execution = await live(log, execution, [(routing_started(attempt),)])
            failure, ended = given_up(attempt)
            execution = await log.append(claim, execution, (failure,), Held.HELD)
        await log.append(claim, execution, (ended,), Finished.FINISHED)
        versions += [commit[-1].version async for commit in story]
    assert versions == list(range(30))


async def test_an_unreadable_log_fails_its_own_followers_only(pool, feed):
    log = PostgresEventLog(pool)
    bad = (await log.accept(new_order())).execution
    good = (await log.accept(new_order())).execution
    await pool.execute(
        "insert into order_events (order_id, version, recorded_at_ms, kind, ends_commit, body)"
        " values ($1, 1, 0, 'NeverHeardOf', true, '{}')",
        bad.order.order_id,
    )
    following = asyncio.create_task(heard(feed, good.order.order_id))
    with pytest.raises(InvariantViolation):
        await heard(feed, bad.order.order_id)
    await live(log, good, to_confirmed())
    assert await following == [(0,), (1,), (2,), (3,), (4,)]
