"""One market order, from the client's words to what the ledger holds."""

from landfall.core.execution import Status
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
