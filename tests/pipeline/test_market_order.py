"""One market order, from the client's words to what the ledger holds."""

import asyncio
from decimal import Decimal

from landfall.core.execution import Status
from landfall.pipeline.run import carry
from tests.pipeline.conftest import Bench


async def test_an_order_is_filled_by_one_swap_at_exactly_the_quoted_amount(bench: Bench) -> None:
    order = await bench.submit()
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    route = execution.attempt.route
    assert route is not None
    assert execution.fill is not None
    assert execution.fill.in_amount == order.amount
    assert execution.fill.out_amount == route.out_amount
    transaction = execution.attempt.transaction
    assert transaction is not None
    assert await bench.swaps_on_ledger(order) == [transaction.signature]


async def test_orders_that_ask_the_same_at_the_same_moment_are_filled_each(bench: Bench) -> None:
    twins = [await bench.submit(amount=Decimal(2)) for _ in range(4)]
    claims = [await bench.claim(order) for order in twins]
    await asyncio.gather(*(carry(bench.world, bench.queue, claim) for claim in claims))
    executions = [await bench.finish(order) for order in twins]
    signatures = {execution.attempt.transaction.signature for execution in executions}  # type: ignore[union-attr]
    assert len(signatures) == len(twins)
    assert set(await bench.swaps_on_ledger(twins[0])) == signatures
