"""A database that forgot: nothing is signed while the chain holds trades that are not on record.

A backup that is restored does not know what was traded after it was made, so the orders in it that
have not ended may have been filled. The chain does not forget. Before a worker takes its first
order, the wallet's history since the last mark is held against the log; a trade that the wallet
signed and no attempt on record has means that the record is behind, and a human has to see it.

Bytes signed before the restore may still be on their way, and no history shows those. So where
orders are open, and the database is of another lineage than before or no worker was seen for as
long as bytes live, their end is waited for first. A lineage may change under workers that run, for
a replica may be promoted: the queue gives out no order of one that was not held against the chain.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from uuid import UUID

from landfall import observe
from landfall.core.errors import FailureReason, Unavailable, VersionConflict
from landfall.core.events import AttemptFailed, Event, OrderFailed
from landfall.core.execution import Execution, Status
from landfall.core.ledger.answers import Finalized, Landing
from landfall.core.lifecycle.evolve import fold
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.values import BlockHeight
from landfall.core.venues import PROGRAMS
from landfall.pipeline.run import what_next
from landfall.pipeline.step import Record
from landfall.pipeline.submitted import submitted
from landfall.ports import History, Waiting, WalletRecord, World

LOOK_EVERY_MS = 2_000
LINEAGE_EVERY_MS = 5_000
_LINEAGES_PER_LOOK = 12
SILENCE_MS = 30_000
"""Of a database that nobody has worked on for so long, nobody knows whether it is the newest."""

BLOCKS_SPARE = 32
"""Blockhashes that are younger than what `confirmed` shows may have been signed with, too."""

_LOST = OrderFailed(
    reason=FailureReason.RECORD_LOST,
    detail="the database was restored to before what the wallet did on chain",
)


class RecordBehind(Unavailable):
    """No worker signs: the chain holds trades that are not on record."""


class RestoreWaitedOut(Unavailable):
    """No worker signs yet: the database may be an old backup."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Trades of the wallet that are not on record, newest first, and how far this look reached."""

    strangers: tuple[Landing, ...]
    final: Finalized


async def cleared(world: World, history: History, record: WalletRecord) -> None:
    """Return once nothing speaks against signing; until then, say what does.

    An outage of the chain or the database is waited for.
    """
    settled, told, dead = "", 0, BlockHeight(0)
    while True:
        try:
            lineage = await record.lineage()
            if settled != lineage and await _may_be_restored(record):
                await record.set_waiting(Waiting.RESTORED)
                dead = await until_dead(world, history)
            settled = lineage
            findings = await look(history, record)
            if findings.final.block_height < dead:
                raise Unavailable("those who know the wallet's history are behind")
            if not findings.strangers:
                await record.set_mark(findings.final.slot)
                await record.set_cleared(lineage)
                await record.set_waiting(None)
                return
            await record.set_waiting(Waiting.BEHIND)
            if len(findings.strangers) != told:
                told = len(findings.strangers)
                observe.record_behind(told, str(findings.strangers[0].signature))
        except Unavailable as error:
            observe.waiting_to_start(str(error))
        await world.clock.sleep_ms(LOOK_EVERY_MS)


async def kept_clear(world: World, history: History, record: WalletRecord) -> None:
    """Hold the record against the chain again, for ever: whenever its lineage changes, and from
    time to time, so that a restart has little to read.
    """
    is_behind = False
    for look_number in count(1):
        await world.clock.sleep_ms(LINEAGE_EVERY_MS)
        with suppress(Unavailable):
            if not await record.is_cleared():
                observe.lineage_changed()
                await cleared(world, history, record)
            elif not is_behind and look_number % _LINEAGES_PER_LOOK == 0:
                findings = await look(history, record)
                is_behind = bool(findings.strangers)
                if is_behind:
                    observe.stranger_seen(str(findings.strangers[0].signature))
                else:
                    await record.set_mark(findings.final.slot)


