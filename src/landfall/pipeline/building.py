"""BUILDING: turn the route into signed bytes. This module signs, and has no way to send.

The transaction is simulated before it is signed: what would fail now costs no fee, and what it
needs to compute sets its limit.
"""

from solders.instruction import Instruction
from solders.message import MessageV0

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.events import TransactionSigned
from landfall.core.execution import Execution, Failure, SignedTransaction
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.outcome import read_failure
from landfall.core.ledger.transaction import (
    COMPUTE_UNITS_MAX,
    ComputeBudget,
    instructions,
    message,
    signed,
    to_sign,
    trader_accounts,
)
from landfall.core.quote import Route
from landfall.core.values import Signature
from landfall.core.venue import Trader
from landfall.core.venues import VENUES
from landfall.pipeline.step import Record, attempt_failed
from landfall.ports import World

# Room over the simulated use: the pool may have moved to a dearer path by the time it lands.
_HEADROOM_PERCENT = 20


async def building(world: World, execution: Execution) -> Record:
    """Sign the route as it stands, or end the attempt if it cannot be executed any more."""
    try:
        built = await _build(world, execution)
    except AttemptFailure as failed:
        built = Failure(reason=failed.reason, detail=failed.detail)
    if isinstance(built, Failure):
        return attempt_failed(world, execution, built)
    return Record((TransactionSigned(attempt=execution.attempt.number, transaction=built),))


async def _build(world: World, execution: Execution) -> SignedTransaction | Failure:
    route = execution.attempt.route
    assert route is not None
    steps = instructions(
        execution.order, route, await _swaps(world, execution, route), world.signer.address
    )
    latest = await world.chain.latest_blockhash()
    age = latest.context_slot - route.context_slot
    if age > world.limits.quote_age_slots_max:
        return Failure(
            reason=FailureReason.STALE_QUOTE,
            detail=f"the quote is {age} slots old, more than {world.limits.quote_age_slots_max}",
        )
    units = await _simulate(world, steps, latest)
    if isinstance(units, Failure):
        return units
    compiled = _compile(world, steps, units * (100 + _HEADROOM_PERCENT) // 100, latest)
    return signed(compiled, world.signer.sign(to_sign(compiled)), latest)


async def _swaps(world: World, execution: Execution, route: Route) -> list[Instruction]:
    in_account, out_account = trader_accounts(execution.order, world.signer.address)
    trader = Trader(world.signer.address, in_account, out_account)
    known = await world.pools.named([leg.quote.pool for leg in route.legs])
    pools = {loaded.pool.address: loaded for loaded in known.pools}
    swaps = []
    for leg in route.legs:
        loaded = pools.get(leg.quote.pool)
        if loaded is None:
            why = "; ".join(left_out.sentence for left_out in known.left_out) or "it is gone"
            raise AttemptFailure(FailureReason.POOL_CLOSED, f"pool {leg.quote.pool}: {why}")
        swaps.append(loaded.venue.swap(loaded.pool, leg, trader))
    return swaps


async def _simulate(
    world: World, steps: list[Instruction], latest: LatestBlockhash
) -> int | Failure:
    """Compute units the steps use now, or why they would fail."""
    compiled = _compile(world, steps, COMPUTE_UNITS_MAX, latest)
    unsigned = signed(compiled, Signature.default(), latest)
    simulated = await world.chain.simulate(unsigned.raw)
    if simulated.error is not None:
        return read_failure(simulated.error, simulated.logs, VENUES.values())
    return simulated.units_consumed


def _compile(
    world: World, steps: list[Instruction], unit_limit: int, latest: LatestBlockhash
) -> MessageV0:
    budget = ComputeBudget(
        min(unit_limit, COMPUTE_UNITS_MAX), world.limits.compute_unit_price_micro_lamports
    )
    return message(steps, budget, world.signer.address, latest)
