"""Following the log: what was missed first, then what comes."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from landfall.core.events import Recorded


@dataclass(frozen=True, slots=True)
class Told:
    """A commit, and the cursor to follow on from there."""

    cursor: str
    commit: tuple[Recorded, ...]


class Feed(Protocol):
    """Following an order: what was missed first, then what comes, each commit once and in order."""

    def follow(self, order_id: UUID, after: int) -> AsyncGenerator[tuple[Recorded, ...], None]:
        """Commits whose last version is above `after` (-1 for all). Ends after a terminal status.

        A reader too slow to keep up is not waited for: it gets what it missed from the log.
        """
        ...

    def follow_all(self, account: str | None, after: str | None) -> AsyncGenerator[Told, None]:
        """Every commit of an account's orders, or of all orders (None), as they are recorded.

        Never ends. `after` is the cursor of an earlier one; without it, from now on.

        Raises:
            OrderRejected: `after` is no cursor.
        """
        ...