async def check_record(record: WalletRecord) -> None:
    """Whether workers may begin, for whoever watches over them.

    Raises:
        RecordBehind: there are trades on chain that are not on record, and a human has to see them.
        RestoreWaitedOut: the database may be an old backup; this ends by itself.
    """
    match await record.waiting():
        case Waiting.BEHIND:
            raise RecordBehind("the wallet made trades that are not on record")
        case Waiting.RESTORED:
            raise RestoreWaitedOut("bytes signed before a restore are waited for")
        case None:
            return


async def look(history: History, record: WalletRecord) -> Findings:
    """Hold the wallet's history since the mark against the log.

    A wallet that is new here is marked where it stands: what it did before is none of ours.
    """
    mark = await record.mark()
    if mark is None:
        final = await history.finalized()
        await record.set_mark(final.slot)
        return Findings((), final)
    # The chain first, then the log: an attempt is on record before it can land.
    told = await history.since(mark)
    unknown = await record.unknown([landing.signature for landing in told.landed])
    strangers = []
    for landing in told.landed:
        if landing.signature in unknown:
            programs = await history.programs_called(landing.signature)
            if programs is not None and programs & PROGRAMS:
                strangers.append(landing)
    return Findings(tuple(strangers), told.final)


async def until_dead(world: World, history: History) -> BlockHeight:
    """Wait until whatever was signed before now has landed in a final block, or never will; the
    height from which on a final block says so.
    """
    latest = await world.chain.latest_blockhash()
    last = latest.last_valid_block_height + BLOCKS_SPARE
    while (await history.finalized()).block_height <= last:
        observe.waiting_to_start(f"bytes signed before a restore would live until block {last}")
        await world.clock.sleep_ms(LOOK_EVERY_MS)
    return BlockHeight(last + 1)


async def accept_loss(world: World, history: History, record: WalletRecord) -> Sequence[UUID]:
    """End every open order without another attempt, and account for what is on chain; which.

    For an operator who has seen the strangers: where there are none, nothing is lost, and nothing
    is ended. What is in flight by the record is followed to its verdict.
    """
    if not (await look(history, record)).strangers:
        return ()
    await until_dead(world, history)
    ended = await record.open_orders()
    for order_id in ended:
        await wind_up(world, order_id)
    await record.set_mark((await history.finalized()).slot)
    return ended


async def wind_up(world: World, order_id: UUID) -> None:
    """Take an order to its end without signing anything."""
    no_retry = replace(world.limits.retry, attempts_max=0)
    still = replace(world, limits=replace(world.limits, retry=no_retry))
    while True:
        # The claim first: whatever is recorded after it makes the append fail.
        claim = await world.log.standing(order_id)
        execution = fold(await world.log.load(order_id))
        if claim is None or execution.status in TERMINAL:
            return
        if execution.status is Status.SUBMITTED:
            events = _not_known(await submitted(still, execution))
        else:
            events = _given_up(execution)
        try:
            await world.log.append(claim, execution, events, what_next(events[-1], world.limits))
        except VersionConflict:
            continue
        return


def _not_known(said: Record) -> tuple[Event, ...]:
    """How an attempt on record ended. Where it failed, a later one that is not may have filled."""
    return tuple(_LOST if isinstance(event, OrderFailed) else event for event in said.events)


def _given_up(execution: Execution) -> tuple[Event, ...]:
    if execution.status is Status.PENDING:
        return (_LOST,)
    number = execution.attempt.number
    attempt = AttemptFailed(attempt=number, reason=_LOST.reason, detail=_LOST.detail)
    return (attempt, _LOST)


async def _may_be_restored(record: WalletRecord) -> bool:
    """Whether this may have forgotten something, and has orders that are still to be carried."""
    if not await record.open_orders():
        return False
    if not await record.is_cleared():
        return True
    silence_ms = await record.silence_ms()
    return silence_ms is None or silence_ms > SILENCE_MS
