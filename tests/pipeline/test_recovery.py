"""A database that is older than the chain: what was traded since is noticed before anything is
signed, and orders that may have been filled end without another attempt.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import msgspec
import pytest

from landfall.chain.history import WalletHistory
from landfall.core.errors import FailureReason, Unavailable
from landfall.core.execution import Status
from landfall.core.ledger.answers import Finalized
from landfall.core.lifecycle.evolve import fold
from landfall.core.values import BlockHeight
from landfall.pipeline import recovery
from landfall.pipeline.recovery import (
    RecordBehind,
    RestoreWaitedOut,
    accept_loss,
    check_record,
    cleared,
    kept_clear,
    look,
)
from landfall.pipeline.run import carry
from landfall.ports import Landings, Waiting, World
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from landfall.store.migrations.migrate import migrate
from landfall.store.wallet_record import PostgresWalletRecord
from tests.pipeline.conftest import Bench

PATIENCE_S = 2.0


@pytest.fixture
async def old_pool(empty_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Another database: what a backup of the first one holds, once a test has put it there."""
    await migrate(empty_dsn)
    pool = await connect(empty_dsn)
    yield pool
    pool.terminate()


def history_of(bench: Bench) -> WalletHistory:
    return WalletHistory([(bench.rpc, lambda: None)], bench.world.signer.address)


def record_on(bench: Bench, pool: asyncpg.Pool) -> PostgresWalletRecord:
    return PostgresWalletRecord(pool, bench.world.signer.address)


