"""Looking at orders in a real PostgreSQL."""

import asyncio

import pytest

from landfall.core.errors import OrderRejected, Unavailable
from landfall.core.execution import Status, summarize
from landfall.core.order import OrderType
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BaseUnits, Pubkey, SwapMode
from landfall.ports import Claim, Finished, Held, OrderFilter, QueueStats, Reserved, RunAfter
from landfall.queue.postgres import PostgresQueue
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from landfall.store.listener import Listener
from landfall.store.reader import OFFSET_MAX, PostgresReader
from tests.store.stories import SOL, USDC, given_up, new_order, routing_started, to_confirmed

RAY = KNOWN_TOKENS["RAY"]
MINT_OF_NOTHING = Pubkey.from_string("1" * 32)


@pytest.fixture
def log(pool):
    return PostgresEventLog(pool)


@pytest.fixture
def reader(pool):
    return PostgresReader(pool)


async def lived(log, commits=(), **changes):
    execution = (await log.accept(new_order(**changes))).execution
    for events in commits:
        claim = Claim(execution.order.order_id, 0)
        execution = await log.append(claim, execution, events, Held.HELD)
    return execution


async def all_pages(reader, **wanted):
    pages, cursor = [], None
    while True:
        page = await reader.orders(OrderFilter(**wanted, cursor=cursor))
        pages.append(page.orders)
        cursor = page.next_cursor
        if cursor is None:
            return pages


async def test_a_summary_is_what_the_execution_amounts_to(log, reader):
    stories = ((), to_confirmed()[:3], to_confirmed(), [(routing_started(),), given_up()])
    executions = [await lived(log, story, user_id="ü") for story in stories]
    page = await reader.orders(OrderFilter())
    expected = {each.order.order_id: summarize(each) for each in executions}
    assert {each.order.order_id: each for each in page.orders} == expected


async def test_pages_hold_every_order_once_and_newest_first(log, reader):
    """Orders of one batch share their instant, so the order id has to decide."""
    await asyncio.gather(*(log.accept(new_order()) for _ in range(55)))
    pages = await all_pages(reader, limit=10)
    assert [len(page) for page in pages] == [10, 10, 10, 10, 10, 5]
    keys = [(each.accepted_at_ms, each.order.order_id) for page in pages for each in page]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == 55


async def test_a_full_last_page_has_no_cursor(log, reader):
    await asyncio.gather(*(log.accept(new_order()) for _ in range(10)))
    assert [len(page) for page in await all_pages(reader, limit=5)] == [5, 5]


async def test_an_order_accepted_meanwhile_moves_no_page(log, reader):
    await asyncio.gather(*(log.accept(new_order()) for _ in range(10)))
    first = await reader.orders(OrderFilter(limit=5))
    await log.accept(new_order())
    second = await reader.orders(OrderFilter(limit=5, cursor=first.next_cursor))
    assert not set(map(id_of, first.orders)) & set(map(id_of, second.orders))
    assert len(second.orders) == 5


def id_of(summary):
    return summary.order.order_id


async def test_filters_hold_together_and_page(log, reader):
    for account in ("one", "two"):
        for user in ("a", "b"):
            for commits in ((), to_confirmed()[:1], [(routing_started(),), given_up()]) * 2:
                await lived(log, commits, account=account, user_id=user)
    cases = [
        ({"account": "one"}, 12),
        ({"user_id": "a"}, 12),
        ({"status": Status.FAILED}, 8),
        ({"order_type": OrderType.MARKET}, 24),
        ({"account": "one", "user_id": "b"}, 6),
        ({"account": "one", "status": Status.PENDING}, 4),
        ({"account": "two", "status": Status.ROUTING, "user_id": "a"}, 2),
        (
            {
                "account": "two",
                "status": Status.ROUTING,
                "user_id": "a",
                "order_type": OrderType.MARKET,
            },
            2,
        ),
        ({"account": "nobody"}, 0),
        ({"status": Status.CANCELLED}, 0),
    ]
    for wanted, count in cases:
        pages = await all_pages(reader, **wanted, limit=3)
        found = [each for page in pages for each in page]
        assert len({id_of(each) for each in found}) == len(found) == count
        for each in found:
            assert wanted.get("status", each.status) is each.status
            assert wanted.get("account", each.order.account) == each.order.account
            assert wanted.get("user_id", each.order.user_id) == each.order.user_id


