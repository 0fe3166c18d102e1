"""CONFIRMED: the fill counts. See whether it has become final, and note it."""

from landfall import observe
from landfall.core.errors import InvariantViolation
from landfall.core.events import TransactionFinalized
from landfall.core.execution import Execution
from landfall.core.ledger.verdict import Opinion, Withheld
from landfall.core.values import Commitment, Slot
from landfall.pipeline.hearing import Hearing, hear
from landfall.pipeline.step import Record, Wait
from landfall.ports import World


async def confirmed(world: World, execution: Execution) -> Record | Wait:
    """Record finality once.

    Raises:
        InvariantViolation: finality contradicts what was confirmed; a human must look.
    """
    transaction = execution.attempt.transaction
    assert transaction is not None
    hearing = await hear(world, execution, transaction)
    match hearing.verdict:
        case Opinion.EXPIRED | Opinion.FAILED:
            raise InvariantViolation(
                f"{transaction.signature} was confirmed, but the finalized ledger does not hold it"
            )
        case Withheld.CONTRADICTION:
            observe.verdict_withheld(
                execution.order.order_id, Withheld.CONTRADICTION.value, hearing.told()
            )
        case Opinion.SUCCEEDED if (slot := _finalized_in(hearing)) is not None:
            _same_slot(execution, slot)
            return Record((TransactionFinalized(slot=slot),))
    return Wait(world.limits.finality_poll_ms)


def _same_slot(execution: Execution, slot: Slot) -> None:
    """The same bytes may land again on another fork, for other amounts than are on record."""
    fill = execution.fill
    assert fill is not None
    if fill.slot != slot:
        raise InvariantViolation(
            f"the fill on record is of slot {fill.slot}, but what became final is of slot {slot}"
        )


def _finalized_in(hearing: Hearing) -> Slot | None:
    """The slot in which it is final, as enough providers say; None while they do not."""
    statuses = (
        each.evidence.answer.status
        for each in hearing.holding(Opinion.SUCCEEDED)
        if each.evidence is not None
    )
    slots = [
        status.slot
        for status in statuses
        if status is not None and status.commitment is Commitment.FINALIZED
    ]
    return next((slot for slot in slots if slots.count(slot) >= hearing.quorum.needed), None)
