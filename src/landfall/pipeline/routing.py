"""ROUTING: the pools have been asked one by one. Choose among all that can be done with them.

The pools are read again, with those that lead through another mint, so the route is as fresh as can
be; the quotes on record are what the order was first told.
"""

from landfall.core.errors import FailureReason
from landfall.core.events import RouteSelected
from landfall.core.execution import Execution, Failure
from landfall.core.lifecycle.retry import set_aside
from landfall.pipeline.choosing import choose
from landfall.pipeline.market import no_route, priced, without
from landfall.pipeline.step import Record, attempt_failed
from landfall.ports import World


async def routing(world: World, execution: Execution) -> Record:
    """Select the best route, or end the attempt where there is none."""
    order, attempt = execution.order, execution.attempt
    pools = await world.pools.around(order.token_in.mint, order.token_out.mint)
    around = without(pools, set_aside(execution))
    market = priced(order, around)
    choice = await choose(
        world,
        order,
        around,
        market.quotes,
        slippage_bps=attempt.slippage_bps or order.slippage_bps,
        attempt=attempt.number,
    )
    if choice.route is None:
        if choice.reason:
            failure = Failure(reason=FailureReason.TRANSACTION_TOO_LARGE, detail=choice.reason)
        else:
            reason = FailureReason.POOL_REFUSED if market.refused else FailureReason.NO_ROUTE
            failure = Failure(reason=reason, detail=no_route(market.refused))
        return attempt_failed(world, execution, failure)
    impact = choice.route.price_impact_bps
    if order.max_price_impact_bps is not None and impact > order.max_price_impact_bps:
        failure = Failure(
            reason=FailureReason.PRICE_IMPACT_EXCEEDED,
            detail=f"the best route moves the price by {impact} bps, "
            f"the order allows {order.max_price_impact_bps}",
        )
        return attempt_failed(world, execution, failure)
    selected = RouteSelected(attempt=attempt.number, route=choice.route, reason=choice.reason)
    return Record((selected,))
