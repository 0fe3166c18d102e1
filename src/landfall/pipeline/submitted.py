"""SUBMITTED: the bytes are on record. Send those, and only those, until the ledger has decided.

This is the only module that sends, and it sends what it read from the log. What a send answers
decides nothing: the ledger takes the same bytes once, however often and whichever way they arrive.
The attempt ends by a fact from the ledger, never by a time-out, an error or silence.
"""

from landfall import observe
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.events import TransactionConfirmed, TransactionExpired, TransactionReverted
from landfall.core.execution import Execution, SignedTransaction
from landfall.core.ledger.answers import Finalized, LandedTransaction
from landfall.core.ledger.expiry import is_expired
from landfall.core.ledger.outcome import read_failure, read_fill
from landfall.core.lifecycle.evolve import expired_failure
from landfall.core.lifecycle.retry import after_failure
from landfall.core.values import Commitment
from landfall.core.venues import VENUES
from landfall.pipeline.step import Record
from landfall.ports import World


async def submitted(world: World, execution: Execution) -> Record:
    """Rebroadcast and watch, for as long as it takes; the facts that end the attempt."""
    transaction = execution.attempt.transaction
    assert transaction is not None
    finalized: Finalized | None = None
    sent_before = False
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
            verdict = await _verdict(world, execution, transaction, finalized)
            if verdict is not None:
                return verdict
            await world.clock.sleep_ms(world.limits.status_poll_ms)
        # Read here, before the next status: see is_expired().
        finalized = await _finalized(world)


async def _send(world: World, transaction: SignedTransaction) -> None:
    try:
        await world.sender.send(transaction)
    except (Unavailable, OutcomeUnknown):
        # It may have arrived or not. The next status tells, and the next round sends again.
        return


async def _finalized(world: World) -> Finalized | None:
    try:
        return await world.chain.finalized()
    except Unavailable:
        return None


async def _verdict(
    world: World,
    execution: Execution,
    transaction: SignedTransaction,
    finalized: Finalized | None,
) -> Record | None:
    """What the ledger has decided, or None while it has not, or while nobody can tell."""
    try:
        answer = await world.chain.status(transaction.signature)
        if answer.status is not None:
            if answer.status.commitment < Commitment.CONFIRMED:
                return None
            landed = await world.chain.transaction(transaction.signature)
            return _landed(world, execution, landed) if landed is not None else None
    except Unavailable:
        return None
    if finalized is None or not is_expired(transaction, finalized, answer):
        return None
    expired = TransactionExpired(
        attempt=execution.attempt.number,
        finalized_slot=finalized.slot,
        finalized_height=finalized.block_height,
        context_slot=answer.context_slot,
    )
    follows = after_failure(
        execution, expired_failure(expired), world.clock.now_ms(), world.limits.retry
    )
    return Record((expired, follows))


def _landed(world: World, execution: Execution, landed: LandedTransaction) -> Record:
    number = execution.attempt.number
    if landed.error is None:
        fill = read_fill(execution.order, world.signer.address, landed)
        return Record((TransactionConfirmed(attempt=number, fill=fill),))
    failure = read_failure(landed.error, landed.logs, VENUES.values())
    reverted = TransactionReverted(
        attempt=number,
        slot=landed.slot,
        fee_lamports=landed.fee_lamports,
        reason=failure.reason,
        detail=failure.detail,
        error=failure.error,
        logs=failure.logs,
        program=failure.program,
        pools=failure.pools,
    )
    follows = after_failure(execution, failure, world.clock.now_ms(), world.limits.retry)
    return Record((reverted, follows))
