"""The simulated ledger: slots, blocks, forks of the tip, the blockhash window, and what landed.

Slots pass by virtual time and are caught up with when somebody looks. A slot may be skipped, so
slots run ahead of heights. Blocks younger than `CONFIRMED_AFTER` slots may be taken back, together
with what landed in them; confirmed ones never are. Nobody but the oracle looks in here; everybody
else sees it through a node.
"""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from random import Random

from landfall.core.values import ChainClock, Commitment
from landfall.localnet.transactions import SignedMessage
from tests.simulation.bank import POOLS, Asked, Bank, asked, clock_at, execute, genesis, move_price
from tests.simulation.weather import Weather

SLOT_MS = 200
VALID_FOR_BLOCKS = 150
CONFIRMED_AFTER = 4
FINALIZED_AFTER = 32
GENESIS_UNIX_S = 1_800_000_000
_FIRST_SLOT, _FIRST_HEIGHT = 1_000, 900
"""Far enough from zero for a lie to be behind."""
_AGE_AT_START = 60
_PRICE_STEPS = (-12, -6, -3, 3, 6, 12)


def slot_time_ms(slot: int) -> int:
    """When a slot passes, counted from the history's beginning."""
    return (slot - _FIRST_SLOT - _AGE_AT_START + 1) * SLOT_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A transaction on the ledger, with the accounts around it."""

    transaction: SignedMessage
    asked: Asked | None
    slot: int
    error: object
    logs: tuple[str, ...]
    fee: int
    before: Bank
    after: Bank


@dataclass(frozen=True, slots=True)
class Block:
    """One block and the accounts at its end."""

    slot: int
    height: int
    hash_bytes: bytes
    bank: Bank
    landed: tuple[Landed, ...]


@dataclass(slots=True)
class _Arrival:
    due_slot: int
    transaction: SignedMessage


@dataclass(slots=True)
class _Fate:
    """How the cluster treats one signature's bytes, for the whole history."""

    drops: float
    delay: str
    sends: int = 0


@dataclass
class Counts:
    """What the ledger saw that no node tells."""

    refused_expired: int = 0
    ignored_again: int = 0
    landed_again_after_rollback: int = 0
    rolled_back: set[str] = field(default_factory=set)


