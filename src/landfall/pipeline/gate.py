"""The gate before signing: a route is simulated, and held against its quote, as often as it takes.

What is compared, and when a quote is contradicted, is `core/ledger/gate.py`; here is who looks, and
in which order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from solders.hash import Hash
from solders.instruction import Instruction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import NO_LAMPORTS, Execution, Failure, Simulated
from landfall.core.ledger.answers import LatestBlockhash, Simulation
from landfall.core.ledger.gate import RouteAt, Verdict, at_fault, judge, quoted_again, summed
from landfall.core.ledger.outcome import read_failure, read_moved
from landfall.core.ledger.swaps import pools_by_instruction, swaps
from landfall.core.ledger.tips import Tip
from landfall.core.ledger.transaction import (
    COMPUTE_UNITS_MAX,
    ComputeBudget,
    Form,
    instructions,
    message,
    signed,
)
from landfall.core.quote import Quote, Refused, Route
from landfall.core.token import Token
from landfall.core.values import BaseUnits, BlockHeight, Pubkey, Signature, Slot
from landfall.core.venues import PROGRAMS, VENUES_BY_PROGRAM
from landfall.ports import LoadedPool, PoolsAt, World

_MOVES_MAX = 3
"""Pools that keep moving are not chased for longer; the bound on chain protects the order."""

_WAITS_MAX = 20
"""How often to look for pools as new as a simulation before they count as stale."""

_CONTRADICTIONS_MAX = 2
"""A quote that is wrong twice is wrong, not unlucky."""

_ANY_BLOCKHASH = LatestBlockhash(
    blockhash=str(Hash.default()), last_valid_block_height=BlockHeight(0), context_slot=Slot(0)
)
"""Who simulates takes the newest instead, so nobody has to be asked for one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What stays the same while a route is looked at again."""

    execution: Execution
    route: Route
    tokens: tuple[Token, ...]
    form: Form
    tip: Tip | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A route written for its pools as they were at one slot, and what they said of it."""

    steps: list[Instruction]
    swaps: tuple[Instruction, ...]
    answers: tuple[Quote, ...]
    quoted: RouteAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Steps that may be signed: simulated, and moving what was quoted."""

    steps: list[Instruction]
    simulation: Simulation
    simulated: Simulated


async def passes(world: World, plan: Plan, before: Look) -> Passed | Failure:
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
            return _mismatch(world, after, simulation, simulated)
        if moves == _MOVES_MAX:
            return _passed(before, after.quoted, simulation, simulated)
        before = after


async def _look_since(world: World, plan: Plan, slot: Slot) -> Look:
    """A look that is no older than `slot`: an older one could neither confirm nor contradict."""
    for _ in range(_WAITS_MAX):
        look = await look_at(world, plan)
        if look.quoted.slot >= slot:
            return look
        await world.clock.sleep_ms(world.limits.status_poll_ms)
    raise AttemptFailure(
        FailureReason.STALE_QUOTE,
        f"the pools are only known as of slot {look.quoted.slot}, simulated was slot {slot}",
    )


async def look_at(world: World, plan: Plan) -> Look:
    """The route's pools as they are now: its steps, and its quote."""
    known = await world.pools.named([leg.quote.pool for leg in plan.route.legs])
    pools = _named(plan.route, known)
    answers = quoted_again(plan.route, pools, known.clock)
    if isinstance(answers, Refused):
        raise AttemptFailure(
            FailureReason.POOL_REFUSED,
            f"{answers.venue} pool {answers.pool}: {answers.sentence}",
            (answers.pool,),
        )
    wallet = world.signer.address
    written = swaps(plan.route, pools, plan.tokens, wallet)
    steps = instructions(plan.route, plan.tokens, written, wallet, plan.tip)
    return Look(
        steps=steps,
        swaps=written,
        answers=answers,
        quoted=summed(plan.route, answers, known.slot),
    )


def _named(route: Route, known: PoolsAt) -> Mapping[Pubkey, LoadedPool]:
    pools = {loaded.pool.address: loaded for loaded in known.pools}
    for leg in route.legs:
        if leg.quote.pool not in pools:
            why = "; ".join(left_out.sentence for left_out in known.left_out) or "it is gone"
            raise AttemptFailure(
                FailureReason.POOL_CLOSED, f"pool {leg.quote.pool}: {why}", (leg.quote.pool,)
            )
    return pools


async def _simulate(world: World, plan: Plan, steps: list[Instruction]) -> Simulation | Failure:
    """What the steps do now, or why they would fail."""
    # A price of one, so that the message is as large as the dearest one.
    dearest = ComputeBudget(COMPUTE_UNITS_MAX, 1)
    made = message(steps, dearest, world.signer.address, _ANY_BLOCKHASH, plan.form)
    unsigned = signed(made, Signature.default(), _ANY_BLOCKHASH)
    simulation = await world.chain.simulate(unsigned.raw)
    if simulation.error is not None:
        pools = pools_by_instruction(made, plan.route, PROGRAMS)
        return read_failure(simulation.error, simulation.logs, VENUES_BY_PROGRAM.values(), pools)
    if simulation.balances is None:
        raise AttemptFailure(
            FailureReason.QUOTE_MISMATCH,
            "the node shows no simulated balances, so the quote cannot be checked; "
            "Agave does from version 3.0 on",
        )
    return simulation


def _moved(world: World, plan: Plan, simulation: Simulation) -> RouteAt:
    assert simulation.balances is not None
    tip = NO_LAMPORTS if plan.tip is None else plan.tip.lamports
    moved = read_moved(plan.execution.order, world.signer.address, simulation.balances, tip)
    return RouteAt(simulation.context_slot, moved.in_amount, moved.out_amount)


def _passed(look: Look, quoted: RouteAt, simulation: Simulation, moved: RouteAt) -> Passed:
    return Passed(
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


def _mismatch(world: World, look: Look, simulation: Simulation, simulated: RouteAt) -> Failure:
    assert simulation.balances is not None
    quoted = look.quoted
    return Failure(
        reason=FailureReason.QUOTE_MISMATCH,
        detail=(
            f"simulated at slot {simulated.slot}, it takes {simulated.in_amount} and pays "
            f"{simulated.out_amount}; quoted at slot {quoted.slot}, {quoted.in_amount} and "
            f"{quoted.out_amount}"
        ),
        pools=at_fault(look.answers, look.swaps, world.signer.address, simulation.balances),
    )
