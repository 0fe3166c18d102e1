"""An order's story as clients hear it: one commit at a time, each with the Execution it led to.

The log is folded once, in step with its reading, so that whoever translates a commit for people has
the order, the attempt and the status at hand without knowing the lifecycle.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from landfall.core.events import OrderAccepted, Recorded
from landfall.core.execution import Execution
from landfall.core.lifecycle.evolve import evolve
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.order import Order
from landfall.ports import Feed


@dataclass(frozen=True, slots=True)
class Commit:
    """The events recorded together, and the Execution after them."""

    events: tuple[Recorded, ...]
    execution: Execution

    @property
    def ends_the_order(self) -> bool:
        """Whether a client has nothing more to wait for."""
        return self.execution.status in TERMINAL


def order_of(log: Sequence[Recorded]) -> Order | None:
    """The order a log is about; None if the log is empty, for there is no such order."""
    if not log:
        return None
    first = log[0].event
    assert isinstance(first, OrderAccepted)
    return first.order


def commits(log: Sequence[Recorded]) -> Iterator[Commit]:
    """A whole log, commit by commit."""
    execution: Execution | None = None
    pending: list[Recorded] = []
    for recorded in log:
        execution = evolve(execution, recorded)
        pending.append(recorded)
        if recorded.ends_commit:
            yield Commit(tuple(pending), execution)
            pending = []


async def follow(
    feed: Feed, order_id: UUID, log: Sequence[Recorded], after: int
) -> AsyncGenerator[Commit, None]:
    """Commits above version `after`, those of `log` first, then live ones, until the order ends.

    Args:
        feed: where commits after the log come from.
        order_id: the order that `log` is about.
        log: the order's log as read a moment ago; not empty.
        after: the last version the client has; -1 for none.
    """
    last: Commit | None = None
    for last in commits(log):
        if last.execution.version > after:
            yield last
        if last.ends_the_order:
            return
    assert last is not None
    execution = last.execution
    async with aclosing(feed.follow(order_id, execution.version)) as live:
        async for events in live:
            for recorded in events:
                execution = evolve(execution, recorded)
            commit = Commit(events, execution)
            if execution.version > after:
                yield commit
            if commit.ends_the_order:
                return
