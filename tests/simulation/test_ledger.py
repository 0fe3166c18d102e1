"""The simulated ledger keeps Solana's rules: window, duplicates, heights, forks, commitment."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from solders.compute_budget import set_compute_unit_limit
from solders.hash import Hash
from solders.message import MessageV0
from solders.transaction import VersionedTransaction

from landfall.core.values import Commitment
from landfall.localnet.transactions import SignedMessage, decode_transaction
from tests.simulation.bank import WALLET
from tests.simulation.ledger import (
    CONFIRMED_AFTER,
    FINALIZED_AFTER,
    SLOT_MS,
    VALID_FOR_BLOCKS,
    Block,
    Ledger,
)
from tests.simulation.weather import Weather


@dataclass
class Bench:
    """A ledger in the weather of a test's choosing."""

    ledger: Ledger
    weather: Weather
    now_ms: int = 0

    def pass_slots(self, slots: int) -> None:
        self.now_ms += slots * SLOT_MS
        self.ledger.catch_up(self.now_ms)

    def send(self, block: Block, salt: int = 1) -> str:
        transaction = nothing_much(block, salt)
        self.ledger.receive(transaction)
        return str(transaction.signature)

    @property
    def tip(self) -> Block:
        return self.ledger.blocks[-1]


def bench(faults: Mapping[str, float]) -> Bench:
    weather = Weather(Random(1), lambda: 0.0, faults)
    ledger = Ledger(Random(2), weather)
    return Bench(ledger, weather)


def nothing_much(block: Block, salt: int) -> SignedMessage:
    steps = [set_compute_unit_limit(100_000 + salt)]
    message = MessageV0.try_compile(WALLET.pubkey(), steps, [], Hash.from_bytes(block.hash_bytes))
    return decode_transaction(bytes(VersionedTransaction(message, [WALLET])))


def test_bytes_land_once_however_often_they_come() -> None:
    calm = bench({})
    signature = calm.send(calm.tip)
    for _ in range(5):
        calm.pass_slots(1)
        calm.send(calm.ledger.blocks[-2], salt=1)
        calm.ledger.receive(calm.ledger.by_signature[signature].transaction)
    calm.pass_slots(2)
    landings = [
        str(landed.transaction.signature) for block in calm.ledger.blocks for landed in block.landed
    ]
    assert landings.count(signature) == 1
    assert calm.ledger.counts.ignored_again >= 5


def test_a_blockhash_is_good_for_150_blocks_and_not_one_more() -> None:
    calm = bench({})
    born = calm.tip
    calm.pass_slots(VALID_FOR_BLOCKS - 1)
    last = calm.send(born, salt=1)
    calm.pass_slots(1)
    assert calm.ledger.by_signature[last].slot == calm.tip.slot
    assert calm.tip.height == born.height + VALID_FOR_BLOCKS
    late = calm.send(born, salt=2)
    calm.pass_slots(5)
    assert late not in calm.ledger.by_signature
    assert calm.ledger.counts.refused_expired == 1


def test_skipped_slots_leave_the_height_behind() -> None:
    stormy = bench({"slot skipped": 0.5})
    stormy.pass_slots(200)
    assert stormy.tip.height < stormy.ledger.slot - 50
    heights = [block.height for block in stormy.ledger.blocks]
    assert heights == list(range(heights[0], heights[0] + len(heights)))


def test_a_rollback_takes_back_what_is_processed_and_never_what_is_confirmed() -> None:
    stormy = bench({"tip rolled back": 0.5})
    confirmed: dict[int, bytes] = {}
    for salt in range(300):
        stormy.send(stormy.ledger.block_at(stormy.ledger.slot - CONFIRMED_AFTER), salt)
        stormy.pass_slots(1)
        for block in stormy.ledger.blocks[-20:]:
            if block.slot <= stormy.ledger.slot - CONFIRMED_AFTER:
                assert confirmed.setdefault(block.slot, block.hash_bytes) == block.hash_bytes
    assert stormy.ledger.counts.rolled_back
    assert stormy.ledger.counts.landed_again_after_rollback


def test_commitment_grows_with_age() -> None:
    calm = bench({})
    signature = calm.send(calm.tip)
    calm.pass_slots(1)
    landed = calm.ledger.by_signature[signature]
    grown = {
        age: calm.ledger.commitment_of(landed, landed.slot + age)
        for age in (0, CONFIRMED_AFTER - 1, CONFIRMED_AFTER, FINALIZED_AFTER - 1, FINALIZED_AFTER)
    }
    assert list(grown.values()) == [
        Commitment.PROCESSED,
        Commitment.PROCESSED,
        Commitment.CONFIRMED,
        Commitment.CONFIRMED,
        Commitment.FINALIZED,
    ]
