"""Slots, heights, the window, duplicates, and commitment: driven by hand."""

import pytest
from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from landfall.core.values import Commitment, Signature
from landfall.localnet.programs import STAND_INS
from landfall.localnet.transactions import decode_transaction
from tests.localnet.chain import FEE, MEMO, RENT, Chain, failing, opened_chain

PROCESSED, CONFIRMED, FINALIZED = Commitment


def test_a_payment_moves_lamports_and_charges_the_fee(chain: Chain):
    to, payer = Pubkey.new_unique(), chain.wallet.pubkey()
    before = chain.lamports(payer)
    outcome, landed = chain.submit(chain.paying(to, RENT))
    assert outcome.error is None
    assert landed is not None
    assert landed.slot == chain.slot()
    assert chain.lamports(to) == RENT
    assert chain.lamports(payer) == before - RENT - FEE


def test_a_duplicate_is_refused_after_two_hundred_other_transactions(chain: Chain):
    to = Pubkey.new_unique()
    wire = chain.paying(to, RENT)
    chain.submit(wire)
    for number in range(200):
        assert chain.run()[0].error is None
        if number % 4 == 0:
            chain.advance()
    outcome, landed = chain.submit(wire)
    assert (outcome.error, landed) == ("AlreadyProcessed", None)
    assert chain.lamports(to) == RENT


def test_a_duplicate_is_refused_after_a_restart(tmp_path, wallet: Keypair):
    to = Pubkey.new_unique()
    with opened_chain(wallet, STAND_INS, tmp_path) as node:
        first = Chain(node, wallet)
        wire = first.paying(to, RENT)
        first.submit(wire)
        slot, height = first.slot(), first.height()
    with opened_chain(wallet, STAND_INS, tmp_path) as node:
        again = Chain(node, wallet)
        assert again.slot() > slot
        assert again.height() == height + 1
        assert again.submit(wire)[0].error == "AlreadyProcessed"
        assert again.lamports(to) == RENT


def test_a_blockhash_is_good_up_to_the_height_it_was_given_with_and_no_further(chain: Chain):
    chain.advance(3)
    blockhash, last_valid = chain.node.cluster.latest_blockhash(PROCESSED)
    while chain.height() < last_valid:
        chain.advance()
    assert chain.submit(chain.paying(Pubkey.new_unique(), RENT, blockhash))[0].error is None
    chain.advance()
    refused, landed = chain.submit(chain.paying(Pubkey.new_unique(), RENT, blockhash))
    assert (refused.error, landed) == ("BlockhashNotFound", None)


def test_a_confirmed_blockhash_is_announced_with_its_own_height(chain: Chain):
    chain.advance(10)
    block = chain.node.cluster.block(CONFIRMED)
    blockhash, last_valid = chain.node.cluster.latest_blockhash(CONFIRMED)
    assert blockhash == block.blockhash
    assert last_valid == block.height + 150


def test_expiry_counts_blocks_and_not_slots(wallet: Keypair):
    with opened_chain(wallet) as node:
        chain = Chain(node, wallet)
        blockhash, last_valid = chain.node.cluster.latest_blockhash(PROCESSED)
        # More than 150 slots pass before the height is reached, and the hash is still good then.
        slot = chain.slot()
        assert slot > last_valid
        while chain.height() < last_valid:
            chain.advance()
        assert chain.slot() - slot > 150
        assert chain.submit(chain.paying(Pubkey.new_unique(), RENT, blockhash))[0].error is None


def test_some_slots_are_skipped_and_heights_never_are(chain: Chain):
    seen = []
    for _ in range(64):
        seen.append((chain.slot(), chain.height()))
        chain.advance()
    slots = [slot for slot, _ in seen]
    heights = [height for _, height in seen]
    assert heights == list(range(heights[0], heights[0] + 64))
    skipped = set(range(slots[0], slots[-1])) - set(slots)
    assert skipped == {slot for slot in range(slots[0], slots[-1]) if slot % 16 == 15}


