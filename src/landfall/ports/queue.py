"""Which orders have something to do, and who may do it: jobs under a lease and a fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased job: this worker alone may record events of this order until the lease ends.

    `fence` grows with every claim of the order; the log refuses an append under an old one.
    """

    order_id: UUID
    fence: int


class Finished(Enum):
    """Nothing more to do for this order; see `Next`."""

    FINISHED = "finished"


class Held(Enum):
    """The claim is kept, the next step follows at once; see `Next`."""

    HELD = "held"


@dataclass(frozen=True, slots=True)
class RunAfter:
    """The claim is given back and the job may be claimed again after this delay (database time)."""

    delay_ms: int


Next = Held | RunAfter | Finished
"""What becomes of the job in the commit that records the events."""


class Queue(Protocol):
    """Which orders have something to do. Leases are in database time, so clocks need not agree."""

    async def claim(self, limit: int) -> tuple[Claim, ...]:
        """Lease up to `limit` due jobs, by priority and then age, within the rate limit for new
        orders.
        """
        ...

    async def renew(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Extend leases; the answer holds those that are still ours."""
        ...

    async def release(self, claim: Claim, delay_ms: int) -> None:
        """Give a claim back, to be claimed again after the delay.

        Harmless if it is no longer ours.
        """
        ...

    async def wait(self, timeout_ms: int) -> None:
        """Return when there may be something to claim, or after the time-out."""
        ...
