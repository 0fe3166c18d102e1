"""RpcChain on a real localnet driven by hand, and what callers who ask at once share."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from solders.hash import Hash
from solders.keypair import Keypair
from solders.message import Message
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from landfall.chain.rpc import ACCOUNTS_PER_CALL, RpcChain
from landfall.core.errors import Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import TransactionError
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Commitment, Pubkey, Signature
from landfall.core.venues import VENUES
from landfall.localnet.node import Node as LocalNode
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import running_localnet
from tests.chain.calls import GOOD
from tests.chain.conftest import Ask
from tests.chain.node import Behaviour, Exchange, error, http, running_node

BORN_AT = 1_800_000_000
FEE = 5_000
SOMEBODY = Pubkey.from_string("7RuNG7XnE9yiLqRcAfaLsJdbBPVoARNcry2Liwo2yVeq")


@dataclass
class Cluster:
    """A localnet, its funded wallet, and the chain as the pipeline sees it."""

    node: LocalNode
    wallet: Keypair
    chain: RpcChain

    def advance(self, slots: int) -> None:
        for _ in range(slots):
            self.node.advance(BORN_AT)

    async def paying(self, lamports: int) -> SignedTransaction:
        latest = await self.chain.latest_blockhash()
        pay = transfer(
            TransferParams(from_pubkey=self.wallet.pubkey(), to_pubkey=SOMEBODY, lamports=lamports)
        )
        message = Message.new_with_blockhash(
            [pay], self.wallet.pubkey(), Hash.from_string(latest.blockhash)
        )
        signed = VersionedTransaction(message, [self.wallet])
        return SignedTransaction(
            signature=signed.signatures[0],
            raw=bytes(signed),
            blockhash=latest.blockhash,
            last_valid_block_height=latest.last_valid_block_height,
            min_context_slot=latest.context_slot,
        )


@pytest.fixture
async def cluster(ask: Ask) -> AsyncIterator[Cluster]:
    wallet = Keypair()
    options = LocalnetOptions(port=0, slot_ms=0, fund=(wallet.pubkey(),))
    async with running_localnet(options) as running:
        cluster = Cluster(running.node, wallet, ask(running.rpc_url))
        cluster.advance(4)
        yield cluster


async def test_a_payment_is_followed_from_its_blockhash_to_its_finality(cluster: Cluster):
    chain, payer = cluster.chain, cluster.wallet.pubkey()
    payment = await cluster.paying(10**9)
    assert (await chain.status(payment.signature)).status is None
    assert await chain.transaction(payment.signature) is None

    await chain.send(payment)
    await chain.send(payment)
    cluster.advance(3)
    status = (await chain.status(payment.signature)).status
    assert status is not None
    assert (status.commitment >= Commitment.CONFIRMED, status.error) == (True, None)

    landed = await chain.transaction(payment.signature)
    assert landed is not None
    balances = landed.balances
    assert (landed.signature, landed.error, balances.fee_lamports) == (payment.signature, None, FEE)
    assert landed.slot == status.slot
    assert balances.lamports_before[payer] - balances.lamports_after[payer] == 10**9 + FEE
    assert balances.lamports_after[SOMEBODY] == 10**9
    shown = await chain.accounts([SOMEBODY, payer])
    assert shown.accounts[SOMEBODY] is not None
    assert shown.accounts[SOMEBODY].lamports == 10**9

    cluster.advance(40)
    final = await chain.finalized()
    assert final.slot >= landed.slot
    status = (await chain.status(payment.signature)).status
    assert status is not None
    assert status.commitment is Commitment.FINALIZED


async def test_accounts_come_in_the_order_asked_and_absent_ones_are_none(cluster: Cluster):
    mint = KNOWN_TOKENS["USDC"].mint
    at = await cluster.chain.accounts([SOMEBODY, mint])
    assert list(at.accounts) == [SOMEBODY, mint]
    assert at.accounts[SOMEBODY] is None
    assert at.accounts[mint] is not None
    assert at.accounts[mint].owner == KNOWN_TOKENS["USDC"].program


async def test_more_accounts_than_one_call_takes_are_not_read_in_two(cluster: Cluster):
    many = [Pubkey(number.to_bytes(32, "big")) for number in range(1, ACCOUNTS_PER_CALL + 2)]
    assert len((await cluster.chain.accounts(many[1:])).accounts) == ACCOUNTS_PER_CALL
    with pytest.raises(Unavailable, match="101 accounts asked at once"):
        await cluster.chain.accounts(many)


async def test_the_pools_of_a_pair_are_found_by_their_bytes(cluster: Cluster):
    pair = (KNOWN_TOKENS["SOL"].mint, KNOWN_TOKENS["USDC"].mint)
    for venue in VENUES.values():
        found = [
            address
            for question in venue.pools_trading(*pair)
            for address in await cluster.chain.program_accounts(question)
        ]
        # A bonding curve is a launch, and no token is launched on a chain's first day.
        assert bool(found) != (venue.name == "meteora_dbc")
        if not found:
            continue
        at = await cluster.chain.accounts(found)
        assert {account.owner for account in at.accounts.values() if account} == {venue.program_id}


async def test_a_simulation_tells_the_error_and_changes_nothing(cluster: Cluster):
    fine = await cluster.chain.simulate((await cluster.paying(10**9)).raw)
    assert (fine.error, fine.units_consumed > 0) == (None, True)
    broke = await cluster.chain.simulate((await cluster.paying(10**18)).raw)
    assert broke.error == TransactionError("Custom", instruction=0, code=1)
    assert (await cluster.chain.accounts([SOMEBODY])).accounts[SOMEBODY] is None


async def test_the_cluster_has_one_name(cluster: Cluster):
    name = await cluster.chain.genesis_hash()
    cluster.advance(1)
    assert await cluster.chain.genesis_hash() == name == str(Hash.from_string(name))


class Statuses:
    """Answers status questions when told to; each signature's slot is its first byte."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.spoiled: Behaviour | None = None

    async def __call__(self, exchange: Exchange) -> None:
        await self.open.wait()
        if self.spoiled is not None:
            return await self.spoiled(exchange)
        asked = [Signature.from_string(text) for text in exchange.request["params"][0]]
        value = [
            {"slot": bytes(each)[0], "confirmationStatus": "finalized", "err": None}
            for each in asked
        ]
        told = {"id": exchange.request_id, "result": {"context": {"slot": 900}, "value": value}}
        exchange.writer.write(http(json.dumps(told).encode()))


