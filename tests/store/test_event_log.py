"""The log against a real PostgreSQL."""

from tests.store.stories import new_order, to_confirmed

from landfall.core.lifecycle.evolve import fold
from landfall.ports import Claim, Held
from landfall.store.event_log import PostgresEventLog


async def test_what_is_appended_is_what_is_loaded(pool):
    log = PostgresEventLog(pool)
    order = new_order()
    execution = (await log.accept(order)).execution
    claim = Claim(order.order_id, 0)
    for events in to_confirmed():
        execution = await log.append(claim, execution, events, Held.HELD)
    assert fold(await log.load(order.order_id)) == execution
