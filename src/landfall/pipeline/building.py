"""BUILDING: turn the route into signed bytes. This module signs, and has no way to send.

The transaction is simulated before it is signed. What would fail now costs no fee; what it needs to
compute sets its limit; and what it would move is compared with the quote, for a quote that the
chain does not honour is not signed, however wide the order's slippage (`core/ledger/gate.py`).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from solders.instruction import Instruction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.events import TransactionSigned
from landfall.core.execution import NO_LAMPORTS, Execution, Failure, Simulated
from landfall.core.ledger.answers import LatestBlockhash, Simulation
from landfall.core.ledger.bid import bid_within
from landfall.core.ledger.gate import RouteAt, Verdict, judge, quoted_again
from landfall.core.ledger.outcome import read_failure, read_moved, read_rent
from landfall.core.ledger.swaps import pools_by_instruction, swaps
from landfall.core.ledger.tips import Tip
from landfall.core.ledger.transaction import (
    COMPUTE_UNITS_MAX,
    ComputeBudget,
    Form,
    instructions,
    message,
    signed,
    to_sign,
    writable_accounts,
)
from landfall.core.quote import Refused, Route
from landfall.core.token import Token
from landfall.core.values import BaseUnits, Pubkey, Signature, Slot
from landfall.core.venues import PROGRAMS, VENUES
from landfall.pipeline.step import Record, attempt_failed
from landfall.ports import LoadedPool, PoolsAt, World

# Room over the simulated use: the pool may have moved to a dearer path by the time it lands.
_HEADROOM_PERCENT = 20

_UNITS_APART = 4_096
"""Of so many units, each attempt asks for another number on top; see `_unit_limit`."""

_MOVES_MAX = 3
"""Pools that keep moving are not chased for longer; the bound on chain protects the order."""

_WAITS_MAX = 20
"""How often to look for pools as new as a simulation before they count as stale."""

_CONTRADICTIONS_MAX = 2
"""A quote that is wrong twice is wrong, not unlucky."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What stays the same while a route is looked at again."""

    execution: Execution
    route: Route
    tokens: tuple[Token, ...]
    form: Form
    tip: Tip | None
    latest: LatestBlockhash


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A route written for its pools as they were at one slot, and what they said of it."""

    steps: list[Instruction]
    quoted: RouteAt


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passed:
    """Steps that may be signed: simulated, and moving what was quoted."""

    steps: list[Instruction]
    simulation: Simulation
    simulated: Simulated


async def building(world: World, execution: Execution) -> Record:
    """Sign the route as it stands, or end the attempt if it cannot be executed any more."""
    try:
        return await _build(world, execution)
    except AttemptFailure as failed:
        failure = Failure(reason=failed.reason, detail=failed.detail, pools=failed.pools)
        return attempt_failed(world, execution, failure)


async def _build(world: World, execution: Execution) -> Record:
    plan = await _plan(world, execution)
    age = plan.latest.context_slot - plan.route.context_slot
    if age > world.limits.quote_age_slots_max:
        raise AttemptFailure(
            FailureReason.STALE_QUOTE,
            f"the quote is {age} slots old, more than {world.limits.quote_age_slots_max}",
        )
    look = await _look(world, plan)
    writes = writable_accounts(look.steps, world.signer.address)
    passed, unit_price = await asyncio.gather(
        _gate(world, plan, look), world.fees.compute_unit_price(writes)
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
    made = message(passed.steps, budget, world.signer.address, plan.latest, plan.form)
    transaction = signed(made, world.signer.sign(to_sign(made)), plan.latest, bid.cost_most)
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


async def _plan(world: World, execution: Execution) -> _Plan:
    route = execution.attempt.route
    assert route is not None
    tokens, form, tip, latest = await asyncio.gather(
        _tokens_along(world, route),
        world.forms.current(),
        world.fees.tip(),
        world.chain.latest_blockhash(),
    )
    return _Plan(execution=execution, route=route, tokens=tokens, form=form, tip=tip, latest=latest)


async def _tokens_along(world: World, route: Route) -> tuple[Token, ...]:
    """What the route goes through, in the order of its `mints`."""
    found = []
    for mint in route.mints:
        token = await world.tokens.resolve(str(mint))
        if token is None:
            raise AttemptFailure(FailureReason.POOL_CLOSED, f"{mint} is no mint any more")
        found.append(token)
    return tuple(found)


# ── The gate ─────────────────────────────────────────────────────────────────────────────────────


async def _gate(world: World, plan: _Plan, before: _Look) -> _Passed | Failure:
    """Simulate, and look again where that moves other amounts, until it is clear why."""
    contradictions = moves = 0
    while True:
        simulation = await _simulate(world, plan, before.steps)
        if isinstance(simulation, Failure):
            return simulation
        simulated = _moved(world, plan, simulation)
        if simulated.amounts() == before.quoted.amounts():
            return _passed(before, before.quoted, simulation, simulated)
        after = await _look_since(world, plan, simulated.slot)
        match judge(simulated, before.quoted, after.quoted):
            case Verdict.AGREES:
                moves = _MOVES_MAX
            case Verdict.MOVED:
                moves += 1
            case Verdict.CONTRADICTED:
                contradictions += 1
        if contradictions == _CONTRADICTIONS_MAX:
            return _mismatch(plan, simulated, after.quoted)
        if moves == _MOVES_MAX:
            return _passed(before, after.quoted, simulation, simulated)
        before = after


async def _look_since(world: World, plan: _Plan, slot: Slot) -> _Look:
    """A look that is no older than `slot`: an older one could neither confirm nor contradict."""
    for _ in range(_WAITS_MAX):
        look = await _look(world, plan)
        if look.quoted.slot >= slot:
            return look
        await world.clock.sleep_ms(world.limits.status_poll_ms)
    raise AttemptFailure(
        FailureReason.STALE_QUOTE,
        f"the pools are only known as of slot {look.quoted.slot}, simulated was slot {slot}",
    )


async def _look(world: World, plan: _Plan) -> _Look:
    """The route's pools as they are now: its steps, and its quote."""
    known = await world.pools.named([leg.quote.pool for leg in plan.route.legs])
    pools = _named(plan.route, known)
    quoted = quoted_again(plan.route, pools, known.slot, known.clock)
    if isinstance(quoted, Refused):
        raise AttemptFailure(
            FailureReason.POOL_REFUSED,
            f"{quoted.venue} pool {quoted.pool}: {quoted.sentence}",
            (quoted.pool,),
        )
    wallet = world.signer.address
    written = swaps(plan.route, pools, plan.tokens, wallet)
    steps = instructions(plan.route, plan.tokens, written, wallet, plan.tip)
    return _Look(steps=steps, quoted=quoted)