SIGNATURES = [Signature(bytes([number]) * 64) for number in range(20)]


async def asked_at_once(node, chain: RpcChain, statuses: Statuses) -> list:
    """One question that is under way, and nineteen that come meanwhile."""
    statuses.open.clear()
    seen = len(node.requests)
    first = asyncio.create_task(chain.status(SIGNATURES[0]))
    while len(node.requests) == seen:
        await asyncio.sleep(0)
    others = [asyncio.create_task(chain.status(each)) for each in SIGNATURES[1:]]
    await asyncio.sleep(0)
    statuses.open.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_statuses_asked_for_meanwhile_share_a_request_and_each_gets_its_own(ask: Ask):
    statuses = Statuses()
    async with running_node(statuses) as node:
        answers = await asked_at_once(node, ask(node.url), statuses)
        assert [len(request["params"][0]) for request in node.requests] == [1, 19]
    assert [answer.status.slot for answer in answers] == list(range(20))


@pytest.mark.parametrize(
    "spoiled", [error(429), error(-32603), error(-32005)], ids=["429", "inside", "ill"]
)
async def test_one_bad_answer_fails_those_who_shared_it_and_nobody_after(
    ask: Ask, spoiled: Behaviour
):
    statuses = Statuses()
    async with running_node(statuses) as node:
        chain = ask(node.url)
        statuses.spoiled = spoiled
        answers = await asyncio.wait_for(asked_at_once(node, chain, statuses), 30)
        assert [type(answer) for answer in answers] == [Unavailable] * 20
        assert len(node.requests) == 2
        statuses.spoiled = None
        answers = await asked_at_once(node, chain, statuses)
        assert [answer.status.slot for answer in answers] == list(range(20))


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_a_list_of_another_length_is_no_answer_to_any(ask: Ask, count: int):
    async def of_another_length(exchange: Exchange) -> None:
        value = GOOD["getSignatureStatuses"]["value"] * count
        told = {"id": exchange.request_id, "result": {"context": {"slot": 9}, "value": value}}
        exchange.writer.write(http(json.dumps(told).encode()))

    async with running_node(of_another_length) as node:
        chain = ask(node.url)
        first = asyncio.create_task(chain.status(SIGNATURES[0]))
        while not node.requests:
            await asyncio.sleep(0)
        shared = [asyncio.create_task(chain.status(each)) for each in SIGNATURES[1:3]]
        for question in (*shared, *([first] if count != 1 else [])):
            with pytest.raises(Unavailable, match="not one status for each"):
                await question
        await asyncio.gather(first, return_exceptions=True)


async def test_blockhashes_asked_for_at_once_are_one_question(ask: Ask):
    opened = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        await opened.wait()
        told = {"id": exchange.request_id, "result": GOOD["getLatestBlockhash"]}
        exchange.writer.write(http(json.dumps(told).encode()))

    async with running_node(answer) as node:
        chain = ask(node.url)
        asking = [asyncio.create_task(chain.latest_blockhash()) for _ in range(50)]
        while not node.requests:
            await asyncio.sleep(0)
        opened.set()
        assert len(set(await asyncio.gather(*asking))) == 1
        assert len(node.requests) == 1
        node.behaviour = error(429)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(chain.latest_blockhash(), 30)
