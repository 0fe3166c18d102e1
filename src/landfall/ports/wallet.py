"""The wallet: its signature, what it did on chain, and what the database knows of that."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol
from uuid import UUID

from landfall.core.ledger.answers import Finalized, Landing
from landfall.core.values import Pubkey, Signature, Slot


class Signer(Protocol):
    """The wallet: an address and a signature, never a key."""

    @property
    def address(self) -> Pubkey: ...

    def sign(self, message: bytes) -> Signature: ...


@dataclass(frozen=True, slots=True)
class Landings:
    """Confirmed transactions that name the wallet, newest first, and how far the ledger was final
    before they were listed, as the one of those who listed them says who is furthest behind.
    """

    landed: tuple[Landing, ...]
    final: Finalized


class History(Protocol):
    """What the wallet has done on chain, whoever made it do so."""

    async def finalized(self) -> Finalized: ...

    async def since(self, slot: Slot) -> Landings:
        """What landed after `slot`, by those who also say how far they are final."""
        ...

    async def programs_called(self, signature: Signature) -> frozenset[Pubkey] | None:
        """The programs that a transaction calls; None if the wallet has not signed it."""
        ...


class Waiting(Enum):
    """What keeps a worker from its first order."""

    RESTORED = "restored"
    """The database may be an old backup; bytes signed after it are waited for."""
    BEHIND = "behind"
    """The wallet made trades that are not on record."""


class WalletRecord(Protocol):
    """What this database knows of the wallet's trades, to be held against the chain's history."""

    async def mark(self) -> Slot | None:
        """Up to which slot the wallet's history is accounted for."""
        ...

    async def set_mark(self, slot: Slot) -> None:
        """Account for everything up to this slot; a mark never goes back."""
        ...

    async def unknown(self, signatures: Sequence[Signature]) -> frozenset[Signature]:
        """Those that no attempt on record has."""
        ...

    async def open_orders(self) -> tuple[UUID, ...]:
        """Orders that have not ended, oldest first."""
        ...

    async def set_waiting(self, why: Waiting | None) -> None:
        """Say what keeps workers from beginning; None: nothing any more."""
        ...

    async def waiting(self) -> Waiting | None:
        """What a worker said lately that keeps it from beginning."""
        ...

    async def silence_ms(self) -> int | None:
        """For how long no worker has shown itself here; None if none ever did."""
        ...

    async def lineage(self) -> str:
        """Whose history this database has: another word once a backup was put back, or a replica
        promoted, for what was committed last may be lost to it.
        """
        ...

    async def is_cleared(self) -> bool:
        """Whether its lineage is the one that was held against the chain; a new database's is."""
        ...

    async def set_cleared(self, lineage: str) -> None:
        """This lineage has been held against the chain."""
        ...