class Ledger:
    """One cluster's truth.

    Args:
        chance: where this history's chance comes from.
        weather: what goes wrong.
    """

    def __init__(self, chance: Random, weather: Weather) -> None:
        self._chance = chance
        self._weather = weather
        self._salt = chance.getrandbits(64).to_bytes(8, "little")
        self.blocks: list[Block] = []
        self.counts = Counts()
        self.by_signature: dict[str, Landed] = {}
        self._slots: list[int] = []
        self._heights: dict[bytes, int] = {}
        self._arrivals: list[_Arrival] = []
        self._fates: dict[str, _Fate] = {}
        self.slot = _FIRST_SLOT - 1
        for _ in range(_AGE_AT_START):
            self._next_slot()

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────

    def catch_up(self, now_ms: int) -> None:
        """Let all slots pass that are due."""
        while slot_time_ms(self.slot + 1) <= now_ms:
            self._next_slot()

    def block_at(self, slot: int) -> Block:
        """The last block at or before `slot`."""
        return self.blocks[max(0, bisect_right(self._slots, slot) - 1)]

    def final_block(self) -> Block:
        return self.block_at(self.slot - FINALIZED_AFTER)

    def clock(self, block: Block) -> ChainClock:
        return clock_at(block.slot, GENESIS_UNIX_S + block.slot * SLOT_MS // 1_000)

    def height_of_hash(self, hash_bytes: bytes) -> int | None:
        """The height of the block with this hash; None if no block of this fork has it."""
        return self._heights.get(hash_bytes)

    def commitment_of(self, landed: Landed, seen_slot: int) -> Commitment:
        """How sure a node that is at `seen_slot` is of it."""
        if landed.slot <= seen_slot - FINALIZED_AFTER:
            return Commitment.FINALIZED
        if landed.slot <= seen_slot - CONFIRMED_AFTER:
            return Commitment.CONFIRMED
        return Commitment.PROCESSED

    # ── Transactions ─────────────────────────────────────────────────────────────────────────────

    def receive(self, transaction: SignedMessage) -> None:
        """A node passes on a transaction; what becomes of it is the weather's business."""
        fate = self._fates.get(str(transaction.signature))
        if fate is None:
            fate = self._fates[str(transaction.signature)] = self._draw_fate()
        fate.sends += 1
        if not self._weather.is_calm and self._chance.random() < fate.drops:
            return
        for _ in range(2 if self._weather.strikes("bytes arrive twice") else 1):
            self._arrivals.append(_Arrival(self._due(transaction, fate), transaction))

    def _draw_fate(self) -> _Fate:
        drops = 0.0
        if self._weather.strikes("bytes dropped each time"):
            drops = 1.0
        elif self._weather.strikes("bytes dropped now and then"):
            drops = self._chance.random()
        for delay in (
            "bytes land slowly",
            "bytes land at the last moment",
            "bytes arrive after expiry",
        ):
            if self._weather.strikes(delay):
                return _Fate(drops, delay)
        return _Fate(drops, "at once")

    def _due(self, transaction: SignedMessage, fate: _Fate) -> int:
        height = self._heights.get(bytes(transaction.blockhash))
        left = 0 if height is None else height + VALID_FOR_BLOCKS - self.blocks[-1].height
        match fate.delay:
            case "bytes land slowly":
                return self.slot + self._chance.randint(2, 40)
            case "bytes land at the last moment":
                return self.slot + max(1, left + self._chance.randint(-12, 2))
            case "bytes arrive after expiry":
                return self.slot + max(1, left) + self._chance.randint(5, 60)
            case _:
                return self.slot + 1

    # ── Slots ────────────────────────────────────────────────────────────────────────────────────

    def _next_slot(self) -> None:
        self.slot += 1
        settled = len(self.blocks) > CONFIRMED_AFTER
        if settled and self._weather.strikes("tip rolled back"):
            self._roll_back(self._chance.randint(1, CONFIRMED_AFTER - 1))
        if settled and self._weather.strikes("slot skipped"):
            return
        self._produce()

    def _roll_back(self, depth: int) -> None:
        """Take back blocks that are not confirmed to anybody."""
        while depth and self.blocks[-1].slot > self.slot - CONFIRMED_AFTER:
            depth -= 1
            block = self.blocks.pop()
            self._slots.pop()
            del self._heights[block.hash_bytes]
            for landed in block.landed:
                signature = str(landed.transaction.signature)
                del self.by_signature[signature]
                self.counts.rolled_back.add(signature)
                if not self._weather.strikes("rolled back bytes forgotten"):
                    due = self.slot + self._chance.randint(1, 10)
                    self._arrivals.append(_Arrival(due, landed.transaction))

    def _produce(self) -> None:
        height = _FIRST_HEIGHT + len(self.blocks)
        name = hashlib.sha256(self._salt + self.slot.to_bytes(8, "little")).digest()
        bank = self.blocks[-1].bank if self.blocks else genesis()
        if len(self.blocks) > CONFIRMED_AFTER and self._weather.strikes("price moved"):
            pool = self._chance.choice(POOLS)
            bank = move_price(bank, pool, self._chance.choice(_PRICE_STEPS))
        landed: list[Landed] = []
        due = [arrival for arrival in self._arrivals if arrival.due_slot <= self.slot]
        if due:
            self._arrivals = [a for a in self._arrivals if a.due_slot > self.slot]
            for arrival in due:
                bank = self._take(arrival.transaction, bank, height, landed)
        self.blocks.append(Block(self.slot, height, name, bank, tuple(landed)))
        self._slots.append(self.slot)
        self._heights[name] = height

    def _take(
        self, transaction: SignedMessage, bank: Bank, height: int, block: list[Landed]
    ) -> Bank:
        """Execute it if the ledger takes it: known blockhash, young enough, not landed before."""
        signature = str(transaction.signature)
        born = self._heights.get(bytes(transaction.blockhash))
        if signature in self.by_signature:
            self.counts.ignored_again += 1
            return bank
        if born is None or height > born + VALID_FOR_BLOCKS:
            self.counts.refused_expired += 1
            return bank
        clock = clock_at(self.slot, GENESIS_UNIX_S + self.slot * SLOT_MS // 1_000)
        executed = execute(bank, transaction, clock)
        landed = Landed(
            transaction=transaction,
            asked=asked(transaction),
            slot=self.slot,
            error=executed.error,
            logs=executed.logs,
            fee=executed.fee,
            before=bank,
            after=executed.bank,
        )
        self.by_signature[signature] = landed
        block.append(landed)
        self.counts.landed_again_after_rollback += signature in self.counts.rolled_back
        return executed.bank
