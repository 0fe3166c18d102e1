"""PENDING: nothing of the order is in flight. Ask the market, unless its time is up."""

from landfall.core.events import RoutingStarted
from landfall.core.execution import Execution
from landfall.core.lifecycle.retry import is_timed_out, set_aside, timed_out
from landfall.pipeline.market import ask, slippage
from landfall.pipeline.step import Record
from landfall.ports import World


async def pending(world: World, execution: Execution) -> Record:
    """Start an attempt with a fresh market, or end an order that is out of time."""
    if is_timed_out(execution, world.clock.now_ms(), world.limits.retry):
        return Record((timed_out(world.limits.retry, execution.attempt.failure),))
    market = await ask(world, execution.order, set_aside(execution))
    slippage_bps, slippage_reason = slippage(world, execution.order, market)
    started = RoutingStarted(
        attempt=len(execution.attempts) + 1,
        quotes=market.quotes,
        refused=market.refused,
        context_slot=market.context_slot,
        slippage_bps=None if slippage_reason is None else slippage_bps,
        slippage_reason=slippage_reason,
    )
    return Record((started,))
