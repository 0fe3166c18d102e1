"""The cluster: what it answers, what it is sent, and what it takes at the moment."""

from collections.abc import Sequence
from typing import Protocol

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import (
    AccountsAt,
    Evidence,
    LandedTransaction,
    LatestBlockhash,
    Simulation,
)
from landfall.core.ledger.tips import Tip
from landfall.core.ledger.transaction import Form
from landfall.core.token import Token
from landfall.core.values import ProgramAccountsFilter, Pubkey, Signature, Slot


class ChainClient(Protocol):
    """Reading the cluster. Reads are at `confirmed` unless the method says otherwise."""

    async def genesis_hash(self) -> str: ...

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt: ...

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        """Addresses of the accounts that match, in no particular order."""
        ...

    async def latest_blockhash(self) -> LatestBlockhash: ...

    async def simulate(self, raw: bytes) -> Simulation:
        """Run a transaction without recording it; its signatures are not checked."""
        ...


class Witness(Protocol):
    """One provider of the chain, asked alone, so that its answers can be held against one another
    and against those of others. Its `name` holds no secret.

    Each method answers or raises Unavailable within about a second, so that one that is silent
    keeps nobody from hearing the others.
    """

    @property
    def name(self) -> str: ...

    async def testify(self, signature: Signature) -> Evidence:
        """What it knows of a signature, searched in its whole history, and how far it is final."""
        ...

    async def first_slot(self) -> Slot:
        """From which slot on it has the ledger's history.

        It is asked where silence is to prove something, and only answers if it is still on the
        cluster that it was on.
        """
        ...

    async def transaction(self, signature: Signature) -> LandedTransaction | None: ...


class Sender(Protocol):
    """The only way out for bytes.

    Given the same bytes any number of times, the ledger takes them once.
    """

    async def send(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the cluster. Returning says nothing about landing.

        Raises:
            Unavailable: they surely did not leave.
            OutcomeUnknown: they may have arrived.
        """
        ...


class Fees(Protocol):
    """What it takes at the moment to be taken early. A hint about the market: nothing raises."""

    async def compute_unit_price(self, writable: Sequence[Pubkey]) -> int:
        """Micro-lamports per compute unit, by what others lately paid to write these accounts."""
        ...

    async def unit_price_lately(self, writable: Sequence[Pubkey]) -> int:
        """The same as of the last minute: good enough to weigh by, and mostly known at once."""
        ...

    async def tip(self) -> Tip | None:
        """The tip to put among the bytes (`tip_step`), or None where nobody is to be tipped."""
        ...


class Forms(Protocol):
    """What transactions may be made of on this cluster. A hint: does not raise."""

    async def current(self) -> Form:
        """The active lookup tables among ours, and whether v1 transactions are taken."""
        ...


class Tokens(Protocol):
    """What a client's word for a token means on this cluster."""

    async def resolve(self, text: str) -> Token | None:
        """A known symbol, or a mint address that exists on chain; None for anything else."""
        ...