def test_a_blockhash_nobody_made_is_refused(chain: Chain):
    wire = chain.paying(Pubkey.new_unique(), RENT, blockhash=Chain.blockhash(chain).new_unique())
    assert chain.submit(wire)[0].error == "BlockhashNotFound"


def test_reads_at_each_commitment_are_true_for_their_slot(chain: Chain):
    to = Pubkey.new_unique()
    balances = {}
    for number in range(60):
        chain.submit(chain.paying(to, RENT + number))
        balances[chain.slot()] = chain.lamports(to)
        for commitment in Commitment:
            slot = chain.slot(commitment)
            assert chain.lamports(to, commitment) == balances.get(slot, 0), commitment
        chain.advance()
    assert chain.slot() - chain.slot(CONFIRMED) in (2, 3)
    assert chain.slot() - chain.slot(FINALIZED) in (32, 33)


def test_a_signature_rises_from_processed_to_finalized(chain: Chain):
    _, landed = chain.submit(chain.paying(Pubkey.new_unique(), RENT))
    assert landed is not None
    cluster = chain.node.cluster
    seen = []
    for _ in range(40):
        standing = cluster.standing(landed.signature, search_history=False)
        assert standing is not None
        seen.append(cluster.commitment_of(standing.slot))
        chain.advance()
    assert seen == sorted(seen)
    assert set(seen) == set(Commitment)
    assert seen.count(PROCESSED) == 2


def test_a_failed_transaction_pays_its_fee_and_changes_nothing_else(chain: Chain):
    to, payer = Pubkey.new_unique(), chain.wallet.pubkey()
    before = chain.lamports(payer)
    wire = chain.signed(chain.payment(to, RENT), failing())
    outcome, landed = chain.submit(wire)
    assert outcome.error == {"InstructionError": [1, "ProgramFailedToComplete"]}
    assert landed is not None
    assert landed.fee == FEE
    assert chain.lamports(to) == 0
    assert chain.lamports(payer) == before - FEE
    assert landed.meta["postBalances"][0] == before - FEE
    assert chain.submit(wire)[0].error == "AlreadyProcessed"


def test_who_cannot_pay_the_fee_leaves_no_trace(chain: Chain):
    poor = Keypair()
    memo = Instruction(MEMO, b"hello", [])
    outcome, landed = chain.submit(chain.signed(memo, signers=[poor]))
    assert (outcome.error, landed) == ("AccountNotFound", None)
    signature = decode_transaction(chain.signed(memo, signers=[poor])).signature
    assert chain.node.cluster.standing(signature, search_history=True) is None


def test_a_call_of_no_program_lands_and_pays(chain: Chain):
    before = chain.lamports(chain.wallet.pubkey())
    outcome, landed = chain.submit(chain.signed(Instruction(Pubkey.new_unique(), b"", [])))
    assert outcome.error in ("ProgramAccountNotFound", "InvalidProgramForExecution")
    assert landed is not None
    assert chain.lamports(chain.wallet.pubkey()) == before - FEE


def test_a_preview_at_an_older_commitment_sees_the_older_state(chain: Chain):
    newcomer = Keypair()
    chain.submit(chain.paying(newcomer.pubkey(), 10 * RENT))
    old = chain.blockhash(FINALIZED)
    memo = Instruction(MEMO, b"hello", [])
    spending = decode_transaction(chain.signed(memo, signers=[newcomer], blockhash=old))
    cluster = chain.node.cluster
    assert cluster.preview(spending, PROCESSED).error is None
    assert cluster.preview(spending, FINALIZED).error == "AccountNotFound"
    chain.advance(3)
    assert cluster.preview(spending, CONFIRMED).error is None
    assert cluster.preview(spending, FINALIZED).error == "AccountNotFound"
    chain.advance(40)
    assert cluster.preview(spending, FINALIZED).error is None
    assert chain.lamports(newcomer.pubkey()) == 10 * RENT


