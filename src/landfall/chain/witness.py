"""One provider heard alone, and not waited for twice: a late answer is given to the next who asks,
and while it is late nobody waits for more than a moment.
"""

import asyncio
from typing import TypeVar

from landfall.chain.endpoints import Endpoint
from landfall.chain.sharing import Sharing
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import Evidence, LandedTransaction
from landfall.core.values import Signature, Slot

LATE_PATIENCE_MS = 50
T = TypeVar("T")


class ProviderWitness:
    """The `Witness` port over one provider.

    Args:
        endpoint: the provider.
        patience_ms: how long it may be silent before whoever asked goes on without it.
    """

    def __init__(self, endpoint: Endpoint, patience_ms: int) -> None:
        self._endpoint = endpoint
        self._patience_ms = patience_ms
        self._is_late = False
        self._evidence = Sharing(endpoint.chain.testify)
        self._records = Sharing(endpoint.chain.transaction)

    @property
    def name(self) -> str:
        """The provider's."""
        return self._endpoint.name

    async def testify(self, signature: Signature) -> Evidence:
        """What it says of the signature, and how far its own ledger is final."""
        self._endpoint.check_ours()
        return await self._soon(self._evidence.asked(signature))

    async def first_slot(self) -> Slot:
        """From which slot on it has the history of our cluster, which it says again is its own."""
        # Shared with nobody: what was asked for earlier may be from before the answer it is for.
        asking = asyncio.ensure_future(self._first_slot())
        try:
            return await self._soon(asking)
        finally:
            asking.cancel()

    async def _first_slot(self) -> Slot:
        slot, _ = await asyncio.gather(
            self._endpoint.chain.first_slot(), self._endpoint.check_still_ours()
        )
        return slot

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        """The transaction as it shows it."""
        self._endpoint.check_ours()
        return await self._soon(self._records.asked(signature))

    async def _soon(self, answering: "asyncio.Future[T]") -> T:
        most_ms = min(LATE_PATIENCE_MS, self._patience_ms) if self._is_late else self._patience_ms
        # Waiting for it leaves the answer alone: it is of others, too.
        done, _ = await asyncio.wait((answering,), timeout=most_ms / 1000)
        self._is_late = not done
        if self._is_late:
            raise Unavailable(f"{self.name} has not answered yet")
        return answering.result()
