"""Faults of calls and of answers, each seen through the real server."""

import base64
import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.models import TxOpts
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from landfall.localnet.app import App
from landfall.localnet.serve import RunningLocalnet
from tests.localnet.chain import RENT, Chain

Fault = Callable[..., None]
SKIP = TxOpts(skip_preflight=True)


async def post(url: str, method: str, *params: Any) -> tuple[int, Any, str]:
    """Status, headers and body of one raw call."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    wait = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=wait) as session, session.post(url, json=body) as it:
        return it.status, it.headers, await it.text()


def payment(chain: Chain, to: Pubkey) -> VersionedTransaction:
    return VersionedTransaction.from_bytes(chain.paying(to, RENT))


async def test_429_names_the_seconds_to_wait_and_nothing_is_done(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("429 sendTransaction 3 seconds")
    status, headers, _ = await post(localnet.rpc_url, "sendTransaction", "x")
    assert (status, headers["Retry-After"]) == (429, "3")
    to = Pubkey.new_unique()
    with pytest.raises(SolanaRpcException):
        await client.send_transaction(payment(chain, to), SKIP)
    assert chain.lamports(to) == 0
    assert (await client.get_slot(Processed)).value == chain.slot()


async def test_429_may_come_inside_an_answer_that_looks_fine(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("429-in-200 sendTransaction")
    status, _, body = await post(localnet.rpc_url, "sendTransaction", "x")
    assert status == 200
    assert json.loads(body)["error"]["code"] == 429
    to = Pubkey.new_unique()
    with pytest.raises(AttributeError):
        await client.send_transaction(payment(chain, to), SKIP)
    assert chain.lamports(to) == 0


@pytest.mark.parametrize(("name", "status"), [("503", 503), ("garbage", 200)])
async def test_what_is_no_answer_does_nothing(
    localnet: RunningLocalnet, fault: Fault, name: str, status: int
):
    fault(name)
    seen, _, body = await post(localnet.rpc_url, "getSlot")
    assert seen == status
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


async def test_a_call_that_hangs_is_done_all_the_same(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("hang sendTransaction")
    to = Pubkey.new_unique()
    with pytest.raises(SolanaRpcException):
        await client.send_transaction(payment(chain, to), SKIP)
    assert chain.lamports(to) == RENT
    (dice,) = localnet.faults.counted
    # The client sent it again behind our back: the same bytes, which land once.
    assert dice.struck == 2


async def test_a_connection_that_is_reset_had_done_its_call(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    fault("reset sendTransaction")
    to = Pubkey.new_unique()
    wire = chain.paying(to, RENT)
    with pytest.raises(aiohttp.ClientConnectionError):
        await post(
            localnet.rpc_url,
            "sendTransaction",
            base64.b64encode(wire).decode(),
            {"encoding": "base64", "skipPreflight": True},
        )
    assert chain.lamports(to) == RENT


async def test_only_the_named_node_is_stale(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("stale 20 slots at old")
    chain.advance(60)
    to = Pubkey.new_unique()
    transaction = payment(chain, to)
    sent = await client.send_transaction(transaction, SKIP)
    chain.advance(4)
    old = AsyncClient(f"{localnet.rpc_url}/node/old")
    try:
        for level in (Processed, Confirmed):
            behind = (await client.get_slot(level)).value - (await old.get_slot(level)).value
            assert 20 <= behind <= 22
        assert (await client.get_balance(to, Confirmed)).value == RENT
        assert (await old.get_balance(to, Confirmed)).value == 0
        assert (await client.get_signature_statuses([sent.value])).value[0] is not None
        assert (await old.get_signature_statuses([sent.value])).value[0] is None
        assert (await old.get_transaction(sent.value, commitment=Confirmed)).value is None
        fresh = [str(chain.blockhash()), {"commitment": "processed"}]
        for url, known in ((localnet.rpc_url, True), (f"{localnet.rpc_url}/node/old", False)):
            _, _, body = await post(url, "isBlockhashValid", *fresh)
            assert json.loads(body)["result"]["value"] is known
        # It lags to read and not to send.
        other = Pubkey.new_unique()
        await old.send_transaction(payment(chain, other), SKIP)
        assert chain.lamports(other) == RENT
        chain.advance(25)
        assert (await old.get_balance(to, Confirmed)).value == RENT
    finally:
        await old.close()


async def test_a_stale_node_lags_at_finalized_too(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    fault("stale 40 slots at old")
    to = Pubkey.new_unique()
    chain.advance(100)
    chain.submit(chain.paying(to, RENT))
    landed = chain.slot()
    chain.advance(50)
    url = f"{localnet.rpc_url}/node/old"
    for _ in range(60):
        _, _, body = await post(url, "getBalance", str(to), {"commitment": "finalized"})
        answer = json.loads(body)["result"]
        assert answer["value"] == (RENT if answer["context"]["slot"] >= landed else 0)
        chain.advance()
    assert answer["value"] == RENT


async def test_a_lying_node_denies_what_landed_and_claims_what_did_not(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("lie-unknown at denier", "lie-confirmed at claimer")
    to = Pubkey.new_unique()
    sent = (await client.send_transaction(payment(chain, to), SKIP)).value
    chain.advance(4)
    denier = AsyncClient(f"{localnet.rpc_url}/node/denier")
    claimer = AsyncClient(f"{localnet.rpc_url}/node/claimer")
    try:
        assert (await client.get_signature_statuses([sent])).value[0] is not None
        assert (await denier.get_signature_statuses([sent])).value[0] is None
        assert (await denier.get_transaction(sent, commitment=Confirmed)).value is None
        listed = await denier.get_signatures_for_address(to, commitment=Confirmed)
        assert listed.value == []
        nobody = Signature.new_unique()
        assert (await client.get_signature_statuses([nobody])).value[0] is None
        claimed = (await claimer.get_signature_statuses([nobody])).value[0]
        assert claimed is not None
        assert claimed.err is None
    finally:
        await denier.close()
        await claimer.close()


async def test_a_lying_node_names_another_signature_another_cluster_and_another_request(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("lie-signature", "lie-genesis", "lie-id getSlot")
    to = Pubkey.new_unique()
    transaction = payment(chain, to)
    said = (await client.send_transaction(transaction, SKIP)).value
    assert said != transaction.signatures[0]
    assert chain.lamports(to) == RENT
    assert (await client.get_genesis_hash()).value != chain.node.cluster.genesis_hash
    _, _, body = await post(localnet.rpc_url, "getSlot")
    assert json.loads(body)["id"] != 1


async def test_a_batch_shares_the_refusal_of_one_of_its_calls(
    localnet: RunningLocalnet, fault: Fault
):
    calls = [
        {"jsonrpc": "2.0", "id": number, "method": method}
        for number, method in enumerate(("getSlot", "getGenesisHash"))
    ]
    fault("503 getGenesisHash 1 times")
    async with aiohttp.ClientSession() as session:
        async with session.post(localnet.rpc_url, json=calls) as refused:
            assert refused.status == 503
        async with session.post(localnet.rpc_url, json=calls) as answered:
            assert [each["id"] for each in await answered.json()] == [0, 1]


async def test_faults_are_seen_and_changed_while_the_node_runs(localnet: RunningLocalnet):
    url = localnet.rpc_url
    _, _, body = await post(url, "localnet_setFaults", ["503 getSlot 2 times"], 11)
    assert json.loads(body)["result"]["seed"] == 11
    assert [(await post(url, "getSlot"))[0] for _ in range(4)] == [503, 503, 200, 200]
    _, _, body = await post(url, "localnet_faults")
    (rule,) = json.loads(body)["result"]["rules"]
    assert rule == {"rule": "503 getSlot 2 times", "seen": 4, "struck": 2}
    _, _, body = await post(url, "localnet_setFaults", ["503 getSlto"])
    assert "'getSlot' perhaps" in json.loads(body)["error"]["message"]
    await post(url, "localnet_setFaults", ["503"])
    # No fault strikes what changes them.
    _, _, body = await post(url, "localnet_setFaults", [])
    assert json.loads(body)["result"]["rules"] == []
    assert (await post(url, "getSlot"))[0] == 200


async def test_faults_cannot_be_changed_from_another_machine(chain: Chain):
    sent: list[dict[str, Any]] = []
    body = b'{"jsonrpc":"2.0","id":1,"method":"localnet_faults"}'

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    app = App(chain.node)
    for host, known in (("127.0.0.1", True), ("10.0.0.9", False)):
        scope = {"type": "http", "method": "POST", "path": "/", "client": (host, 1)}
        await app(scope, receive, send)
        assert ("result" in json.loads(sent[-1]["body"])) is known


def status_of(chain: Chain, transaction: VersionedTransaction) -> object:
    return chain.node.cluster.standing(transaction.signatures[0], search_history=True)


async def test_a_dropped_transaction_is_acknowledged_and_never_lands(
    chain: Chain, client: AsyncClient, fault: Fault
):
    fault("drop")
    to = Pubkey.new_unique()
    transaction = payment(chain, to)
    for _ in range(3):
        sent = await client.send_transaction(transaction)
        assert sent.value == transaction.signatures[0]
        chain.advance()
    chain.advance(200)
    assert status_of(chain, transaction) is None
    assert chain.lamports(to) == 0


async def test_a_late_transaction_lands_as_many_slots_later_and_once(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("late 5 slots")
    to = Pubkey.new_unique()
    transaction = payment(chain, to)
    now = chain.slot()
    await client.send_transaction(transaction)
    while chain.slot() < now + 5:
        await client.send_transaction(transaction)
        assert chain.lamports(to) == 0
        chain.advance()
    assert chain.lamports(to) == RENT
    chain.advance(10)
    assert chain.lamports(to) == RENT
    _, _, body = await post(localnet.rpc_url, "localnet_faults")
    assert json.loads(body)["result"]["late"] == {"waiting": 0, "landed": 1, "refused": 0}


async def test_a_transaction_kept_past_its_expiry_is_refused(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("after-expiry")
    to = Pubkey.new_unique()
    transaction = payment(chain, to)
    await client.send_transaction(transaction)
    chain.advance(100)
    _, _, body = await post(localnet.rpc_url, "localnet_faults")
    assert json.loads(body)["result"]["late"] == {"waiting": 1, "landed": 0, "refused": 0}
    chain.advance(60)
    _, _, body = await post(localnet.rpc_url, "localnet_faults")
    assert json.loads(body)["result"]["late"] == {"waiting": 0, "landed": 0, "refused": 1}
    assert chain.lamports(to) == 0


async def test_duplicates_land_once(
    localnet: RunningLocalnet, chain: Chain, client: AsyncClient, fault: Fault
):
    fault("duplicate 5 copies")
    to = Pubkey.new_unique()
    await client.send_transaction(payment(chain, to))
    chain.advance(8)
    assert chain.lamports(to) == RENT
    _, _, body = await post(localnet.rpc_url, "localnet_faults")
    assert json.loads(body)["result"]["late"] == {"waiting": 0, "landed": 0, "refused": 5}


async def test_without_rules_a_transaction_meets_no_fate(
    chain: Chain, client: AsyncClient, fault: Fault
):
    fault("drop")
    fault()
    to = Pubkey.new_unique()
    await client.send_transaction(payment(chain, to))
    assert chain.lamports(to) == RENT
