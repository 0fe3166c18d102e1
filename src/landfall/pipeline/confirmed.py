"""CONFIRMED: the fill counts. See whether it has become final, and note it."""

from landfall.core.errors import InvariantViolation
from landfall.core.events import TransactionFinalized
from landfall.core.execution import Execution
from landfall.core.ledger.expiry import is_expired
from landfall.core.values import Commitment
from landfall.pipeline.step import Record, Wait
from landfall.ports import World


async def confirmed(world: World, execution: Execution) -> Record | Wait:
    """Record finality once.

    Raises:
        InvariantViolation: finality contradicts what was confirmed; a human must look.
    """
    transaction = execution.attempt.transaction
    assert transaction is not None
    # Read before the status: see is_expired().
    finalized = await world.chain.finalized()
    answer = await world.chain.status(transaction.signature)
    if is_expired(transaction, finalized, answer):
        raise InvariantViolation(
            f"{transaction.signature} was confirmed, but the finalized ledger does not hold it"
        )
    if answer.status is not None and answer.status.commitment is Commitment.FINALIZED:
        return Record((TransactionFinalized(slot=answer.status.slot),))
    return Wait(world.limits.finality_poll_ms)
