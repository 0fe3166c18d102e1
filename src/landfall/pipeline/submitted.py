"""SUBMITTED: the bytes are on record. Send those, and only those, until the ledger has decided.

This is the only module that sends, and it sends what it read from the log. What a send answers
decides nothing: the ledger takes the same bytes once, however often and whichever way they arrive.
The attempt ends by a fact from the ledger, never by a time-out, an error or silence.
"""

from solders.transaction import VersionedTransaction

from landfall import observe
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.events import TransactionConfirmed, TransactionExpired, TransactionReverted
from landfall.core.execution import Execution, SignedTransaction
from landfall.core.ledger.answers import Evidence, LandedTransaction
from landfall.core.ledger.outcome import read_failure, read_fill, read_rent
from landfall.core.ledger.swaps import pools_by_instruction
from landfall.core.ledger.verdict import Opinion, Withheld
from landfall.core.lifecycle.evolve import expired_failure
from landfall.core.lifecycle.retry import after_failure
from landfall.core.venues import PROGRAMS, VENUES_BY_PROGRAM
from landfall.pipeline.hearing import agreed_record, hear
from landfall.pipeline.step import Record
from landfall.ports import World


async def submitted(world: World, execution: Execution) -> Record:
    """Rebroadcast and watch, for as long as it takes; the facts that end the attempt."""
    transaction = execution.attempt.transaction
    assert transaction is not None
    sent_before = False
    withheld: Withheld | None = None
    while True:
        await _send(world, transaction)
        observe.transaction_sent(
            execution.order.order_id,
            execution.attempt.number,
            transaction.signature,
            again=sent_before,
        )
        sent_before = True
        # Counted, not timed: a clock that jumps must not stop the rebroadcast.
        for _ in range(max(1, world.limits.rebroadcast_ms // world.limits.status_poll_ms)):
            await _until_all_look(world)
            verdict = await _verdict(world, execution, transaction, withheld)
            if isinstance(verdict, Record):
                return verdict
            withheld = verdict


async def _until_all_look(world: World) -> None:
    """Sleep until the orders in flight are looked at, all in the same moment: one call asks for as
    many of them as there are.
    """
    poll_ms = world.limits.status_poll_ms
    await world.clock.sleep_ms(poll_ms - world.clock.now_ms() % poll_ms)


async def _send(world: World, transaction: SignedTransaction) -> None:
    try:
        await world.sender.send(transaction)
    except (Unavailable, OutcomeUnknown):
        # It may have arrived or not. The next status tells, and the next round sends again.
        return


async def _verdict(
    world: World,
    execution: Execution,
    transaction: SignedTransaction,
    told: Withheld | None,
) -> Record | Withheld | None:
    """What the ledger has decided; None while it has not, or while nobody can tell.

    Why a verdict is withheld is told once, for as long as it stays the reason: `told` before.
    """
    hearing = await hear(world, execution, transaction)
    outcome: LandedTransaction | Withheld | None
    match hearing.verdict:
        case Opinion.EXPIRED:
            evidence = hearing.holding(Opinion.EXPIRED)[0].evidence
            assert evidence is not None
            return _expired(world, execution, evidence)
        case Opinion() as landed:
            outcome = await agreed_record(hearing, landed, transaction.signature)
        case withheld:
            outcome = withheld
    if isinstance(outcome, LandedTransaction):
        return _landed(world, execution, outcome)
    if outcome is not None and outcome is not told:
        observe.verdict_withheld(execution.order.order_id, outcome.value, hearing.told())
    return outcome


def _expired(world: World, execution: Execution, evidence: Evidence) -> Record:
    assert evidence.finalized is not None
    expired = TransactionExpired(
        attempt=execution.attempt.number,
        finalized_slot=evidence.finalized.slot,
        finalized_height=evidence.finalized.block_height,
        context_slot=evidence.answer.context_slot,
    )
    follows = after_failure(
        execution, expired_failure(expired), world.clock.now_ms(), world.limits.retry
    )
    return Record((expired, follows))


def _landed(world: World, execution: Execution, landed: LandedTransaction) -> Record:
    number = execution.attempt.number
    transaction, route = execution.attempt.transaction, execution.attempt.route
    assert transaction is not None
    assert route is not None
    if landed.error is None:
        wallet, tip = world.signer.address, transaction.tip_lamports
        confirmed = TransactionConfirmed(
            attempt=number,
            fill=read_fill(execution.order, wallet, landed, tip),
            tip_lamports=tip,
            rent_lamports=read_rent(wallet, landed.balances),
        )
        return Record((confirmed,))
    sent = VersionedTransaction.from_bytes(transaction.raw).message
    pools = pools_by_instruction(sent, route, PROGRAMS)
    failure = read_failure(landed.error, landed.logs, VENUES_BY_PROGRAM.values(), pools)
    reverted = TransactionReverted(
        attempt=number,
        slot=landed.slot,
        fee_lamports=landed.balances.fee_lamports,
        reason=failure.reason,
        detail=failure.detail,
        error=failure.error,
        logs=failure.logs,
        program=failure.program,
        pools=failure.pools,
    )
    follows = after_failure(execution, failure, world.clock.now_ms(), world.limits.retry)
    return Record((reverted, follows))
