"""Withdraw an order while nothing of it is in flight.

A worker may hold the order at the same moment. The log decides: whoever records the next fact first
has it, and the other is told of a conflict. A worker that loses lets go; a withdrawal that loses
looks again, and comes too late if the order has left the statuses in which it can die.
"""

from uuid import UUID

from landfall import observe
from landfall.core.errors import LandfallError, Unavailable, VersionConflict
from landfall.core.events import OrderCancelled
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.evolve import fold
from landfall.core.lifecycle.transitions import CANCELLABLE
from landfall.ports import Finished, World

TRIES_MAX = 20


class NotCancellable(LandfallError):
    """The order cannot be withdrawn as it stands; nothing was changed."""

    def __init__(self, status: Status) -> None:
        super().__init__(f"the order is {status.value}")
        self.status = status


async def cancel(world: World, order_id: UUID) -> Execution:
    """The order, cancelled now or before. It must exist.

    Raises:
        NotCancellable: something of it is in flight, or it has ended otherwise.
        Unavailable: nothing happened.
        OutcomeUnknown: it may be cancelled; asking again is safe.
    """
    for _ in range(TRIES_MAX):
        # The claim first: whatever is recorded after it makes the append fail.
        claim = await world.log.standing(order_id)
        execution = fold(await world.log.load(order_id))
        if execution.status is Status.CANCELLED:
            return execution
        if execution.status not in CANCELLABLE:
            raise NotCancellable(execution.status)
        if claim is None:
            continue
        try:
            cancelled = await world.log.append(
                claim, execution, (OrderCancelled(),), Finished.FINISHED
            )
        except VersionConflict:
            continue
        observe.order_moved(
            order_id, cancelled.version, cancelled.status.value, len(cancelled.attempts)
        )
        elapsed_ms = cancelled.updated_at_ms - cancelled.accepted_at_ms
        observe.order_ended(order_id, cancelled.status.value, elapsed_ms)
        return cancelled
    raise Unavailable("workers were faster every time")
