"""Carry one order forward until there is nothing to do for now.

This loop is also how the engine recovers: after a crash the order is claimed again, its log is
folded and the step of its status is taken. Steps return facts and only the journal records them, so
there is one place where the engine can die between knowing and remembering.
"""

from collections.abc import Callable, Mapping

from landfall.core.events import (
    Event,
    OrderCancelled,
    OrderExpired,
    OrderFailed,
    RetryScheduled,
    TransactionConfirmed,
    TransactionFinalized,
)
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.evolve import fold
from landfall.pipeline.building import building
from landfall.pipeline.confirmed import confirmed
from landfall.pipeline.journal import Journal
from landfall.pipeline.pending import pending
from landfall.pipeline.routing import routing
from landfall.pipeline.step import Record, Step, Wait
from landfall.pipeline.submitted import submitted
from landfall.ports import Claim, Finished, Held, Limits, Next, Queue, RunAfter, World

STEPS: Mapping[Status, Step] = {
    Status.PENDING: pending,
    Status.ROUTING: routing,
    Status.BUILDING: building,
    Status.SUBMITTED: submitted,
    Status.CONFIRMED: confirmed,
}
"""A status says what to do next. Statuses without a step have ended."""


def _never() -> bool:
    return False


async def carry(
    world: World, queue: Queue, claim: Claim, *, stopping: Callable[[], bool] = _never
) -> None:
    """Take the steps of one claimed order until its job is given back or finished.

    Once `stopping` says so, an order is only followed if something of it is in flight. What a step
    had come to otherwise is dropped, a signature with it: what is not on record has not been sent.

    Raises:
        VersionConflict: another worker has the order now.
        Unavailable: something did not answer; nothing was lost.
        OutcomeUnknown: a commit may have happened; the next claim reads which.
        InvariantViolation: a bug or corrupt data.
    """
    journal = Journal(world, claim, fold(await world.log.load(claim.order_id)))
    while (step := STEPS.get(journal.execution.status)) is not None:
        said = None if _let_go(journal.execution, stopping) else await journal.say(step)
        if said is None or _let_go(journal.execution, stopping):
            await queue.release(claim, 0)
            return
        match said:
            case Record(events):
                then = what_next(events[-1], world.limits)
                await journal.note(events, then)
                if not isinstance(then, Held):
                    return
            case Wait(delay_ms):
                await queue.release(claim, delay_ms)
                return


def _let_go(execution: Execution, stopping: Callable[[], bool]) -> bool:
    return stopping() and execution.status is not Status.SUBMITTED


def what_next(event: Event, limits: Limits) -> Next:
    """What becomes of the job once `event` is the last on record."""
    match event:
        case RetryScheduled(delay_ms=delay_ms):
            return RunAfter(delay_ms)
        case TransactionConfirmed():
            return RunAfter(limits.finality_poll_ms)
        case TransactionFinalized() | OrderFailed() | OrderCancelled() | OrderExpired():
            return Finished.FINISHED
        case _:
            return Held.HELD
