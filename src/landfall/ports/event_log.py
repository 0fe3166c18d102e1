"""The log of every order: facts are appended under a claim, with what becomes of the job."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from landfall.core.events import Event, Recorded
from landfall.core.execution import Execution
from landfall.core.order import Order
from landfall.ports.queue import Claim, Next


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A durable order. `replayed` is true when the same request had been accepted before."""

    execution: Execution
    replayed: bool


class EventLog(Protocol):
    """The log of every order, and the jobs that follow from it, changed in the same commits."""

    async def accept(self, order: Order) -> Acceptance:
        """Record `OrderAccepted` and the order's job in one commit.

        An order with the account and client order id of an earlier one is that earlier one, if what
        it asks is the same.

        Raises:
            OrderRejected: IDEMPOTENCY_CONFLICT, the same client order id with another request.
            OutcomeUnknown: the commit may have happened; asking again with the same order id is
            safe.
        """
        ...

    async def load(self, order_id: UUID) -> tuple[Recorded, ...]:
        """The order's whole log; empty if there is no such order."""
        ...

    async def standing(self, order_id: UUID) -> Claim | None:
        """The claim under which an append would pass just now, whoever holds it; None if the order
        has no job.

        For withdrawing an order: the next claim, or the next append, makes this one stale.
        """
        ...

    async def append(
        self,
        claim: Claim,
        execution: Execution,
        events: Sequence[Event],
        then: Next,
        earlier: Sequence[Recorded] = (),
    ) -> Execution:
        """Record the events of one step, with what becomes of the job; return the new Execution.

        They follow `execution`, or the facts of `earlier` steps that followed it and are to be
        recorded in the same commit. Those keep their times, as far as the database's allows.

        Raises:
            VersionConflict: somebody recorded version + 1 already, or the claim's fence is old.
            OutcomeUnknown: the commit may have happened; load the log to see.
        """
        ...
