"""The stream of all orders: in order, once, from any place, whatever is recorded meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

import asyncpg
import pytest

from landfall.core.errors import OrderRejected
from landfall.ports import Claim, Held, Interest, Told
from landfall.store import recent as recent_module
from landfall.store import tail as tail_module
from landfall.store.event_log import PostgresEventLog
from landfall.store.hints import COMMITS_CHANNEL
from landfall.store.listener import Listener
from landfall.store.place import Place, place_of
from landfall.store.tail import Tail
from tests.store.stories import new_order, to_confirmed


async def lived(log: PostgresEventLog, story=()):
    """An order and the commits of its story."""
    execution = (await log.accept(new_order())).execution
    for commit in story:
        execution = await log.append(
            Claim(execution.order.order_id, 0), execution, commit, Held.HELD
        )
    return execution


class Quiet:
    """Notifications that only a test makes."""

    def __init__(self) -> None:
        self.hear = lambda payload: None

    def subscribe(self, channel: str, hear) -> None:
        assert channel == COMMITS_CHANNEL
        self.hear = hear


@pytest.fixture
def log(pool: asyncpg.Pool) -> PostgresEventLog:
    return PostgresEventLog(pool)


@pytest.fixture
async def tail(pool: asyncpg.Pool, dsn: str) -> AsyncIterator[Tail]:
    listener = Listener(dsn)
    tail = Tail(pool, listener)
    await listener.start()
    await listener.listening()
    await tail.start()
    yield tail
    await tail.stop()
    await listener.stop()


async def follow(tail: Tail, account: str | None = None, after: str | None = None):
    return tail.follow(account, await tail.now() if after is None else after, Interest())


async def first(tail: Tail, count: int, account: str | None, after: str | None) -> list[Told]:
    """The first so many commits of a stream."""
    found: list[Told] = []
    async with asyncio.timeout(10), aclosing(await follow(tail, account, after)) as stream:
        async for told in stream:
            found += told
            if len(found) >= count:
                break
    return found[:count]


async def all_of(pool: asyncpg.Pool) -> list[tuple[UUID, int]]:
    """Ends of commits as they are on record, in the order of the log."""
    rows = await pool.fetch(
        "select order_id, version from order_events where ends_commit"
        " order by transaction, order_id, version"
    )
    return [(row["order_id"], row["version"]) for row in rows]


def places(told: list[Told]) -> list[tuple[UUID, int]]:
    return [(each.commit[-1].order_id, each.commit[-1].version) for each in told]


BEGINNING = Place(0, UUID(int=0), 0).cursor()


async def test_every_commit_of_every_order_comes_once_and_in_order(log, tail, pool):
    following = asyncio.create_task(first(tail, 120, None, BEGINNING))
    await asyncio.gather(*(lived(log, to_confirmed()) for _ in range(20)))
    told = await following
    assert places(told) == await all_of(pool)
    assert len(set(places(told))) == 120
    for order_id in {order_id for order_id, _ in places(told)}:
        versions = [version for each, version in places(told) if each == order_id]
        assert versions == sorted(versions)


async def test_any_cursor_resumes_right_behind_itself(log, tail, pool):
    await asyncio.gather(*(lived(log, to_confirmed()) for _ in range(5)))
    whole = await first(tail, 30, None, BEGINNING)
    for number in range(0, 29, 4):
        rest = await first(tail, 29 - number, None, whole[number].cursor)
        assert places(rest) == places(whole)[number + 1 :]


async def test_a_stream_without_a_cursor_begins_now(log, tail):
    await lived(log)
    following = asyncio.create_task(first(tail, 1, None, None))
    await asyncio.sleep(0.2)
    later = await lived(log)
    (told,) = await following
    assert told.commit[0].order_id == later.order.order_id


async def test_an_account_hears_of_its_own_orders_alone(log, tail):
    ours, theirs = new_order(account="ours"), new_order(account="theirs")
    for order in (theirs, ours):
        await log.accept(order)
    (told,) = await first(tail, 1, "ours", BEGINNING)
    assert told.commit[0].order_id == ours.order_id
    # The same over what is kept in memory.
    following = asyncio.create_task(first(tail, 1, "ours", None))
    await asyncio.sleep(0.2)
    await log.accept(new_order(account="theirs"))
    await log.accept(later := new_order(account="ours"))
    assert (await following)[0].commit[0].order_id == later.order_id


async def test_what_is_recorded_late_is_not_passed_over(log, pool, dsn):
    """A transaction that began first and ends last must not be lost behind a later one."""
    quiet = Quiet()
    tail = Tail(pool, quiet)
    await tail.start()
    slow = await asyncpg.connect(dsn)
    begun = slow.transaction()
    await begun.start()
    await slow.fetchval("select pg_current_xact_id()")
    following = asyncio.create_task(first(tail, 2, None, BEGINNING))
    fast = await lived(log)
    quiet.hear("*")
    await asyncio.sleep(0.3)
    assert not following.done()
    await slow.execute(
        "insert into orders select gen_random_uuid(), account, null, request_hash, user_id,"
        " order_type, accepted_at_ms, body from orders"
    )
    late = await slow.fetchval(
        "select order_id from orders where order_id <> $1", fast.order.order_id
    )
    await slow.execute(
        "insert into order_events (order_id, version, recorded_at_ms, kind, ends_commit, body)"
        " select $1, version, recorded_at_ms, kind, ends_commit, body from order_events",
        late,
    )
    await begun.commit()
    # No hint tells of it, and no sweep is due for seconds.
    async with asyncio.timeout(3):
        told = await following
    assert [order_id for order_id, _ in places(told)] == [late, fast.order.order_id]
    await slow.close()
    await tail.stop()


async def test_what_is_told_meanwhile_does_not_make_the_waiting_longer(
    log, pool, dsn, monkeypatch: pytest.MonkeyPatch
):
    """Commits behind a transaction that still runs are looked for soon after it ends."""
    monkeypatch.setattr(tail_module, "_LOOK_AGAIN_MAX_S", 3600.0)
    quiet = Quiet()
    tail = Tail(pool, quiet, sweep_every_s=3600.0)
    await tail.start()
    slow = await asyncpg.connect(dsn)
    begun = slow.transaction()
    await begun.start()
    await slow.fetchval("select pg_current_xact_id()")
    following = asyncio.create_task(first(tail, 1, None, BEGINNING))
    placed = await lived(log)
    for _ in range(30):
        quiet.hear("*")
        await pool.fetchval("select pg_sleep(0.005)")
    assert not following.done()
    await begun.rollback()
    assert [order_id for order_id, _ in places(await following)] == [placed.order.order_id]
    await slow.close()
    await tail.stop()


async def test_a_follower_that_falls_behind_what_is_kept_reads_the_log(
    log, tail, pool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recent_module, "COMMITS_KEPT_MAX", 4)
    monkeypatch.setattr(recent_module, "COMMITS_AT_ONCE", 2)
    monkeypatch.setattr(tail_module, "COMMITS_AT_ONCE", 2)
    monkeypatch.setattr(tail_module, "_FACTS_PER_READING_MAX", 7)
    found: list[Told] = []
    async with asyncio.timeout(20), aclosing(await follow(tail)) as stream:
        story = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.1)
        for _ in range(4):
            await lived(log, to_confirmed())
        found += await story
        while len(found) < 24:
            found += await anext(stream)
            await asyncio.sleep(0.01)
    assert places(found) == await all_of(pool)


async def test_nobody_following_costs_nothing_and_the_next_one_starts_clean(log, tail, pool):
    await lived(log)
    assert len(await first(tail, 1, None, BEGINNING)) == 1
    await lived(log, to_confirmed())
    await asyncio.sleep(0.1)
    assert tail._recent.reached is None
    assert places(await first(tail, 7, None, BEGINNING)) == await all_of(pool)


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ÄÖÜ", "A" * 37, "_" * 38, "A" * 4000])
async def test_what_no_message_gave_is_no_cursor(tail, cursor: str):
    with pytest.raises(OrderRejected) as refused:
        await anext(tail.follow(None, cursor, Interest()))
    assert refused.value.field == "after"


def test_a_cursor_is_a_place_and_back():
    place = Place(2**62, UUID(int=2**127 + 5), 2**31 - 1)
    assert place_of(place.cursor()) == place