async def test_orders_are_found_by_the_tokens_they_trade(log, reader):
    pairs = [(SOL, USDC), (USDC, SOL), (SOL, RAY), (RAY, USDC)]
    for account in ("one", "two"):
        for token_in, token_out in pairs * 3:
            await lived(log, account=account, token_in=token_in, token_out=token_out)
    cases = [
        ({"token": SOL.mint}, 18),
        ({"token": RAY.mint}, 12),
        ({"token_in": SOL.mint}, 12),
        ({"token_out": SOL.mint}, 6),
        ({"token_in": SOL.mint, "token_out": RAY.mint}, 6),
        ({"token": SOL.mint, "token_in": SOL.mint}, 12),
        ({"token": SOL.mint, "account": "one"}, 9),
        ({"token": SOL.mint, "status": Status.PENDING}, 18),
        ({"token": SOL.mint, "status": Status.PENDING, "account": "two"}, 9),
        ({"token": SOL.mint, "status": Status.FAILED}, 0),
        ({"token": MINT_OF_NOTHING}, 0),
    ]
    for wanted, count in cases:
        found = [each for page in await all_pages(reader, **wanted, limit=4) for each in page]
        assert len({id_of(each) for each in found}) == len(found) == count, wanted
        places = [(each.accepted_at_ms, id_of(each)) for each in found]
        assert places == sorted(places, reverse=True)
    whole = (await reader.orders(OrderFilter(token=SOL.mint))).orders
    part = await reader.orders(OrderFilter(token=SOL.mint, offset=3, limit=5))
    assert part.orders == whole[3:8]


@pytest.mark.parametrize(
    "wanted",
    [{}, {"status": Status.PENDING}, {"account": "one"}, {"account": "one", "token": SOL.mint}],
)
async def test_the_oldest_may_come_first(log, reader, wanted):
    await asyncio.gather(*(log.accept(new_order(account=each)) for each in ("one", "two") * 10))
    newest = [each for page in await all_pages(reader, **wanted, limit=6) for each in page]
    pages = await all_pages(reader, **wanted, oldest_first=True, limit=6)
    assert [each for page in pages for each in page] == newest[::-1]
    assert len(newest) >= 10


@pytest.mark.parametrize("status", [None, Status.PENDING])
async def test_orders_are_found_by_when_they_were_accepted(log, reader, status):
    for _ in range(5):
        await lived(log)
        await asyncio.sleep(0.002)

    async def accepted(**wanted):
        page = await reader.orders(OrderFilter(status=status, **wanted))
        return [each.accepted_at_ms for each in page.orders]

    newest = await accepted()
    assert len(set(newest)) == 5
    assert await accepted(since_ms=newest[2]) == newest[:3]
    assert await accepted(until_ms=newest[2]) == newest[3:]
    between = {"since_ms": newest[3], "until_ms": newest[1]}
    assert await accepted(**between, oldest_first=True) == [newest[3], newest[2]]
    assert await accepted(since_ms=newest[0] + 1) == []


async def test_an_offset_skips_and_is_bounded(log, reader):
    await asyncio.gather(*(log.accept(new_order()) for _ in range(5)))
    await asyncio.gather(*(log.accept(new_order(account="another")) for _ in range(5)))
    whole = (await reader.orders(OrderFilter())).orders
    for status in (None, Status.PENDING):
        wanted = OrderFilter(status=status, offset=2, limit=2)
        assert (await reader.orders(wanted)).orders == whole[2:4]
    with pytest.raises(OrderRejected):
        await reader.orders(OrderFilter(offset=OFFSET_MAX + 1))


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ÄÖÜ", "A" * 31, "A" * 4000])
async def test_a_cursor_that_no_page_gave_is_refused(reader, cursor):
    with pytest.raises(OrderRejected) as caught:
        await reader.orders(OrderFilter(cursor=cursor))
    assert caught.value.field == "cursor"


