"""What a step may answer: facts to record, or that there is nothing to record yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from landfall.core.events import AttemptFailed, Event
from landfall.core.execution import Execution, Failure
from landfall.core.lifecycle.retry import after_failure
from landfall.ports import World


@dataclass(frozen=True, slots=True)
class Record:
    """These facts, in one commit."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing new; look again after this delay."""

    delay_ms: int


Step = Callable[[World, Execution], Awaitable[Record | Wait]]


def attempt_failed(world: World, execution: Execution, failure: Failure) -> Record:
    """The attempt is over with nothing signed: that fact, and what follows from it."""
    failed = AttemptFailed(
        attempt=execution.attempt.number,
        reason=failure.reason,
        detail=failure.detail,
        error=failure.error,
        logs=failure.logs,
        program=failure.program,
        pools=failure.pools,
    )
    return Record(
        (failed, after_failure(execution, failure, world.clock.now_ms(), world.limits.retry))
    )