def test_a_preview_changes_nothing(chain: Chain):
    to = Pubkey.new_unique()
    transaction = decode_transaction(chain.paying(to, RENT))
    assert chain.node.cluster.preview(transaction, PROCESSED).error is None
    assert chain.lamports(to) == 0
    assert chain.node.submit(transaction)[0].error is None


def test_old_statuses_are_found_only_in_the_history(chain: Chain):
    _, landed = chain.submit(chain.paying(Pubkey.new_unique(), RENT))
    assert landed is not None
    chain.advance(400)
    cluster = chain.node.cluster
    assert cluster.standing(landed.signature, search_history=False) is None
    standing = cluster.standing(landed.signature, search_history=True)
    assert standing is not None
    assert standing.slot == landed.slot
    assert cluster.standing(Signature.default(), search_history=True) is None


def test_memory_does_not_grow_with_history(chain: Chain):
    def kept() -> tuple[int, ...]:
        cluster = chain.node.cluster
        return (
            len(cluster._blockhashes),
            len(cluster._recent),
            len(cluster._closed),
            len(cluster._standings),
            len(cluster.svm.accounts._before),
        )

    for _ in range(400):
        chain.run()
        chain.advance()
    first = kept()
    for _ in range(400):
        chain.run()
        chain.advance()
    assert all(now <= before + 2 for now, before in zip(kept(), first, strict=True))


class _Crash(Exception):
    pass


def test_a_block_lost_in_a_crash_and_its_successor_never_share_a_hash(tmp_path, wallet: Keypair):
    def hash_made_before_crashing() -> tuple[int, Hash]:
        with opened_chain(wallet, STAND_INS, tmp_path) as node:
            chain = Chain(node, wallet)
            chain.advance(10)
            raise _Crash(chain.height(), chain.blockhash())

    with pytest.raises(_Crash) as crashed:
        hash_made_before_crashing()
    height, lost = crashed.value.args
    with opened_chain(wallet, STAND_INS, tmp_path) as node:
        chain = Chain(node, wallet)
        # The block was closed but not confirmed, so it is gone.
        assert chain.height() < height
        assert not node.cluster.blockhash_is_valid(lost, PROCESSED)
        while chain.height() < height:
            chain.advance()
        assert chain.blockhash() != lost


def test_a_lookup_table_made_on_this_chain_can_be_used_from_the_next_slot(chain: Chain):
    wallet, to = chain.wallet.pubkey(), Pubkey.new_unique()
    chain.advance(3)
    recent = chain.node.cluster.block(CONFIRMED).slot
    seeds = [bytes(wallet), recent.to_bytes(8, "little")]
    table, bump = Pubkey.find_program_address(seeds, LOOKUP_TABLE_PROGRAM)
    metas = [
        AccountMeta(table, False, True),
        AccountMeta(wallet, True, False),
        AccountMeta(wallet, True, True),
        AccountMeta(Pubkey.default(), False, False),
    ]
    create = bytes(4) + recent.to_bytes(8, "little") + bytes([bump])
    extend = (2).to_bytes(4, "little") + (1).to_bytes(8, "little") + bytes(to)
    outcome, _ = chain.run(
        Instruction(LOOKUP_TABLE_PROGRAM, create, metas),
        Instruction(LOOKUP_TABLE_PROGRAM, extend, metas),
    )
    assert outcome.error is None, outcome.logs
    chain.advance()
    message = MessageV0.try_compile(
        wallet,
        [chain.payment(to, RENT)],
        [AddressLookupTableAccount(table, [to])],
        chain.blockhash(),
    )
    assert to not in message.account_keys
    outcome, landed = chain.submit(bytes(VersionedTransaction(message, [chain.wallet])))
    assert outcome.error is None, outcome
    assert landed is not None
    assert landed.meta["loadedAddresses"] == {"writable": [str(to)], "readonly": []}
    assert chain.lamports(to) == RENT
