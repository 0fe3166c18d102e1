"""JSON-RPC as the specification and agave have it, and requests that nobody should send."""

import base64
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM
from landfall.localnet.app import App
from landfall.localnet.genesis import WALLET_WHOLE_TOKENS
from landfall.localnet.openings.deposits import Deposit, token_account
from landfall.localnet.pubsub import KINDS, Connection
from landfall.localnet.rpc import METHODS, answer
from landfall.localnet.wire import base58_encode
from tests.localnet.chain import FEE, RENT, Chain, failing, token_transfer

Call = Callable[..., Any]


@pytest.fixture
def call(chain: Chain) -> Call:
    def send(method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        reply = json.loads(answer(chain.node, json.dumps(request).encode()))
        assert reply["id"] == 7
        return reply

    return send


def encoded(wire: bytes) -> str:
    return base64.b64encode(wire).decode()


BASE64 = {"encoding": "base64"}
APPROVE = bytes([4])
PROCESSED = {"commitment": "processed"}


def code_of(reply: Any) -> int:
    return reply["error"]["code"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[" * 100_000, -32700),
        (b"[]", -32600),
        (b"null", -32600),
        (b"3", -32600),
        (b"{}", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"getSlot"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":5}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSolt"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":{"a":1}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBalance"}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getBalance","params":["short"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"max"}]}', -32602),
    ],
)
def test_a_malformed_request_has_the_code_of_the_specification(
    chain: Chain, body: bytes, code: int
):
    assert code_of(json.loads(answer(chain.node, body))) == code


def test_a_batch_is_answered_in_order_and_each_call_for_itself(chain: Chain):
    batch = [
        {"jsonrpc": "2.0", "id": "a", "method": "getSlot", "params": [PROCESSED]},
        5,
        {"jsonrpc": "2.0", "method": "getSlot"},
        {"jsonrpc": "2.0", "id": "b", "method": "nonsense"},
    ]
    replies = json.loads(answer(chain.node, json.dumps(batch).encode()))
    assert [reply["id"] for reply in replies] == ["a", None, "b"]
    assert replies[0]["result"] == chain.slot()
    assert [code_of(reply) for reply in replies[1:]] == [-32600, -32601]


def test_a_slot_not_reached_yet_is_refused_with_the_slot_that_was(call: Call, chain: Chain):
    for method, params in (
        ("getSlot", []),
        ("getBalance", [str(Pubkey.new_unique())]),
        ("getLatestBlockhash", []),
        ("getMultipleAccounts", [[str(Pubkey.new_unique())]]),
    ):
        ahead = {"commitment": "processed", "minContextSlot": chain.slot() + 1}
        reply = call(method, *params, ahead)
        assert code_of(reply) == -32016
        assert reply["error"]["data"] == {"contextSlot": chain.slot()}
        assert "result" in call(method, *params, {**ahead, "minContextSlot": chain.slot()})


def test_a_preflight_failure_carries_what_happened(call: Call, chain: Chain):
    wire = chain.signed(chain.payment(Pubkey.new_unique(), RENT), failing())
    reply = call("sendTransaction", encoded(wire), {**BASE64, "preflightCommitment": "processed"})
    error = reply["error"]
    assert error["code"] == -32002
    assert error["message"] == (
        "Transaction simulation failed: Error processing Instruction 1: Program failed to complete"
    )
    assert error["data"]["err"] == {"InstructionError": [1, "ProgramFailedToComplete"]}
    assert error["data"]["unitsConsumed"] > 0
    assert error["data"]["logs"]


def test_what_has_landed_is_already_processed(call: Call, chain: Chain):
    wire = chain.paying(Pubkey.new_unique(), RENT)
    sent = {**BASE64, "preflightCommitment": "processed"}
    signature = call("sendTransaction", encoded(wire), sent)["result"]
    error = call("sendTransaction", encoded(wire), sent)["error"]
    assert error["message"].endswith("This transaction has already been processed")
    again = call("sendTransaction", encoded(wire), {**BASE64, "skipPreflight": True})
    assert again["result"] == signature
    assert call("sendTransaction", base58_encode(wire), {"skipPreflight": True})["result"]


def test_a_packet_has_1232_bytes_and_not_one_more(call: Call, chain: Chain):
    def signed(size: int) -> bytes:
        memo = failing()
        for padding in range(size):
            wire = chain.signed(type(memo)(memo.program_id, b"x" * padding, []))
            if len(wire) == size:
                return wire
        raise AssertionError(size)

    largest, larger = signed(1_232), signed(1_233)
    options = {**BASE64, "preflightCommitment": "processed"}
    assert "result" in call("sendTransaction", encoded(largest), options)
    for method in ("sendTransaction", "simulateTransaction"):
        refused = call(method, encoded(larger), options)
        assert code_of(refused) == -32602
        assert refused["error"]["message"] == (
            "decoded solana_transaction::versioned::VersionedTransaction too large: 1233 bytes "
            "(max: 1232 bytes)"
        )
    far_too_large = call("sendTransaction", encoded(bytes(2_000)), options)
    assert "(max: encoded/raw 1644/1232)" in far_too_large["error"]["message"]


@pytest.mark.parametrize("spoilt", ["!!!!", "AAAA", encoded(bytes(200)), encoded(b"\xff" * 300)])
def test_bytes_that_are_no_transaction_are_invalid_params(call: Call, spoilt: str):
    assert code_of(call("sendTransaction", spoilt, BASE64)) == -32602
    assert code_of(call("simulateTransaction", spoilt, BASE64)) == -32602


def test_a_bad_signature_is_refused_before_it_runs(call: Call, chain: Chain):
    wire = bytearray(chain.paying(Pubkey.new_unique(), RENT))
    wire[5] ^= 1
    refused = call("sendTransaction", encoded(bytes(wire)), BASE64)
    assert code_of(refused) == -32003
    simulate = {**BASE64, **PROCESSED}
    assert code_of(
        call("simulateTransaction", encoded(bytes(wire)), {**simulate, "sigVerify": True})
    )
    unchecked = call("simulateTransaction", encoded(bytes(wire)), simulate)
    assert unchecked["result"]["value"]["err"] is None


def test_a_simulation_shows_accounts_and_may_have_a_fresh_blockhash(call: Call, chain: Chain):
    to = Pubkey.new_unique()
    wire = chain.paying(to, RENT, blockhash=chain.blockhash().new_unique())
    options = {**BASE64, **PROCESSED, "accounts": {"encoding": "base64", "addresses": [str(to)]}}
    dead = call("simulateTransaction", encoded(wire), options)["result"]["value"]
    assert dead["err"] == "BlockhashNotFound"
    fresh = {**options, "replaceRecentBlockhash": True}
    value = call("simulateTransaction", encoded(wire), fresh)["result"]["value"]
    assert value["err"] is None
    assert value["accounts"][0]["lamports"] == RENT
    assert value["replacementBlockhash"]["blockhash"] == str(chain.blockhash())
    assert (
        code_of(call("simulateTransaction", encoded(wire), {**fresh, "sigVerify": True})) == -32602
    )
    assert chain.lamports(to) == 0


def test_token_balances_before_and_after_are_in_the_meta(call: Call, chain: Chain):
    usdc = KNOWN_TOKENS["USDC"]
    newcomer = Keypair()
    target = Pubkey.new_unique()
    empty = token_account(Deposit(token=usdc, amount=0), newcomer.pubkey())
    chain.node.cluster.svm.apply(chain.slot(), {target: empty})
    wallet = chain.wallet.pubkey()
    _, landed = chain.run(
        token_transfer(chain.tokens_of("USDC"), usdc.mint, target, wallet, 1_250_000, 6)
    )
    assert landed is not None
    chain.advance(4)
    confirmed = {"commitment": "confirmed", "maxSupportedTransactionVersion": 0}
    found = call("getTransaction", str(landed.signature), confirmed)["result"]
    assert found["version"] == "legacy"
    keys = found["transaction"]["message"]["accountKeys"]
    before, after = (
        {keys[entry["accountIndex"]]: entry for entry in found["meta"][side]}
        for side in ("preTokenBalances", "postTokenBalances")
    )
    assert before[str(target)]["uiTokenAmount"]["amount"] == "0"
    assert after[str(target)] == {
        "accountIndex": keys.index(str(target)),
        "mint": str(usdc.mint),
        "owner": str(newcomer.pubkey()),
        "programId": str(usdc.program),
        "uiTokenAmount": {
            "amount": "1250000",
            "decimals": 6,
            "uiAmount": 1.25,
            "uiAmountString": "1.25",
        },
    }
    mine = str(chain.tokens_of("USDC"))
    assert int(before[mine]["uiTokenAmount"]["amount"]) - 1_250_000 == int(
        after[mine]["uiTokenAmount"]["amount"]
    )


def test_a_versioned_transaction_is_shown_to_those_who_can_read_it(call: Call, chain: Chain):
    message = MessageV0.try_compile(
        chain.wallet.pubkey(), [chain.payment(Pubkey.new_unique(), RENT)], [], chain.blockhash()
    )
    _, landed = chain.submit(bytes(VersionedTransaction(message, [chain.wallet])))
    assert landed is not None
    chain.advance(4)
    confirmed = {"commitment": "confirmed"}
    refused = call("getTransaction", str(landed.signature), confirmed)
    assert code_of(refused) == -32015
    readable = {**confirmed, "maxSupportedTransactionVersion": 0}
    shown = call("getTransaction", str(landed.signature), readable)["result"]
    assert shown["version"] == 0
    assert shown["transaction"]["message"]["addressTableLookups"] == []


def test_an_address_lists_its_transactions_newest_first_in_pages(call: Call, chain: Chain):
    to = str(Pubkey.new_unique())
    sent = []
    for _ in range(7):
        _, landed = chain.run(chain.payment(Pubkey.from_string(to), RENT))
        assert landed is not None
        sent.insert(0, str(landed.signature))
        if len(sent) % 3 == 0:
            chain.advance()
    chain.advance(4)

    def listed(**options: Any) -> list[str]:
        reply = call("getSignaturesForAddress", to, {"commitment": "confirmed", **options})
        return [entry["signature"] for entry in reply["result"]]

    assert listed() == sent
    assert listed(limit=3) == sent[:3]
    assert listed(limit=3, before=sent[2]) == sent[3:6]
    assert listed(until=sent[4]) == sent[:4]
    assert listed(before=sent[1], until=sent[5]) == sent[2:5]
    assert call("getSignaturesForAddress", to)["result"] == []
    assert code_of(call("getSignaturesForAddress", to, {"limit": 1_001})) == -32602
    chain.advance(40)
    assert len(call("getSignaturesForAddress", to)["result"]) == 7


def test_program_accounts_are_filtered_by_size_and_bytes(call: Call, chain: Chain):
    wallet = chain.wallet.pubkey()
    program = str(KNOWN_TOKENS["USDC"].program)
    mine = {"memcmp": {"offset": 32, "bytes": str(wallet)}}
    options = {"encoding": "base64", "filters": [{"dataSize": 165}, mine]}
    found = call("getProgramAccounts", program, options)["result"]
    assert {entry["pubkey"] for entry in found} == {
        str(chain.tokens_of(symbol)) for symbol in WALLET_WHOLE_TOKENS
    }
    in_base64 = {"memcmp": {"offset": 32, "bytes": encoded(bytes(wallet)), "encoding": "base64"}}
    as_numbers = {"memcmp": {"offset": 32, "bytes": list(bytes(wallet))}}
    for other in (in_base64, as_numbers):
        again = call("getProgramAccounts", program, {**options, "filters": [other]})["result"]
        assert again == found
    sliced = {**options, "withContext": True, "dataSlice": {"offset": 64, "length": 8}}
    value = call("getProgramAccounts", program, sliced)["result"]["value"]
    assert {len(base64.b64decode(entry["account"]["data"][0])) for entry in value} == {8}
    five = {"filters": [mine] * 5}
    assert code_of(call("getProgramAccounts", program, five)) == -32602


def test_token_accounts_are_found_by_who_may_spend_from_them(call: Call, chain: Chain):
    usdc, spender = KNOWN_TOKENS["USDC"], Pubkey.new_unique()
    asked = (str(spender), {"mint": str(usdc.mint)}, {"encoding": "jsonParsed", **PROCESSED})
    assert call("getTokenAccountsByDelegate", *asked)["result"]["value"] == []
    accounts = [
        AccountMeta(chain.tokens_of("USDC"), is_signer=False, is_writable=True),
        AccountMeta(spender, is_signer=False, is_writable=False),
        AccountMeta(chain.wallet.pubkey(), is_signer=True, is_writable=False),
    ]
    chain.run(Instruction(usdc.program, APPROVE + (5).to_bytes(8, "little"), accounts))
    (found,) = call("getTokenAccountsByDelegate", *asked)["result"]["value"]
    assert found["pubkey"] == str(chain.tokens_of("USDC"))
    info = found["account"]["data"]["parsed"]["info"]
    assert (info["delegate"], info["delegatedAmount"]["amount"]) == (str(spender), "5")


def test_long_data_in_base58_is_refused_as_agave_does(call: Call, chain: Chain):
    address = str(chain.tokens_of("USDC"))
    assert code_of(call("getAccountInfo", address, {"encoding": "base58"})) == -32600
    short = {"encoding": "base58", "dataSlice": {"offset": 0, "length": 32}}
    shown = call("getAccountInfo", address, short)["result"]["value"]["data"]
    assert shown == [str(KNOWN_TOKENS["USDC"].mint), "base58"]


def test_the_fee_of_a_message_is_known_until_its_blockhash_dies(call: Call, chain: Chain):
    wire = chain.paying(Pubkey.new_unique(), RENT)
    message = encoded(wire[65:])
    assert call("getFeeForMessage", message, PROCESSED)["result"]["value"] == FEE
    chain.advance(200)
    assert call("getFeeForMessage", message, PROCESSED)["result"]["value"] is None


def test_a_played_program_looks_like_a_program(call: Call):
    shown = call("getAccountInfo", str(RAYDIUM_CPMM.program_id), BASE64)["result"]["value"]
    assert shown["executable"] is True


OPTIONS = [
    "commitment",
    "encoding",
    "filters",
    "memcmp",
    "bytes",
    "offset",
    "dataSize",
    "dataSlice",
    "length",
    "mint",
    "programId",
    "minContextSlot",
    "accounts",
    "addresses",
    "limit",
    "before",
    "until",
    "mentions",
]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=50)
    | st.sampled_from(["processed", "base64", "all", str(Pubkey.default()), "1" * 88]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(OPTIONS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(method=st.sampled_from([*METHODS, ""]), params=st.lists(json_values, max_size=4))
def test_no_parameters_bring_the_node_down(chain: Chain, method: str, params: list[Any]):
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    reply = json.loads(answer(chain.node, msgspec.json.encode(request)))
    assert ("result" in reply) != ("error" in reply)
    assert reply.get("error", {}).get("code") != -32603, reply


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300) | json_values.map(msgspec.json.encode))
def test_no_body_brings_the_node_down(chain: Chain, body: bytes):
    reply = json.loads(answer(chain.node, body))
    replies = reply if isinstance(reply, list) else [reply]
    assert {code_of(each) for each in replies} <= {-32700, -32600}


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(
        [f"{kind}{verb}" for kind in KINDS for verb in ("Subscribe", "Unsubscribe")]
    ),
    params=st.lists(json_values, max_size=3) | json_values,
)
def test_no_subscription_brings_the_node_down(chain: Chain, method: str, params: Any):
    sent: list[bytes] = []
    app = App(chain.node)
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    app._frame(
        Connection(sent.append, lambda kind, frame: sent.append(frame)),
        msgspec.json.encode(request),
    )
    chain.run()
    chain.advance()
    reply = json.loads(sent[0])
    assert reply.get("error", {}).get("code") != -32603, reply
    chain.node.listeners.clear()


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_spoilt_transaction_brings_the_node_down(chain: Chain, data: st.DataObject):
    wire = bytearray(chain.signed(chain.payment(Pubkey.new_unique(), RENT), failing()))
    for _ in range(data.draw(st.integers(1, 4))):
        # The signatures are left alone: what follows is what has to be judged.
        wire[data.draw(st.integers(64, len(wire) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        wire = wire[: data.draw(st.integers(0, len(wire)))]
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "simulateTransaction",
        "params": [encoded(bytes(wire)), {**BASE64, **PROCESSED, "replaceRecentBlockhash": True}],
    }
    reply = json.loads(answer(chain.node, msgspec.json.encode(request)))
    assert reply.get("error", {}).get("code") != -32603, reply
