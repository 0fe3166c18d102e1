"""A pool as the router is handed it, and as it merges it with others: with its supply curve."""

from dataclasses import dataclass
from typing import Protocol

from landfall.core.routing.curves import Curve
from landfall.core.values import Pubkey
from landfall.core.venue import AnyVenue, Pool


class Offer(Protocol):
    """A pool with the venue that understands it."""

    @property
    def venue(self) -> AnyVenue: ...

    @property
    def pool(self) -> Pool: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A pool that trades in the wanted direction, and what it has on offer."""

    offer: Offer
    curve: Curve

    @property
    def address(self) -> Pubkey:
        return self.offer.pool.address