async def test_stats_count_what_is_happening(log, reader, pool):
    assert await reader.stats() == QueueStats(
        waiting=0,
        active=0,
        delayed=0,
        completed=0,
        failed=0,
        cancelled=0,
        started_last_minute=0,
        workers=0,
    )
    await lived(log)
    active, delayed = await lived(log), await lived(log)
    for execution in (active, delayed):
        await pool.execute(
            "update jobs set fence = 1, lease_until = now() + interval '1 hour'"
            " where order_id = $1",
            execution.order.order_id,
        )
    await pool.execute("insert into order_starts select now(), order_id from jobs where fence = 1")
    claim = Claim(delayed.order.order_id, 1)
    await log.append(claim, delayed, (routing_started(),), RunAfter(60_000))
    for story in (to_confirmed(), to_confirmed()[:4], [(routing_started(),), given_up()]):
        ended = await lived(log, story[:-1])
        await log.append(Claim(ended.order.order_id, 0), ended, story[-1], Finished.FINISHED)
    assert await reader.stats() == QueueStats(
        waiting=1,
        active=1,
        delayed=1,
        completed=2,
        failed=1,
        cancelled=0,
        started_last_minute=2,
        workers=0,
    )


async def test_a_ping_answers_while_the_database_does(dsn):
    pool = await connect(dsn)
    await PostgresReader(pool).ping()
    await pool.close()
    with pytest.raises(Unavailable):
        await PostgresReader(pool).ping()


async def test_an_order_is_found_by_each_of_its_names(log, reader):
    named = await lived(log, client_order_id="my-order-7")
    filled = await lived(log, to_confirmed())
    assert filled.attempt.transaction is not None
    signature = str(filled.attempt.transaction.signature)
    for text, found in (
        (str(named.order.order_id), named),
        (str(named.order.order_id).upper(), named),
        ("my-order-7", named),
        (signature, filled),
    ):
        page = await reader.orders(OrderFilter(search=text))
        assert [each.order.order_id for each in page.orders] == [found.order.order_id]
    assert (await reader.orders(OrderFilter(search="nobody's"))).orders == ()


async def test_a_search_sees_no_other_accounts_orders(log, reader):
    theirs = await lived(log, account="theirs", client_order_id="x")
    page = await reader.orders(OrderFilter(search=str(theirs.order.order_id), account="ours"))
    assert page.orders == ()


async def test_what_open_orders_may_take_is_added_up_by_token(log, reader):
    assert await reader.reserved() == ()
    for amount in (5, 7):
        await lived(log, amount=BaseUnits(amount))
    await lived(log, amount=BaseUnits(11), swap_mode=SwapMode.EXACT_OUT)
    filled = await lived(log, to_confirmed()[:-1], amount=BaseUnits(13))
    assert filled.status is Status.CONFIRMED
    assert await reader.reserved() == (Reserved(token=SOL, orders=3, amount=12),)


async def test_workers_are_seen_with_the_orders_they_hold(log, reader, pool, dsn):
    for _ in range(3):
        await lived(log)
    listener = Listener(dsn)
    queue = PostgresQueue(pool, listener, worker="host:7", lease_ms=5_000, starts_per_minute_max=0)
    assert await reader.workers() == ()
    assert len(await queue.claim(2)) == 2
    await pool.execute(
        "insert into workers values ('host:7', clock_timestamp()) on conflict do nothing"
    )
    await pool.execute("insert into workers values ('gone', clock_timestamp() - interval '1 hour')")
    (seen,) = await reader.workers()
    assert (seen.name, seen.orders) == ("host:7", 2)
    assert 0 <= seen.silent_ms < 60_000
