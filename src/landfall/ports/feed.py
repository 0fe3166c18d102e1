"""Following the log: what was missed first, then what comes."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from landfall.core.events import Recorded

COMMITS_AT_ONCE = 100
"""How many commits at once say that there may be more of them already."""


@dataclass(frozen=True, slots=True)
class Told:
    """A commit, and the cursor to follow on from there."""

    cursor: str
    commit: tuple[Recorded, ...]


class Interest:
    """Which orders somebody who follows all of them wants to hear of; it may change meanwhile."""

    __slots__ = ("_when_changed", "only")

    def __init__(self) -> None:
        self.only: frozenset[UUID] | None = None
        self._when_changed: Callable[[], None] | None = None

    def wants(self, order_id: UUID) -> bool:
        """Whether an order is among them."""
        return self.only is None or order_id in self.only

    def change(self, only: frozenset[UUID] | None) -> None:
        """Want these from now on; None for all."""
        self.only = only
        if self._when_changed is not None:
            self._when_changed()

    def when_changed(self, call: Callable[[], None] | None) -> None:
        """Call this when it changes; it takes the place of what was to be called before."""
        self._when_changed = call


class Feed(Protocol):
    """Following an order: what was missed first, then what comes, each commit once and in order."""

    def follow(self, order_id: UUID, after: int) -> AsyncGenerator[tuple[Recorded, ...], None]:
        """Commits whose last version is above `after` (-1 for all). Ends after a terminal status.

        A reader too slow to keep up is not waited for: it gets what it missed from the log.
        """
        ...

    async def now(self) -> str:
        """The cursor of this moment: what is recorded from now on comes after it."""
        ...

    def follow_all(
        self, account: str | None, after: str, interest: Interest
    ) -> AsyncGenerator[Sequence[Told], None]:
        """Commits of an account's orders, or of all orders (None), as they are recorded.

        Each time what there is by then, at least one; `COMMITS_AT_ONCE` or more if that was not
        all. Never ends. `after` is the cursor of an earlier commit, or of a moment.

        Raises:
            OrderRejected: `after` is no cursor.
        """
        ...
