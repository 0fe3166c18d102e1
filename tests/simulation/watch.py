"""What an auditor beside the engine sees the moment it happens, and could not tell afterwards."""

import base64
from dataclasses import dataclass
from typing import Any

from landfall.localnet.transactions import SignedMessage, decode_transaction
from tests.simulation.bank import Asked, asked
from tests.simulation.ledger import VALID_FOR_BLOCKS, Ledger
from tests.simulation.tables import Tables
from tests.simulation.virtual_time import VirtualLoop


@dataclass(slots=True)
class Sent:
    """One signature's bytes as they left a process for the first time."""

    transaction: SignedMessage
    asked: Asked | None
    first_s: float
    last_valid_height: int | None
    times: int = 0


class Watch:
    """Looks at each transaction that leaves, before anything can happen to it."""

    def __init__(self, loop: VirtualLoop, ledger: Ledger, tables: Tables) -> None:
        self._loop = loop
        self._ledger = ledger
        self._tables = tables
        self._by_raw: dict[str, Sent] = {}
        self.sent: dict[str, Sent] = {}
        self.violations: list[str] = []

    def request(self, method: str, params: list[Any]) -> None:
        """A request to a node leaves a process."""
        if method != "sendTransaction":
            return
        sent = self._by_raw.get(params[0])
        if sent is None:
            sent = self._by_raw[params[0]] = self._first(params[0])
        sent.times += 1

    def _first(self, raw: str) -> Sent:
        self._ledger.catch_up(int(self._loop.time() * 1_000))
        transaction = decode_transaction(base64.b64decode(raw))
        signature = str(transaction.signature)
        born = self._ledger.height_of_hash(bytes(transaction.blockhash))
        sent = Sent(
            transaction=transaction,
            asked=asked(transaction),
            first_s=self._loop.time(),
            last_valid_height=None if born is None else born + VALID_FOR_BLOCKS,
        )
        if signature not in self._tables.signatures:
            self.violations.append(f"I6: {signature[:8]} was sent and is not on record")
        for other, earlier in self.sent.items():
            if earlier.asked == sent.asked or _same_order(earlier, sent):
                self._must_be_dead(other, earlier, signature)
        self.sent[signature] = sent
        return sent

    def _must_be_dead(self, signature: str, earlier: Sent, later: str) -> None:
        """A second attempt while the first may still land, whatever then really happens."""
        ledger = self._ledger
        landed = ledger.by_signature.get(signature)
        if landed is not None:
            if landed.error is None:
                self.violations.append(f"I12: {later[:8]} was sent though {signature[:8]} landed")
            return
        last_valid = earlier.last_valid_height
        if last_valid is not None and ledger.final_block().height <= last_valid:
            self.violations.append(
                f"I12: {later[:8]} was sent while {signature[:8]} could still land"
            )


def _same_order(one: Sent, other: Sent) -> bool:
    """Whether both ask for the amount that one order alone has."""
    if one.asked is None or other.asked is None:
        return False
    return (one.asked.mode, one.asked.amount) == (other.asked.mode, other.asked.amount)