def _named(route: Route, known: PoolsAt) -> Mapping[Pubkey, LoadedPool]:
    pools = {loaded.pool.address: loaded for loaded in known.pools}
    for leg in route.legs:
        if leg.quote.pool not in pools:
            why = "; ".join(left_out.sentence for left_out in known.left_out) or "it is gone"
            raise AttemptFailure(
                FailureReason.POOL_CLOSED, f"pool {leg.quote.pool}: {why}", (leg.quote.pool,)
            )
    return pools


async def _simulate(world: World, plan: _Plan, steps: list[Instruction]) -> Simulation | Failure:
    """What the steps do now, or why they would fail."""
    # A price of one, so that the message is as large as the dearest one.
    dearest = ComputeBudget(COMPUTE_UNITS_MAX, 1)
    made = message(steps, dearest, world.signer.address, plan.latest, plan.form)
    unsigned = signed(made, Signature.default(), plan.latest)
    simulation = await world.chain.simulate(unsigned.raw)
    if simulation.error is not None:
        pools = pools_by_instruction(made, plan.route, PROGRAMS)
        return read_failure(simulation.error, simulation.logs, VENUES.values(), pools)
    if simulation.balances is None:
        raise AttemptFailure(
            FailureReason.QUOTE_MISMATCH,
            "the node shows no simulated balances, so the quote cannot be checked; "
            "Agave does from version 3.0 on",
        )
    return simulation


def _moved(world: World, plan: _Plan, simulation: Simulation) -> RouteAt:
    assert simulation.balances is not None
    tip = NO_LAMPORTS if plan.tip is None else plan.tip.lamports
    moved = read_moved(plan.execution.order, world.signer.address, simulation.balances, tip)
    return RouteAt(simulation.context_slot, moved.in_amount, moved.out_amount)


def _passed(look: _Look, quoted: RouteAt, simulation: Simulation, moved: RouteAt) -> _Passed:
    return _Passed(
        steps=look.steps,
        simulation=simulation,
        simulated=Simulated(
            slot=moved.slot,
            in_amount=BaseUnits(moved.in_amount),
            out_amount=BaseUnits(moved.out_amount),
            quoted_slot=quoted.slot,
            quoted_in_amount=BaseUnits(quoted.in_amount),
            quoted_out_amount=BaseUnits(quoted.out_amount),
            units=simulation.units_consumed,
        ),
    )


def _mismatch(plan: _Plan, simulated: RouteAt, quoted: RouteAt) -> Failure:
    return Failure(
        reason=FailureReason.QUOTE_MISMATCH,
        detail=(
            f"simulated at slot {simulated.slot}, it takes {simulated.in_amount} and pays "
            f"{simulated.out_amount}; quoted at slot {quoted.slot}, {quoted.in_amount} and "
            f"{quoted.out_amount}"
        ),
        pools=tuple(leg.quote.pool for leg in plan.route.legs),
    )
