"""The engine dies before and after every awaited effect of an order, and money still moves once.

The judge is the ledger, by the order's own amount; the engine's word is only compared with it. Each
negative control breaks one rule of the pipeline on purpose and is seen to be caught by the same
judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

import pytest

from landfall.core.events import TransactionSigned
from landfall.core.execution import Execution, Status
from landfall.core.order import Order
from landfall.pipeline import run
from landfall.pipeline.building import building
from landfall.pipeline.run import STEPS, carry
from landfall.pipeline.step import Record, Step
from landfall.ports import World
from tests.pipeline.conftest import Bench
from tests.pipeline.faults import Died, Effects, Side, mortal

EFFECTS_MIN = 12


async def carry_until_death(bench: Bench, order: Order, effects: Effects) -> bool:
    """Carry the order in a world that may end; True if it did."""
    world, queue = mortal(bench.world, bench.queue, effects)
    claim = await bench.claim(order)
    try:
        await carry(world, queue, claim)
    except Died:
        return True
    return False


async def effects_of_an_order(bench: Bench) -> list[str]:
    effects = Effects()
    assert not await carry_until_death(bench, await bench.submit(), effects)
    assert len(effects.seen) >= EFFECTS_MIN
    return effects.seen


async def judge(bench: Bench, order: Order) -> None:
    """Exactly one swap on the ledger, and it is the one the engine believes in."""
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    assert execution.attempt.transaction is not None
    assert await bench.swaps_on_ledger(order) == [execution.attempt.transaction.signature]


@pytest.mark.parametrize("told_after_ms", [60_000, 0], ids=["in one commit", "told at once"])
@pytest.mark.parametrize("side", Side)
async def test_money_moves_once_wherever_the_engine_dies(
    bench: Bench, side: Side, told_after_ms: int
) -> None:
    limits = replace(bench.world.limits, told_after_ms=told_after_ms)
    bench = replace(bench, world=replace(bench.world, limits=limits))
    for number in count():
        order = await bench.submit()
        died = await carry_until_death(bench, order, Effects(die_at=number, side=side))
        await judge(bench, order)
        if not died:
            break
    assert number >= EFFECTS_MIN


@pytest.mark.parametrize("side", Side)
async def test_money_moves_once_when_the_engine_dies_twice(bench: Bench, side: Side) -> None:
    for number in range(len(await effects_of_an_order(bench))):
        order = await bench.submit()
        await carry_until_death(bench, order, Effects(die_at=number, side=side))
        await carry_until_death(bench, order, Effects(die_at=3, side=side))
        await judge(bench, order)


async def test_what_was_signed_is_sent_again_and_nothing_else_is_signed(bench: Bench) -> None:
    seen = await effects_of_an_order(bench)
    order = await bench.submit()
    assert await carry_until_death(
        bench, order, Effects(die_at=seen.index("sender.send"), side=Side.BEFORE)
    )
    before = await bench.execution(order)
    assert before.status is Status.SUBMITTED
    assert await bench.swaps_on_ledger(order) == []
    after = await bench.finish(order)
    assert after.attempt.transaction == before.attempt.transaction
    assert len(after.attempts) == 1


# ── Negative controls: each breaks one rule, and the judge must notice ───────────────────────────


async def send_before_record(world: World, execution: Execution) -> Record:
    """Broken: the bytes leave before anybody wrote them down."""
    record = await building(world, execution)
    for event in record.events:
        if isinstance(event, TransactionSigned):
            await world.sender.send(event.transaction)
    return record


async def sign_again(world: World, execution: Execution) -> Record:
    """Broken: after a crash, an order in flight is built and signed anew and sent blindly."""
    record = await building(world, execution)
    for event in record.events:
        if isinstance(event, TransactionSigned):
            await world.sender.send(event.transaction)
    assert STEPS[Status.SUBMITTED] is not sign_again
    return await STEPS[Status.SUBMITTED](world, execution)


@dataclass(frozen=True)
class Broken:
    """One broken step, and from which status."""

    status: Status
    step: Step


@pytest.mark.parametrize(
    "broken",
    [Broken(Status.BUILDING, send_before_record), Broken(Status.SUBMITTED, sign_again)],
    ids=["send before record", "sign again while in flight"],
)
async def test_the_judge_notices_when_a_rule_is_broken(
    bench: Bench, broken: Broken, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = await effects_of_an_order(bench)
    steps: Mapping[Status, Step] = {**STEPS, broken.status: broken.step}
    caught = 0
    for number in range(len(seen)):
        order = await bench.submit()
        with monkeypatch.context() as patch:
            patch.setattr(run, "STEPS", steps)
            await carry_until_death(bench, order, Effects(die_at=number, side=Side.AFTER))
            # A chain that moves: otherwise the same blockhash would give the same signature.
            await bench.world.clock.sleep_ms(400)
            try:
                await judge(bench, order)
            except AssertionError:
                caught += 1
    assert caught > 0
