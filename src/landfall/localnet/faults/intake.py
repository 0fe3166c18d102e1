"""Transactions that were sent, and what becomes of them before the chain ever sees them.

A fate is drawn once for a transaction and stays with its signature: one that was dropped stays
dropped however often the same bytes come again, as if no leader ever got them.
"""

from collections import OrderedDict
from dataclasses import dataclass

from landfall.core.values import Commitment, Signature, Slot
from landfall.localnet.faults.faults import Faults, Strike
from landfall.localnet.faults.kinds import Place
from landfall.localnet.node import Node
from landfall.localnet.records import Advanced, Block, Landed
from landfall.localnet.transactions import SignedMessage

FATES_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Postponed:
    """A transaction that is tried once `slot` is reached; None: once its blockhash is dead."""

    transaction: SignedMessage
    slot: Slot | None


class Intake:
    """The door to a node's chain. It is one of the node's listeners: slots are its clock."""

    def __init__(self, node: Node, faults: Faults) -> None:
        self._node = node
        self._faults = faults
        self._edition = faults.edition
        self._fates: OrderedDict[Signature, Strike | None] = OrderedDict()
        self._postponed: list[Postponed] = []
        self.late_landed = 0
        self.late_refused = 0

    @property
    def waiting(self) -> int:
        """How many transactions are yet to be tried."""
        return len(self._postponed)

    def take(self, transaction: SignedMessage) -> None:
        """A client sent a transaction whose signatures are good."""
        if not self._faults.rules:
            self._node.submit(transaction)
            return
        if self._edition != self._faults.edition:
            self._fates.clear()
            self._edition = self._faults.edition
        signature = transaction.signature
        if signature in self._fates:
            fate, first = self._fates[signature], False
        else:
            fate, first = self._faults.strike(Place.TRANSACTION, "sendTransaction"), True
            self._fates[signature] = fate
            if len(self._fates) > FATES_REMEMBERED:
                self._fates.popitem(last=False)
        self._meet(transaction, fate, first)

    def _meet(self, transaction: SignedMessage, fate: Strike | None, first: bool) -> None:
        now = self._node.cluster.block(Commitment.PROCESSED).slot
        match fate:
            case Strike("drop"):
                pass
            case Strike("late", slots):
                if first:
                    self._postponed.append(Postponed(transaction, Slot(now + slots)))
            case Strike("after-expiry"):
                if first:
                    self._postponed.append(Postponed(transaction, None))
            case Strike("duplicate", copies):
                self._node.submit(transaction)
                if first:
                    later = range(now + 1, now + 1 + copies)
                    self._postponed.extend(Postponed(transaction, Slot(slot)) for slot in later)
            case _:
                self._node.submit(transaction)

    def on_landed(self, landed: Landed) -> None:
        """A transaction was executed in the open block."""

    def on_advanced(self, advanced: Advanced, opened: Block, root: Block) -> None:
        """A slot has passed: what was due is tried."""
        if not self._postponed:
            return
        waited, self._postponed = self._postponed, []
        due: list[Postponed] = []
        for each in waited:
            (due if self._is_due(each, opened.slot) else self._postponed).append(each)
        for each in due:
            _, landed = self._node.submit(each.transaction)
            self.late_landed += landed is not None
            self.late_refused += landed is None

    def _is_due(self, each: Postponed, slot: Slot) -> bool:
        if each.slot is not None:
            return slot >= each.slot
        blockhash = each.transaction.blockhash
        return not self._node.cluster.blockhash_is_valid(blockhash, Commitment.PROCESSED)
