"""Where signatures stand: the newest blocks' in memory, everything older in the ledger."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from landfall.core.values import Signature, Slot
from landfall.localnet.records import Landed, Standing


class SignatureHistory(Protocol):
    """What is known of signatures for ever."""

    def standing(self, signature: Signature) -> Standing | None: ...


class Standings:
    """Signatures in the order in which they landed. `known` are those that still count as new."""

    def __init__(self, history: SignatureHistory, known: Mapping[Signature, Standing]) -> None:
        self._history = history
        self._newest = dict(known)

    def __len__(self) -> int:
        return len(self._newest)

    def find(self, signature: Signature, search_history: bool) -> Standing | None:
        """Where the signature stands; without `search_history` only the newest are known."""
        found = self._newest.get(signature)
        return self._history.standing(signature) if found is None and search_history else found

    def add(self, landed: Landed) -> None:
        """A transaction has landed."""
        self._newest[landed.signature] = Standing(landed.slot, landed.error)

    def remove(self, lost: Iterable[Landed]) -> None:
        """Their block was taken back."""
        for landed in lost:
            del self._newest[landed.signature]

    def forget_before(self, slot: Slot) -> None:
        """What is older is the ledger's to remember."""
        stale = []
        for signature, standing in self._newest.items():
            if standing.slot >= slot:
                break
            stale.append(signature)
        for signature in stale:
            del self._newest[signature]
