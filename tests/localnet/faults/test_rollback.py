"""A fork takes the newest slots back: what is undone, what stays, and what may land again."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.models import TxOpts
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from landfall.core.values import Commitment
from landfall.localnet.programs import STAND_INS
from landfall.localnet.start import LEDGER_FILE
from landfall.localnet.transactions import decode_transaction
from tests.localnet.chain import FEE, RENT, Chain, opened_chain

PROCESSED, CONFIRMED, FINALIZED = Commitment
SKIP = TxOpts(skip_preflight=True)


def take_back(chain: Chain, slots: int) -> int:
    """Transactions that the newest slots lost."""
    return sum(len(block.landed) for block in chain.node.cluster.take_back(slots))


def is_known(chain: Chain, wire: bytes) -> bool:
    signature = decode_transaction(wire).signature
    return chain.node.cluster.standing(signature, search_history=True) is not None


def test_what_is_taken_back_never_was_and_the_same_bytes_land_again(chain: Chain):
    chain.advance(3)
    to, payer = Pubkey.new_unique(), chain.wallet.pubkey()
    before = chain.lamports(payer)
    wire = chain.paying(to, RENT, chain.blockhash(CONFIRMED))
    chain.submit(wire)
    chain.advance()
    assert chain.lamports(to) == RENT
    assert take_back(chain, 2) == 1
    assert not is_known(chain, wire)
    assert (chain.lamports(to), chain.lamports(payer)) == (0, before)
    outcome, landed = chain.submit(wire)
    assert outcome.error is None
    assert landed is not None
    assert (chain.lamports(to), chain.lamports(payer)) == (RENT, before - RENT - FEE)
    assert chain.submit(wire)[0].error == "AlreadyProcessed"


def test_what_is_confirmed_stays_however_deep_the_fork(chain: Chain):
    to = Pubkey.new_unique()
    wire = chain.paying(to, RENT)
    chain.submit(wire)
    while chain.lamports(to, CONFIRMED) == 0:
        chain.advance()
    confirmed = chain.slot(CONFIRMED)
    take_back(chain, 1_000)
    assert is_known(chain, wire)
    assert chain.lamports(to) == RENT
    assert chain.slot(CONFIRMED) == confirmed
    assert chain.submit(wire)[0].error == "AlreadyProcessed"


def test_a_slot_is_never_used_twice_and_heights_have_no_gap(chain: Chain):
    chain.advance(40)
    slot, height = chain.slot(), chain.height()
    take_back(chain, 2)
    assert chain.slot() > slot
    assert chain.height() == height - 1
    chain.advance(60)
    ledger = chain.node.ledger
    slots = ledger.slots_between(0, chain.slot(), 1_000)
    blocks = [ledger.block(each) for each in slots]
    assert slot not in slots
    for parent, block in pairwise(blocks):
        assert parent is not None
        assert block is not None
        assert block.parent_slot == parent.slot
        assert block.height == parent.height + 1


def test_a_blockhash_of_an_abandoned_block_dies_with_it(chain: Chain):
    chain.advance(5)
    chain.run()
    chain.advance()
    abandoned = chain.blockhash()
    take_back(chain, 2)
    assert not chain.node.cluster.blockhash_is_valid(abandoned, PROCESSED)
    wire = chain.paying(Pubkey.new_unique(), RENT, abandoned)
    assert chain.submit(wire)[0].error == "BlockhashNotFound"
    for _ in range(200):
        chain.advance()
        assert chain.blockhash() != abandoned


def test_reads_at_older_slots_are_as_they_were(chain: Chain):
    to = Pubkey.new_unique()
    for _ in range(10):
        chain.submit(chain.paying(to, RENT))
        chain.advance()
        levels = {level: chain.lamports(to, level) for level in (CONFIRMED, FINALIZED)}
        take_back(chain, 2)
        assert {level: chain.lamports(to, level) for level in levels} == levels
        chain.advance()


def test_an_account_made_or_emptied_in_a_lost_slot_is_as_before(chain: Chain):
    made, emptied = Pubkey.new_unique(), Keypair()
    chain.submit(chain.paying(emptied.pubkey(), RENT + FEE))
    chain.advance(4)
    wish = TransferParams(from_pubkey=emptied.pubkey(), to_pubkey=made, lamports=RENT)
    outcome, _ = chain.submit(chain.signed(transfer(wish), signers=[emptied]))
    assert outcome.error is None
    assert chain.account(emptied.pubkey()) is None
    take_back(chain, 1)
    assert chain.lamports(emptied.pubkey()) == RENT + FEE
    assert chain.account(made) is None
    # The SVM itself, not only our record of it, has it back.
    outcome, _ = chain.submit(chain.signed(transfer(wish), signers=[emptied]))
    assert outcome.error is None
    assert chain.lamports(made) == RENT


def test_ledger_and_state_agree_after_forks_and_a_restart(tmp_path: Path, wallet: Keypair):
    paid: dict[Pubkey, bytes] = {}
    with opened_chain(wallet, STAND_INS, tmp_path) as node:
        chain = Chain(node, wallet)
        for number in range(60):
            to = Pubkey.new_unique()
            paid[to] = chain.paying(to, RENT + number)
            chain.submit(paid[to])
            if number % 3 == 0:
                take_back(chain, 2)
            chain.advance()
        held = {to: chain.lamports(to) for to in paid}
        known = {to: is_known(chain, wire) for to, wire in paid.items()}
        payer = chain.lamports(wallet.pubkey())
    assert 10 < sum(known.values()) < 50
    assert all(known[to] == (held[to] > 0) for to in paid)
    with opened_chain(wallet, STAND_INS, tmp_path) as node:
        chain = Chain(node, wallet)
        assert {to: chain.lamports(to) for to in paid} == held
        assert chain.lamports(wallet.pubkey()) == payer
        for to, wire in paid.items():
            assert is_known(chain, wire) is known[to]
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as ledger:
        (count,) = ledger.execute("SELECT count(*) FROM transactions").fetchone()
    assert count == sum(known.values())


async def test_a_client_sees_a_status_go_and_come_back(
    chain: Chain, client: AsyncClient, fault: Callable[..., None]
):
    chain.advance(5)
    to = Pubkey.new_unique()
    wire = chain.paying(to, RENT, chain.blockhash(CONFIRMED))
    transaction = VersionedTransaction.from_bytes(wire)
    sent = (await client.send_transaction(transaction, SKIP)).value
    assert (await client.get_signature_statuses([sent])).value[0] is not None
    fault("rollback 2 slots 1 times")
    chain.advance()
    assert (await client.get_signature_statuses([sent])).value[0] is None
    assert (await client.get_balance(to, Processed)).value == 0
    await client.send_transaction(transaction, SKIP)
    chain.advance(4)
    assert (await client.get_balance(to, Confirmed)).value == RENT
    status = (await client.get_signature_statuses([sent])).value[0]
    assert status is not None
    assert status.err is None


async def test_a_fork_comes_as_often_as_the_rule_says(chain: Chain, fault: Callable[..., None]):
    chain.advance(40)
    fault("rollback 2 slots every 10", "skip 7 slots every 10")
    slots, heights = [chain.slot()], [chain.height()]
    for _ in range(40):
        chain.advance()
        slots.append(chain.slot())
        heights.append(chain.height())
    steps = [after - before for before, after in pairwise(heights)]
    assert steps.count(0) + sum(step < 0 for step in steps) == 4
    strides = [after - before for before, after in pairwise(slots)]
    assert min(strides) >= 1
    assert sum(stride >= 8 for stride in strides) == 3


@pytest.mark.parametrize("slots", [1, 2, 5])
def test_memory_does_not_grow_with_forks(chain: Chain, slots: int):
    def kept() -> tuple[int, ...]:
        cluster = chain.node.cluster
        accounts = cluster.svm.accounts
        return len(cluster._standings), len(accounts._before), len(accounts._touched)

    sizes = []
    for _ in range(2):
        for _ in range(350):
            chain.run()
            take_back(chain, slots)
            chain.advance()
        sizes.append(kept())
    assert all(now <= before + 2 for now, before in zip(sizes[1], sizes[0], strict=True))
