"""The block engine beside the node: a bundle lands whole and tips, or leaves no trace."""

import base64
from typing import Any

import msgspec
import pytest
from solders.hash import Hash
from solders.pubkey import Pubkey
from solders.system_program import ID as SYSTEM_PROGRAM

from landfall.core.ledger.tips import DO_NOT_FRONT, TIP_ACCOUNTS, TIP_MIN, Tip, tip_step
from landfall.core.values import Commitment, Lamports
from landfall.localnet.block_engine import BlockEngine
from landfall.localnet.genesis import TIP_ACCOUNT_LAMPORTS
from landfall.localnet.transactions import decode_transaction
from tests.localnet.chain import FEE, RENT, Chain

TIP = 5_000


@pytest.fixture
def engine(chain: Chain) -> BlockEngine:
    return BlockEngine(chain.node)


def ask(engine: BlockEngine, method: str, *params: Any) -> Any:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = msgspec.json.decode(engine.answer(msgspec.json.encode(call)))
    return reply["result"] if "result" in reply else reply["error"]


def send(engine: BlockEngine, *wires: bytes) -> Any:
    texts = [base64.b64encode(wire).decode() for wire in wires]
    return ask(engine, "sendBundle", texts, {"encoding": "base64"})


def tipping(chain: Chain, to: Pubkey, lamports: int = TIP, guards_front: bool = False) -> bytes:
    tip = Tip(TIP_ACCOUNTS[0], Lamports(lamports), guards_front)
    return chain.signed(chain.payment(to, RENT), tip_step(chain.wallet.pubkey(), tip))


def lamports(chain: Chain, address: Pubkey) -> int:
    account = chain.node.cluster.svm.account(address)
    return 0 if account is None else account.lamports


