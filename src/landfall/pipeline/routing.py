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
    selected = RouteSelected(
        attempt=attempt.number,
        route=route_through(attempt.quotes[0], execution.order.slippage_bps),
        reason=why(attempt.quotes),
    )
    return Record((selected,))
