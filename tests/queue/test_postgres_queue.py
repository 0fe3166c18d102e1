"""The queue against a real PostgreSQL."""

from landfall.queue.postgres import PostgresQueue
from landfall.store.event_log import PostgresEventLog
from landfall.store.listener import Listener
from tests.store.stories import new_order


def a_queue(pool, dsn, **settings):
    return PostgresQueue(
        pool,
        Listener(dsn),
        **{"worker": "test", "lease_ms": 60_000, "starts_per_minute_max": 0, **settings},
    )


async def test_an_accepted_order_is_claimed_once(pool, dsn):
    log, queue = PostgresEventLog(pool), a_queue(pool, dsn)
    order = new_order()
    await log.accept(order)
    (claim,) = await queue.claim(10)
    assert (claim.order_id, claim.fence) == (order.order_id, 1)
    assert await queue.claim(10) == ()
    assert await queue.renew([claim]) == (claim,)
    await queue.release(claim, 0)
    assert await queue.renew([claim]) == ()
    await queue.wait(10_000)
    (again,) = await queue.claim(10)
    assert again.fence == 2