def test_a_bundle_lands_and_tips(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    wire = tipping(chain, to)
    bundle = send(engine, wire)
    assert lamports(chain, to) == RENT
    assert lamports(chain, TIP_ACCOUNTS[0]) == TIP_ACCOUNT_LAMPORTS + TIP
    (status,) = ask(engine, "getBundleStatuses", [bundle])["value"]
    assert status["transactions"] == [str(decode_transaction(wire).signature)]
    assert (status["confirmation_status"], status["err"]) == ("processed", {"Ok": None})
    chain.advance(4)
    (status,) = ask(engine, "getBundleStatuses", [bundle])["value"]
    assert status["confirmation_status"] == "confirmed"
    (inflight,) = ask(engine, "getInflightBundleStatuses", [bundle])["value"]
    assert (inflight["status"], inflight["landed_slot"]) == ("Landed", status["slot"])


def test_the_same_bundle_lands_once(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    wire = tipping(chain, to)
    assert send(engine, wire) == send(engine, wire)
    chain.submit(wire)
    assert lamports(chain, to) == RENT


def test_a_bundle_that_would_fail_leaves_no_trace_and_costs_nothing(
    chain: Chain, engine: BlockEngine
):
    before = lamports(chain, chain.wallet.pubkey())
    first, second = Pubkey.new_unique(), Pubkey.new_unique()
    bundle = send(engine, tipping(chain, first), chain.paying(second, 2**60))
    assert ask(engine, "getBundleStatuses", [bundle])["value"] == [None]
    assert ask(engine, "getInflightBundleStatuses", [bundle])["value"][0]["status"] == "Failed"
    assert lamports(chain, chain.wallet.pubkey()) == before
    assert [lamports(chain, each) for each in (first, second)] == [0, 0]
    assert lamports(chain, TIP_ACCOUNTS[0]) == TIP_ACCOUNT_LAMPORTS


def test_a_bundle_lands_in_order_and_later_transactions_see_what_earlier_ones_did(
    chain: Chain, engine: BlockEngine
):
    first, second = Pubkey.new_unique(), Pubkey.new_unique()
    before = lamports(chain, chain.wallet.pubkey())
    rest = before - 2 * FEE - RENT - TIP - RENT
    ok = send(engine, tipping(chain, first), chain.paying(second, rest))
    assert ask(engine, "getBundleStatuses", [ok])["value"][0] is not None
    assert lamports(chain, second) == rest
    assert lamports(chain, chain.wallet.pubkey()) == RENT


def test_a_transaction_twice_in_a_bundle_drops_it(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    wire = tipping(chain, to)
    bundle = send(engine, wire, wire)
    assert ask(engine, "getBundleStatuses", [bundle])["value"] == [None]
    assert lamports(chain, to) == 0


def test_a_tip_below_the_least_drops_the_bundle(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    bundle = send(engine, tipping(chain, to, TIP_MIN - 1))
    assert ask(engine, "getBundleStatuses", [bundle])["value"] == [None]
    assert lamports(chain, to) == 0
    send(engine, tipping(chain, to, TIP_MIN))
    assert lamports(chain, to) == RENT


def test_what_is_no_bundle_is_refused_at_the_door(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    good = tipping(chain, to)
    unsigned = good[:1] + bytes(64) + good[65:]
    untipped = chain.paying(to, RENT)
    guarded = tipping(chain, to, guards_front=True)
    for wires, why in (
        ([], "at least one"),
        ([good] * 6, "max 5"),
        ([b"x"], "deserialize"),
        ([unsigned], "signature"),
        ([untipped], "tip account"),
        ([good, guarded], "must be first"),
    ):
        refused = send(engine, *wires)
        assert refused["code"] == -32602, why
        assert why in refused["message"] or why == "max 5"
    assert lamports(chain, to) == 0
    send(engine, guarded)
    assert lamports(chain, to) == RENT


def test_a_dead_blockhash_drops_the_bundle(chain: Chain, engine: BlockEngine):
    to = Pubkey.new_unique()
    tip = tip_step(chain.wallet.pubkey(), Tip(TIP_ACCOUNTS[0], Lamports(TIP)))
    dead = chain.signed(chain.payment(to, RENT), tip, blockhash=Hash.default())
    bundle = send(engine, dead)
    assert ask(engine, "getBundleStatuses", [bundle])["value"] == [None]


def test_the_tip_floor_follows_what_landed(chain: Chain, engine: BlockEngine):
    (floor,) = msgspec.json.decode(engine.tip_floor())
    assert floor["landed_tips_50th_percentile"] == TIP_MIN / 10**9
    for tip in (RENT, 2 * RENT, 3 * RENT, 4 * RENT):
        send(engine, tipping(chain, Pubkey.new_unique(), tip))
    (floor,) = msgspec.json.decode(engine.tip_floor())
    shown = [floor[f"landed_tips_{each}th_percentile"] for each in (25, 50, 75, 95)]
    assert shown == [tip / 10**9 for tip in (RENT, 2 * RENT, 3 * RENT, 4 * RENT)]


def test_the_tip_accounts_are_those_that_the_core_knows(engine: BlockEngine):
    assert ask(engine, "getTipAccounts") == [str(account) for account in TIP_ACCOUNTS]
    assert ask(engine, "getSlot")["code"] == -32601


def test_the_guard_is_read_only_and_at_the_system_program():
    wallet = Pubkey.new_unique()
    step = tip_step(wallet, Tip(TIP_ACCOUNTS[1], Lamports(5), guards_front=True))
    assert step.program_id == SYSTEM_PROGRAM
    guard = step.accounts[-1]
    assert (guard.pubkey, guard.is_signer, guard.is_writable) == (DO_NOT_FRONT, False, False)
    assert len(tip_step(wallet, Tip(TIP_ACCOUNTS[1], Lamports(5))).accounts) == 2


def test_prices_paid_are_told_by_block_and_account(chain: Chain):
    from solders.compute_budget import set_compute_unit_price

    from landfall.localnet.rpc import answer

    def paid(*accounts: Pubkey) -> list[int]:
        call = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "getRecentPrioritizationFees",
            "params": [[str(account) for account in accounts]],
        }
        reply = msgspec.json.decode(answer(chain.node, msgspec.json.encode(call)))["result"]
        return [each["prioritizationFee"] for each in reply]

    hot, cold = Pubkey.new_unique(), Pubkey.new_unique()
    for price in (700, 500):
        chain.run(set_compute_unit_price(price), chain.payment(hot, RENT + price))
    chain.run(set_compute_unit_price(90), chain.payment(cold, RENT))
    chain.advance(4)
    assert chain.slot(Commitment.CONFIRMED) > 0
    assert max(paid(hot)) == 500
    assert max(paid(cold)) == max(paid()) == 90
    chain.advance(160)
    assert max(paid(hot)) == 0
