"""One node over the cluster: the place where requests come in and news goes out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from solders.compute_budget import set_compute_unit_limit
from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from landfall.core.values import Commitment, Pubkey, Signature
from landfall.localnet.cluster import Cluster
from landfall.localnet.compute_budget import UNITS_PER_INSTRUCTION, unit_price
from landfall.localnet.execution import Outcome
from landfall.localnet.fee_market import FeeMarket
from landfall.localnet.ledger import Ledger
from landfall.localnet.records import Advanced, Block, Landed
from landfall.localnet.transactions import SignedMessage, decode_transaction


class Listener(Protocol):
    """Who hears what happens on the chain, as it happens."""

    def on_landed(self, landed: Landed) -> None: ...

    def on_advanced(self, advanced: Advanced, opened: Block, root: Block) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFault:
    """What befalls a slot. Units: slots taken back before it passes, and skipped after it."""

    taken_back: int = 0
    skipped: int = 0


class Weather(Protocol):
    """Who says what goes wrong with slots."""

    def next_slot(self) -> SlotFault | None: ...


@dataclass(slots=True)
class Node:
    """Cluster and ledger together, and who listens."""

    cluster: Cluster
    ledger: Ledger
    faucet: Keypair = field(repr=False)
    listeners: list[Listener] = field(default_factory=list)
    fee_market: FeeMarket = field(default_factory=FeeMarket)
    airdrops: int = 0
    weather: Weather | None = None
    door: Callable[[SignedMessage], object] | None = field(default=None, repr=False)

    def take_in(self, transaction: SignedMessage) -> None:
        """A client sent a transaction whose signatures are good: what becomes of it is its fate."""
        (self.door or self.submit)(transaction)

    def submit(self, transaction: SignedMessage) -> tuple[Outcome, Landed | None]:
        """Execute a transaction whose signatures are good, and tell the listeners if it landed."""
        outcome, landed = self.cluster.submit(transaction)
        if landed is not None:
            assert outcome.accounts is not None
            loaded = zip(outcome.accounts.keys, outcome.accounts.writable, strict=True)
            written = (key for key, writable in loaded if writable)
            self.fee_market.paid(landed.slot, unit_price(transaction.programs), written)
            for listener in self.listeners:
                listener.on_landed(landed)
        return outcome, landed

    def advance(self, unix_timestamp: int) -> Advanced:
        """Let one slot pass, whatever befalls it."""
        fault = None if self.weather is None else self.weather.next_slot()
        if fault is not None and fault.taken_back:
            self.cluster.take_back(fault.taken_back)
        advanced = self.cluster.advance(unix_timestamp, 0 if fault is None else fault.skipped)
        opened = self.cluster.block(Commitment.PROCESSED)
        root = self.cluster.block(Commitment.FINALIZED)
        for listener in self.listeners:
            listener.on_advanced(advanced, opened, root)
        return advanced

    def airdrop(self, to: Pubkey, lamports: int) -> tuple[Signature, Outcome]:
        """Pay from the faucet. Two equal wishes are two payments."""
        self.airdrops += 1
        # The limit is only there to tell one payment from the next of the same amount.
        limit = UNITS_PER_INSTRUCTION + self.airdrops % UNITS_PER_INSTRUCTION
        payer = self.faucet.pubkey()
        wish = TransferParams(from_pubkey=payer, to_pubkey=to, lamports=lamports)
        blockhash, _ = self.cluster.latest_blockhash(Commitment.PROCESSED)
        message = Message.new_with_blockhash(
            [set_compute_unit_limit(limit), transfer(wish)], payer, blockhash
        )
        signed = decode_transaction(bytes(VersionedTransaction(message, [self.faucet])))
        outcome, _ = self.submit(signed)
        return signed.signature, outcome
