"""ROUTING: the market has answered. Choose, and say why."""

from landfall.core.errors import FailureReason
from landfall.core.events import RouteSelected
from landfall.core.execution import Execution, Failure
from landfall.core.routing.best_pool import route_through, why
from landfall.pipeline.market import no_route
from landfall.pipeline.step import Record, attempt_failed
from landfall.ports import World


async def routing(world: World, execution: Execution) -> Record:
    """Select the best route, or end the attempt where there is none."""
    attempt = execution.attempt
    if not attempt.quotes:
        reason = FailureReason.POOL_REFUSED if attempt.refused else FailureReason.NO_ROUTE
        return attempt_failed(
            world, execution, Failure(reason=reason, detail=no_route(attempt.refused))
        )
    order = execution.order
    route = route_through(attempt.quotes[0], attempt.slippage_bps or order.slippage_bps)
    impact = route.price_impact_bps
    if order.max_price_impact_bps is not None and impact > order.max_price_impact_bps:
        failure = Failure(
            reason=FailureReason.PRICE_IMPACT_EXCEEDED,
            detail=f"the best route moves the price by {impact} bps, "
            f"the order allows {order.max_price_impact_bps}",
        )
        return attempt_failed(world, execution, failure)
    selected = RouteSelected(attempt=attempt.number, route=route, reason=why(attempt.quotes))
    return Record((selected,))
