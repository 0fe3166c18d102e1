"""BUILDING: turn the route into signed bytes. This module signs, and has no way to send.

The transaction is simulated before it is signed. What would fail now costs no fee; what it needs to
compute sets its limit; and what it would move is compared with the quote, for a quote that the
chain does not honour is not signed, however wide the order's slippage (`gate.py`).
"""

import asyncio

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.events import TransactionSigned
from landfall.core.execution import Execution, Failure
from landfall.core.ledger.bid import bid_within
from landfall.core.ledger.outcome import read_rent
from landfall.core.ledger.transaction import (
    COMPUTE_UNITS_MAX,
    ComputeBudget,
    message,
    signed,
    to_sign,
    writable_accounts,
)
from landfall.core.quote import Route
from landfall.core.token import Token
from landfall.pipeline.gate import Plan, look_at, passes
from landfall.pipeline.step import Record, attempt_failed
from landfall.ports import World

# Room over the simulated use: the pool may have moved to a dearer path by the time it lands.
_HEADROOM_PERCENT = 20

_UNITS_APART = 4_096
"""Of so many units, each attempt asks for another number on top; see `_unit_limit`."""


async def building(world: World, execution: Execution) -> Record:
    """Sign the route as it stands, or end the attempt if it cannot be executed any more."""
    try:
        return await _build(world, execution)
    except AttemptFailure as failed:
        failure = Failure(reason=failed.reason, detail=failed.detail, pools=failed.pools)
        return attempt_failed(world, execution, failure)


async def _build(world: World, execution: Execution) -> Record:
    plan = await _plan(world, execution)
    look = await look_at(world, plan)
    writes = writable_accounts(look.steps, world.signer.address)
    passed, unit_price, latest = await asyncio.gather(
        passes(world, plan, look),
        world.fees.compute_unit_price(writes),
        world.chain.latest_blockhash(),
    )
    age = latest.context_slot - plan.route.context_slot
    if age > world.limits.quote_age_slots_max:
        raise AttemptFailure(
            FailureReason.STALE_QUOTE,
            f"the quote is {age} slots old, more than {world.limits.quote_age_slots_max}",
        )
    if isinstance(passed, Failure):
        return attempt_failed(world, execution, passed)
    unit_limit = _unit_limit(execution, passed.simulation.units_consumed)
    assert passed.simulation.balances is not None
    bid = bid_within(
        execution.order,
        spent=execution.cost,
        unit_limit=unit_limit,
        unit_price=unit_price,
        tip=plan.tip,
        rent=read_rent(world.signer.address, passed.simulation.balances),
    )
    budget = ComputeBudget(unit_limit, bid.unit_price)
    made = message(passed.steps, budget, world.signer.address, latest, plan.form)
    transaction = signed(made, world.signer.sign(to_sign(made)), latest, bid.cost_most)
    return Record(
        (
            TransactionSigned(
                attempt=execution.attempt.number,
                transaction=transaction,
                simulated=passed.simulated,
            ),
        )
    )


def _unit_limit(execution: Execution, units_consumed: int) -> int:
    """Room for what was simulated, and a little more that tells this attempt's bytes from others'.

    Two orders may ask the same of the same pools under the same blockhash; so may two attempts of
    one order, when a node is behind. Equal bytes are one signature, and one of them would not move.
    """
    room = units_consumed * (100 + _HEADROOM_PERCENT) // 100
    apart = (execution.order.order_id.int + execution.attempt.number) % _UNITS_APART
    return min(room, COMPUTE_UNITS_MAX - _UNITS_APART) + apart


async def _plan(world: World, execution: Execution) -> Plan:
    route = execution.attempt.route
    assert route is not None
    # One after another: mostly known without asking anybody, and a task costs more than that.
    return Plan(
        execution=execution,
        route=route,
        tokens=await _tokens_along(world, route),
        form=await world.forms.current(),
        tip=await world.fees.tip(),
    )


async def _tokens_along(world: World, route: Route) -> tuple[Token, ...]:
    """What the route goes through, in the order of its `mints`."""
    found = []
    for mint in route.mints:
        token = await world.tokens.resolve(str(mint))
        if token is None:
            raise AttemptFailure(FailureReason.POOL_CLOSED, f"{mint} is no mint any more")
        found.append(token)
    return tuple(found)
