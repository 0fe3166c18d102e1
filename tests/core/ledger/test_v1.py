"""v1 transactions: made of what v0 cannot hold, and read here byte for byte as SIMD-0385 has it."""

from dataclasses import dataclass

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import MessageV0, MessageV1
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from landfall.core.errors import AttemptFailure
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.features import FEATURE_PROGRAM, is_active
from landfall.core.ledger.fees import v0_priority_fee
from landfall.core.ledger.lookup_table import LookupTable
from landfall.core.ledger.packet import V1_BYTES_MAX
from landfall.core.ledger.transaction import (
    ComputeBudget,
    Form,
    compiled_v1,
    message,
    signed,
    to_sign,
    why_it_does_not_fit,
)
from landfall.core.values import Account, BlockHeight, Pubkey, Signature, Slot
from tests.core.examples import WALLET, pubkey

LATEST = LatestBlockhash(str(Hash(bytes([3] * 32))), BlockHeight(1_150), Slot(500))
BUDGET = ComputeBudget(unit_limit=300_000, unit_price_micro_lamports=7_001)
V1 = Form(takes_v1=True)


def a_step(size: int, accounts: int = 2) -> Instruction:
    metas = [AccountMeta(pubkey(1_000 + number), False, True) for number in range(accounts)]
    return Instruction(pubkey(999), bytes(range(256)) * (size // 256) + bytes(size % 256), metas)


@dataclass
class Read:
    """A v1 transaction as its bytes say, by a reader that shares nothing with the writer."""

    priority_fee: int
    unit_limit: int
    loaded_bytes: int
    blockhash: bytes
    addresses: list[bytes]
    data: list[bytes]
    signed_bytes: bytes
    signatures: list[bytes]


def read_v1(raw: bytes) -> Read:
    at = 0

    def take(count: int) -> bytes:
        nonlocal at
        at += count
        assert at <= len(raw)
        return raw[at - count : at]

    assert take(1) == bytes([129])
    signers, _, _ = take(3)
    mask = int.from_bytes(take(4), "little")
    assert mask & ~0b1111 == 0
    blockhash = take(32)
    instructions, count = take(2)
    addresses = [take(32) for _ in range(count)]
    assert mask & 0b11 in (0, 0b11)
    priority_fee = int.from_bytes(take(8), "little") if mask & 0b11 else 0
    unit_limit = int.from_bytes(take(4), "little") if mask & 0b100 else 0
    loaded_bytes = int.from_bytes(take(4), "little") if mask & 0b1000 else 0
    headers = [take(4) for _ in range(instructions)]
    data = []
    for header in headers:
        assert all(index < count for index in take(header[1]))
        data.append(take(int.from_bytes(header[2:], "little")))
    signed_bytes = raw[:at]
    signatures = [take(64) for _ in range(signers)]
    assert at == len(raw)
    return Read(
        priority_fee, unit_limit, loaded_bytes, blockhash, addresses, data, signed_bytes, signatures
    )


def test_a_v1_transaction_reads_back_as_the_proposal_has_it():
    step = a_step(3_000)
    made = message([step], BUDGET, WALLET, LATEST, V1)
    read = read_v1(signed(made, Signature(bytes([5] * 64)), LATEST).raw)
    assert read.blockhash == bytes([3] * 32)
    assert read.addresses[0] == bytes(WALLET)
    assert read.data == [bytes(step.data)]
    assert read.signatures == [bytes([5] * 64)]
    assert read.signed_bytes == to_sign(made)


def test_its_fee_is_a_total_in_lamports_and_nothing_that_would_be_zero_is_left_out():
    read = read_v1(signed(message([a_step(3_000)], BUDGET, WALLET, LATEST, V1),
                          Signature.default(), LATEST).raw)  # fmt: skip
    assert read.priority_fee == v0_priority_fee(300_000, 7_001) == 2_101
    assert read.unit_limit == 300_000
    assert read.loaded_bytes == 64 * 1024 * 1024


def test_v0_is_kept_wherever_it_holds_the_route():
    assert isinstance(message([a_step(100)], BUDGET, WALLET, LATEST, V1), MessageV0)
    assert isinstance(message([a_step(3_000)], BUDGET, WALLET, LATEST, V1), MessageV1)
    crowded = a_step(100, accounts=40)
    table = LookupTable(pubkey(5), tuple(meta.pubkey for meta in crowded.accounts))
    both = Form((table,), takes_v1=True)
    assert isinstance(message([crowded], BUDGET, WALLET, LATEST, both), MessageV0)
    assert isinstance(message([crowded], BUDGET, WALLET, LATEST, V1), MessageV1)


def test_where_the_cluster_does_not_take_v1_the_route_does_not_fit():
    with pytest.raises(AttemptFailure, match="1232"):
        message([a_step(3_000)], BUDGET, WALLET, LATEST)
    assert "1232" in (why_it_does_not_fit([a_step(3_000)], WALLET) or "")
    assert why_it_does_not_fit([a_step(3_000)], WALLET, V1) is None


def test_v1_has_bounds_of_its_own():
    assert str(V1_BYTES_MAX) in (why_it_does_not_fit([a_step(4_000)], WALLET, V1) or "")
    assert "64" in (why_it_does_not_fit([a_step(10, accounts=63)], WALLET, V1) or "")
    assert why_it_does_not_fit([a_step(10, accounts=62)], WALLET, V1) is None
    many = [a_step(10)] * 65
    assert "65 instructions" in (why_it_does_not_fit(many, WALLET, V1) or "")


def test_the_virtual_machine_takes_what_is_made_here():
    keypair = Keypair.from_seed(bytes(range(32)))
    svm = LiteSVM()
    svm.airdrop(keypair.pubkey(), 10**9)
    paid = transfer(
        TransferParams(from_pubkey=keypair.pubkey(), to_pubkey=pubkey(7), lamports=10**8)
    )
    made = compiled_v1([paid], BUDGET, keypair.pubkey(), svm.latest_blockhash())
    transaction = signed(made, keypair.sign_message(to_sign(made)), LATEST)
    result = svm.send_transaction(VersionedTransaction.from_bytes(transaction.raw))
    assert not isinstance(result, FailedTransactionMetadata), result.err()
    assert svm.get_balance(pubkey(7)) == 10**8


def feature(data: bytes, owner: Pubkey = FEATURE_PROGRAM) -> Account:
    return Account(owner, 1, data)


@pytest.mark.parametrize(
    ("account", "active"),
    [
        (None, False),
        (feature(b""), False),
        (feature(bytes(9)), False),
        (feature(b"\1" + (499).to_bytes(8, "little")), True),
        (feature(b"\1" + (500).to_bytes(8, "little")), True),
        (feature(b"\1" + (501).to_bytes(8, "little")), False),
        (feature(b"\1" + (499).to_bytes(8, "little"), owner=pubkey(1)), False),
    ],
)
def test_a_feature_is_on_from_the_slot_its_account_names(account, active):
    assert is_active(account, Slot(500)) is active
