"""What is known of one order while it is carried, and how much of that is on record.

Only a send needs the record. Until something is signed, a crash loses nothing but work that is done
again, so what led to a signature is recorded with it, in one commit. Whoever follows the order is
not kept waiting for that: if a step takes longer, what is known is recorded while it goes on.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from landfall import observe
from landfall.core.events import AttemptFailed, Event, Recorded, TransactionReverted
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.evolve import evolved, facts_after
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.pipeline.step import Record, Step, Wait
from landfall.ports import Claim, Held, Next, World


@dataclass(frozen=True, slots=True)
class _Noted:
    """What a step came to, not on record yet."""

    before: Execution
    after: Execution
    facts: tuple[Recorded, ...]


class Journal:
    """The facts of one claimed order.

    Args:
        world: has the log.
        claim: under which it is written.
        execution: what is on record.
    """

    def __init__(self, world: World, claim: Claim, execution: Execution) -> None:
        self.execution = execution
        self._world = world
        self._claim = claim
        self._noted: list[_Noted] = []

    async def say(self, step: Step) -> Record | Wait:
        """What the step comes to, after all that is known.

        Raises:
            VersionConflict: another worker has the order now.
            Unavailable: something did not answer; what was known before the step is on record.
            OutcomeUnknown: a commit may have happened.
        """
        if not self._noted:
            return await step(self._world, self.execution)
        stepping = asyncio.ensure_future(step(self._world, self.execution))
        try:
            await asyncio.wait({stepping}, timeout=self._world.limits.told_after_ms / 1000)
            if not stepping.done() or isinstance(stepping.exception(), Exception):
                await self._write(Held.HELD)
            return await stepping
        finally:
            stepping.cancel()
            await asyncio.gather(stepping, return_exceptions=True)

    async def note(self, events: Sequence[Event], then: Next) -> None:
        """Take what a step came to; it is on record before anything follows that a crash must not
        forget.
        """
        before = self.execution
        at_ms = max(self._world.clock.now_ms(), before.updated_at_ms)
        facts = facts_after(before, events, at_ms)
        self.execution = evolved(before, facts)
        self._noted.append(_Noted(before, self.execution, facts))
        # What is submitted may be sent, and who lets the order go leaves it to the record.
        if self.execution.status is Status.SUBMITTED or not isinstance(then, Held):
            await self._write(then)

    async def _write(self, then: Next) -> None:
        *earlier, last = self._noted
        self._noted = []
        self.execution = await self._world.log.append(
            self._claim,
            (earlier or [last])[0].before,
            [fact.event for fact in last.facts],
            then,
            [fact for each in earlier for fact in each.facts],
        )
        for each in earlier:
            _tell(each.before, each.after, each.facts)
        _tell(last.before, self.execution, last.facts)


def _tell(before: Execution, execution: Execution, facts: Sequence[Recorded]) -> None:
    order_id, status = execution.order.order_id, execution.status
    observe.stage_ended(before.status.value, execution.updated_at_ms - before.updated_at_ms)
    for fact in facts:
        event = fact.event
        if isinstance(event, AttemptFailed | TransactionReverted):
            observe.attempt_failed(order_id, event.attempt, event.reason.value, event.detail)
    observe.order_moved(order_id, execution.version, status.value, len(execution.attempts))
    if status in TERMINAL and execution.finalized_slot is None:
        observe.order_ended(
            order_id, status.value, execution.updated_at_ms - execution.accepted_at_ms
        )
