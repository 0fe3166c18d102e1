"""API keys, and the tickets with which a browser opens a WebSocket."""

from dataclasses import dataclass
from typing import Protocol

from landfall.access import ApiKey


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A ticket was good; `key_id` is whose it was, None where no key is needed."""

    key_id: str | None


class Keys(Protocol):
    """API keys, and the tickets with which a browser opens a WebSocket."""

    async def find(self, key_id: str) -> ApiKey | None:
        """The key with this id, good or not."""
        ...

    async def used(self, key_id: str) -> None:
        """Note that the key was used."""
        ...

    async def add_ticket(self, ticket: str, key_id: str | None, lifetime_ms: int) -> None:
        """Make a ticket good, once and for this long."""
        ...

    async def redeem(self, ticket: str) -> Redeemed | None:
        """Use a ticket up; None if there is no such ticket any more."""
        ...
