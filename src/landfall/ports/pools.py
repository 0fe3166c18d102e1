"""The pools of every venue, as fresh as this cluster lets us see them, and what remembers them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from landfall.core.quote import Quote, Refused
from landfall.core.routing.supplies import Curves, Supplies
from landfall.core.slippage import PriceAt
from landfall.core.values import ChainClock, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.venue import AnyVenue, Pool


@dataclass(frozen=True, slots=True)
class LoadedPool:
    """A pool together with the venue that understands it."""

    venue: AnyVenue
    pool: Pool


@dataclass(frozen=True, slots=True)
class PoolsAt:
    """Pools, each whole as of one slot, and the cluster's newest clock.

    `slot` is the oldest of theirs. `left_out` are not tradable, and say why. `supplies` is what
    the pools offer, for the router, with the `curves` that are known of them from earlier slots.
    """

    slot: Slot
    clock: ChainClock
    pools: tuple[LoadedPool, ...]
    left_out: tuple[Refused, ...]
    curves: Curves = field(default_factory=Curves, compare=False, repr=False)
    supplies: Supplies = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "supplies", Supplies(self.pools, self.clock, self.curves))


class Pools(Protocol):
    """The pools of every venue, as fresh as this cluster lets us see them."""

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools that trade the two mints against one another."""
        ...

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools that lead from one mint to the other in one swap or two.

        Those that trade the two, and those that trade either of them against a third mint which
        both have a pool with.
        """
        ...

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        """These pools, wherever they trade."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPools:
    """The answer to a search of a program's accounts, and when it was given (database time)."""

    addresses: tuple[Pubkey, ...]
    found_at_ms: int


class PoolBook(Protocol):
    """What searches for pools found, and how far the chain has got; shared by all workers and
    outliving them.
    """

    async def found(
        self, questions: Sequence[ProgramAccountsFilter]
    ) -> Mapping[ProgramAccountsFilter, FoundPools]:
        """The newest answers to these questions, however old; none where none was recorded."""
        ...

    async def record(self, question: ProgramAccountsFilter, found: FoundPools) -> None:
        """Replace an older answer."""
        ...

    async def newest_slot(self, seen: Slot) -> Slot:
        """The newest slot that any worker has seen of late, given the newest one seen here."""
        ...


class Prices(Protocol):
    """What pools' prices were in the last slots, as far as this process asked. Neither raises."""

    def note(self, quotes: Iterable[Quote]) -> None:
        """Remember what these quotes say about prices."""
        ...

    def seen(self, quote: Quote) -> tuple[PriceAt, ...]:
        """What is remembered of this quote's pool, oldest first, in the quote's direction."""
        ...
