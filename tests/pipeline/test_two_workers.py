"""Two workers on one order: the loser has sent nothing, because sending follows recording."""

import asyncio
from collections.abc import Sequence

import pytest

from landfall.core.errors import FailureReason, VersionConflict
from landfall.core.events import AttemptFailed, Event, Recorded, RetryScheduled, TransactionSigned
from landfall.core.execution import Execution, Failure, Status
from landfall.core.lifecycle.evolve import evolved, facts_after
from landfall.core.lifecycle.retry import after_failure
from landfall.core.order import Order
from landfall.pipeline.building import building
from landfall.pipeline.pending import pending
from landfall.pipeline.routing import routing
from landfall.pipeline.run import carry
from landfall.pipeline.step import Record
from landfall.pipeline.submitted import submitted
from landfall.ports import Claim, EventLog, Held, Next
from tests.pipeline.conftest import Bench


async def until_building(bench: Bench, claim: Claim, execution: Execution) -> Execution:
    """The order just before its attempt is signed."""
    for step in (pending, routing):
        record = await step(bench.world, execution)
        execution = await bench.world.log.append(claim, execution, record.events, Held.HELD)
    assert execution.status is Status.BUILDING
    return execution


async def stale_by_one_attempt(bench: Bench) -> tuple[Order, Claim, Execution, Record]:
    """A worker has signed attempt 1 and sleeps; another gave that attempt up and filled attempt 2.

    Returns the order, and the claim, the view and the unrecorded facts of the one who slept.
    """
    order = await bench.submit()
    stale_claim = await bench.claim(order)
    stale = await until_building(bench, stale_claim, await bench.execution(order))
    signed = await building(bench.world, stale)
    assert isinstance(signed.events[0], TransactionSigned)

    # A chain that moves: with the same blockhash both would sign the same bytes.
    await bench.world.clock.sleep_ms(400)
    claim = await bench.claim(order)
    failure = Failure(reason=FailureReason.STALE_QUOTE, detail="given up by the other worker")
    failed = AttemptFailed(attempt=1, reason=failure.reason, detail=failure.detail)
    follows = after_failure(stale, failure, bench.world.clock.now_ms(), bench.world.limits.retry)
    assert isinstance(follows, RetryScheduled)
    await bench.world.log.append(claim, stale, (failed, follows), Held.HELD)
    assert (await bench.finish(order)).status is Status.CONFIRMED
    return order, stale_claim, stale, signed


async def test_a_worker_one_attempt_behind_records_nothing_and_sends_nothing(bench: Bench) -> None:
    order, claim, stale, signed = await stale_by_one_attempt(bench)
    with pytest.raises(VersionConflict):
        await bench.world.log.append(claim, stale, signed.events, Held.HELD)
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_a_worker_with_a_fresh_claim_and_an_old_view_records_nothing(bench: Bench) -> None:
    order, _, stale, signed = await stale_by_one_attempt(bench)
    with pytest.raises(VersionConflict):
        await bench.world.log.append(await bench.claim(order), stale, signed.events, Held.HELD)
    assert len(await bench.swaps_on_ledger(order)) == 1


class Credulous:
    """Broken: a log that takes any fact from anybody, whatever was recorded meanwhile."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def append(
        self,
        claim: Claim,
        execution: Execution,
        events: Sequence[Event],
        then: Next,
        earlier: Sequence[Recorded] = (),
    ) -> Execution:
        before = evolved(execution, earlier)
        return evolved(before, facts_after(before, events, before.updated_at_ms))


async def test_control_without_the_version_check_a_stale_worker_spends_twice(bench: Bench) -> None:
    order, claim, stale, signed = await stale_by_one_attempt(bench)
    believes = await Credulous(bench.world.log).append(claim, stale, signed.events, Held.HELD)
    await submitted(bench.world, believes)
    assert len(await bench.swaps_on_ledger(order)) == 2


@pytest.mark.parametrize("workers", [2, 5])
async def test_however_many_workers_carry_an_order_it_is_filled_once(
    bench: Bench, workers: int
) -> None:
    order = await bench.submit()
    claims = [await bench.claim(order) for _ in range(workers)]
    outcomes = await asyncio.gather(
        *(carry(bench.world, bench.queue, claim) for claim in claims), return_exceptions=True
    )
    assert sum(isinstance(outcome, VersionConflict) for outcome in outcomes) == workers - 1
    assert (await bench.finish(order)).status is Status.CONFIRMED
    assert len(await bench.swaps_on_ledger(order)) == 1