async def is_cleared(world: World, bench: Bench, pool: asyncpg.Pool) -> bool:
    """Whether a worker would begin; one that waits is given some time to change its mind."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await cleared(world, history_of(bench), record_on(bench, pool))
    except TimeoutError:
        return False
    return True


async def test_a_wallet_that_is_new_here_is_taken_as_it_stands(bench: Bench, pool: Any) -> None:
    assert await is_cleared(bench.world, bench, pool)
    assert await record_on(bench, pool).mark() is not None


async def test_what_is_on_record_is_no_stranger_and_the_mark_moves_on(
    bench: Bench, pool: Any
) -> None:
    record = record_on(bench, pool)
    await look(history_of(bench), record)
    marked = await record.mark()
    assert marked is not None
    await bench.finish(await bench.submit())
    await bench.world.clock.sleep_ms(20_000)
    assert await is_cleared(bench.world, bench, pool)
    assert (await record.mark() or 0) > marked


async def test_a_trade_that_is_not_on_record_keeps_every_worker_from_signing(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    await look(history_of(bench), record_on(bench, old_pool))
    order = await bench.submit()
    old = replace(bench.world, log=PostgresEventLog(old_pool))
    await old.log.accept(order)
    await bench.finish(order)
    (signature,) = await bench.swaps_on_ledger(order)
    assert not await is_cleared(old, bench, old_pool)
    findings = await look(history_of(bench), record_on(bench, old_pool))
    assert [landing.signature for landing in findings.strangers] == [signature]

    ended = await accept_loss(old, history_of(bench), record_on(bench, old_pool))
    assert ended == (order.order_id,)
    execution = fold(await old.log.load(order.order_id))
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.RECORD_LOST
    assert await is_cleared(old, bench, old_pool)
    await check_record(record_on(bench, old_pool))
    assert await bench.swaps_on_ledger(order) == [signature]


async def test_where_nothing_is_missing_no_order_is_ended(bench: Bench, pool: Any) -> None:
    record = record_on(bench, pool)
    await look(history_of(bench), record)
    await bench.finish(await bench.submit())
    order = await bench.submit()
    assert await accept_loss(bench.world, history_of(bench), record) == ()
    assert (await bench.execution(order)).status is Status.PENDING


async def test_bytes_that_land_after_the_restore_are_waited_for_before_an_open_order_is_carried(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    held: list[Any] = []

    class HeldBack:
        async def send(self, transaction: Any) -> None:
            held.append(transaction)

    await look(history_of(bench), record_on(bench, old_pool))
    order = await bench.submit()
    old = replace(bench.world, log=PostgresEventLog(old_pool))
    await old.log.accept(order)
    carrying = asyncio.create_task(_carried(bench, order, HeldBack()))
    while not held:
        await asyncio.sleep(0)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    # Nothing is on chain yet, so nothing is strange; but the bytes are good for a while.
    assert (await look(history_of(bench), record_on(bench, old_pool))).strangers == ()
    clearing = asyncio.create_task(is_cleared(old, bench, old_pool))
    await asyncio.sleep(0)
    while not await record_on(bench, old_pool).waiting():
        await asyncio.sleep(0)
    assert await record_on(bench, old_pool).waiting() is Waiting.RESTORED
    await bench.world.sender.send(held[0])
    assert not await clearing
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_a_replica_that_is_promoted_under_workers_that_run_is_held_against_the_chain(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    record = record_on(bench, old_pool)
    order = await bench.submit()
    old = replace(bench.world, log=PostgresEventLog(old_pool))
    await old.log.accept(order)
    # A worker was seen a moment ago, so its silence says nothing.
    await old_pool.execute("insert into workers values ('one', clock_timestamp())")
    assert await is_cleared(old, bench, old_pool)
    await bench.finish(order)
    await old_pool.execute("update cleared_lineage set lineage = 'the server before'")
    keeping = asyncio.create_task(kept_clear(old, history_of(bench), record))
    while await record.waiting() is not Waiting.RESTORED:
        await asyncio.sleep(0)
    while await record.waiting() is not Waiting.BEHIND:
        await asyncio.sleep(0)
    assert not await record.is_cleared()
    keeping.cancel()
    await accept_loss(old, history_of(bench), record)
    assert await is_cleared(old, bench, old_pool)
    assert await record.is_cleared()
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_a_worker_that_runs_moves_the_mark_on_and_tells_of_a_stranger(
    bench: Bench, pool: Any, old_pool: Any, capsys: Any
) -> None:
    record, elsewhere = record_on(bench, pool), record_on(bench, old_pool)
    for each in (record, elsewhere):
        await look(history_of(bench), each)
    marked = await record.mark() or 0
    await bench.finish(await bench.submit())
    keepings = [
        asyncio.create_task(kept_clear(bench.world, history_of(bench), each))
        for each in (record, elsewhere)
    ]
    while (await record.mark() or 0) <= marked or "stranger_seen" not in capsys.readouterr().out:
        await asyncio.sleep(0)
    for keeping in keepings:
        keeping.cancel()
    assert await elsewhere.mark() == marked


class Telling:
    """A node that answers only some questions, and some of them otherwise."""

    def __init__(self, rpc: Any, silent: str = "", **instead: Any) -> None:
        self._rpc, self._silent, self._instead = rpc, silent, instead

    async def call(self, method: str, params: Any, shape: Any) -> Any:
        if method == self._silent:
            raise Unavailable("no answer")
        if method in self._instead:
            return msgspec.convert(self._instead[method], shape)
        return await self._rpc.call(method, params, shape)


async def test_what_one_node_lists_is_not_taken_to_reach_as_far_as_another_is_final(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    record = record_on(bench, old_pool)
    await look(history_of(bench), record)
    await bench.finish(await bench.submit())
    await bench.world.clock.sleep_ms(20_000)
    stuck = {"getEpochInfo": {"absoluteSlot": 1, "blockHeight": 1}, "getSignaturesForAddress": []}
    final_only = Telling(bench.rpc, silent="getSignaturesForAddress")
    list_only = Telling(bench.rpc, silent="getEpochInfo", **stuck)
    behind = Telling(bench.rpc, **stuck)

    def told_by(*nodes: Any) -> WalletHistory:
        return WalletHistory([(node, lambda: None) for node in nodes], bench.world.signer.address)

    with pytest.raises(Unavailable):
        await look(told_by(final_only, list_only), record)
    assert (await look(told_by(final_only, behind), record)).final.slot == 1
    assert (await look(told_by(bench.rpc, behind), record)).strangers


async def test_after_a_restore_a_history_that_is_behind_clears_nothing(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    record = record_on(bench, old_pool)
    await look(history_of(bench), record)
    order = await bench.submit()
    old = replace(bench.world, log=PostgresEventLog(old_pool))
    await old.log.accept(order)
    await bench.finish(order)

    class Misled(WalletHistory):
        """Bytes are dead by what one provider says; then only one that is behind answers."""

        async def since(self, slot: Any) -> Landings:
            return Landings((), Finalized(slot, BlockHeight(1)))

    misled = Misled([(bench.rpc, lambda: None)], bench.world.signer.address)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            await cleared(old, misled, record)


async def test_who_watches_over_it_hears_why_no_worker_begins(
    bench: Bench, pool: Any, old_pool: Any
) -> None:
    record = record_on(bench, old_pool)
    await look(history_of(bench), record)
    await check_record(record)
    await record.set_waiting(Waiting.RESTORED)
    with pytest.raises(RestoreWaitedOut):
        await check_record(record)
    await bench.finish(await bench.submit())
    assert not await is_cleared(bench.world, bench, old_pool)
    with pytest.raises(RecordBehind):
        await check_record(record)
    await record.set_mark((await history_of(bench).finalized()).slot)
    await bench.world.clock.sleep_ms(20_000)
    await record.set_mark((await history_of(bench).finalized()).slot)
    assert await is_cleared(bench.world, bench, old_pool)
    await check_record(record)


async def _carried(bench: Bench, order: Any, sender: Any) -> None:
    await carry(replace(bench.world, sender=sender), bench.queue, await bench.claim(order))


async def test_somebody_elses_transfer_to_the_wallet_is_no_trade(bench: Bench, pool: Any) -> None:
    record = record_on(bench, pool)
    await look(history_of(bench), record)
    await bench.rpc.call("requestAirdrop", [str(bench.world.signer.address), 5], str)
    await bench.world.clock.sleep_ms(2_000)
    assert await is_cleared(bench.world, bench, pool)


async def test_an_order_in_flight_on_record_is_followed_to_its_fill(
    bench: Bench, pool: Any
) -> None:
    order = await bench.submit()
    held: list[Any] = []

    class Noted:
        async def send(self, transaction: Any) -> None:
            held.append(transaction)

    carrying = asyncio.create_task(_carried(bench, order, Noted()))
    while not held:
        await asyncio.sleep(0)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    await recovery.wind_up(bench.world, order.order_id)
    assert (await bench.execution(order)).status is Status.CONFIRMED
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_an_order_in_flight_on_record_that_expires_is_not_tried_again_and_is_not_known(
    bench: Bench,
) -> None:
    order = await bench.submit()
    held: list[Any] = []

    class Loses:
        async def send(self, transaction: Any) -> None:
            held.append(transaction)

    carrying = asyncio.create_task(_carried(bench, order, Loses()))
    while not held:
        await asyncio.sleep(0)
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    # Time enough for other attempts, so that it is not time that ends the order.
    retry = replace(bench.world.limits.retry, order_timeout_ms=10**9)
    lossy = replace(bench.world, sender=Loses(), limits=replace(bench.world.limits, retry=retry))
    await recovery.wind_up(lossy, order.order_id)
    execution = await bench.execution(order)
    assert (execution.status, len(execution.attempts)) == (Status.FAILED, 1)
    assert execution.attempt.failure is not None
    assert execution.attempt.failure.reason is FailureReason.BLOCKHASH_EXPIRED
    # What was tried after it, the record has lost.
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.RECORD_LOST
    assert await bench.swaps_on_ledger(order) == []
