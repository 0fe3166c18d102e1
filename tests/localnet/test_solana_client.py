"""The unmodified `solana` client, over real HTTP and WebSockets."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from solana.exceptions import SolanaRpcException
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Finalized, Processed
from solana.rpc.core import RPCException
from solana.rpc.models import DataSliceOpts, MemcmpOpts, TokenAccountOpts, TxOpts
from solana.rpc.websocket_api import SolanaWsClient
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.rpc.config import RpcTransactionLogsFilterMentions
from solders.rpc.errors import SendTransactionPreflightFailureMessage
from solders.transaction import VersionedTransaction
from solders.transaction_status import TransactionConfirmationStatus

from landfall.core.token import TOKEN_PROGRAM
from landfall.core.token_list import KNOWN_TOKENS
from landfall.localnet.genesis import WALLET_WHOLE_TOKENS
from landfall.localnet.openings.deposits import Deposit, token_account
from landfall.localnet.options import LocalnetOptions
from landfall.localnet.serve import RunningLocalnet, running_localnet
from tests.localnet.chain import FEE, RENT, Chain, failing, token_transfer

SKIP = TxOpts(skip_preflight=True)


@pytest.fixture
async def localnet(wallet: Keypair) -> AsyncIterator[RunningLocalnet]:
    options = LocalnetOptions(port=0, slot_ms=0, fund=(wallet.pubkey(),))
    async with running_localnet(options) as running:
        yield running


@pytest.fixture
def chain(localnet: RunningLocalnet, wallet: Keypair) -> Chain:
    return Chain(localnet.node, wallet)


@pytest.fixture
async def client(localnet: RunningLocalnet) -> AsyncIterator[AsyncClient]:
    client = AsyncClient(localnet.rpc_url)
    yield client
    await client.close()


@pytest.fixture
async def socket(localnet: RunningLocalnet) -> AsyncIterator[SolanaWsClient]:
    async with SolanaWsClient(localnet.ws_url) as socket:
        yield socket


def decoded(wire: bytes) -> VersionedTransaction:
    return VersionedTransaction.from_bytes(wire)


async def test_the_cluster_introduces_itself(client: AsyncClient, chain: Chain):
    assert await client.is_connected()
    chain.advance(40)
    cluster = chain.node.cluster
    assert (await client.get_genesis_hash()).value == cluster.genesis_hash
    assert (await client.get_slot(Processed)).value == chain.slot()
    assert (await client.get_block_height(Processed)).value == chain.height()
    info = (await client.get_epoch_info(Processed)).value
    assert (info.absolute_slot, info.block_height) == (chain.slot(), chain.height())
    latest = (await client.get_latest_blockhash(Confirmed)).value
    assert latest.last_valid_block_height == (await client.get_block_height(Confirmed)).value + 150
    assert (await client.get_block_time((await client.get_slot()).value)).value is not None
    assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280
    assert (await client.get_version()).value.solana_core
    assert (await client.get_identity()).value
    assert (await client.get_epoch_schedule()).value.slots_per_epoch == 432_000
    assert (await client.get_supply()).value.total > 10**17
    assert (await client.get_first_available_block()).value == 0
    assert (await client.get_recent_prioritization_fees()).value
    assert (await client.get_slot_leader()).value
    assert not (await client.get_vote_accounts()).value.current
    assert len((await client.get_blocks(1_000)).value) > 1


async def test_a_payment_is_sent_followed_and_read_back(client: AsyncClient, chain: Chain):
    to = Pubkey.new_unique()
    blockhash = (await client.get_latest_blockhash(Confirmed)).value.blockhash
    transaction = decoded(chain.paying(to, RENT, blockhash))
    fee = (await client.get_fee_for_message(transaction.message)).value
    assert fee == FEE
    simulated = (await client.simulate_transaction(transaction, True, Confirmed)).value
    assert simulated.err is None
    signature = (
        await client.send_transaction(transaction, TxOpts(preflight_commitment=Confirmed))
    ).value
    assert signature == transaction.signatures[0]
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.confirmation_status == TransactionConfirmationStatus.Processed
    assert (await client.get_balance(to, Processed)).value == RENT
    assert (await client.get_balance(to, Confirmed)).value == 0
    assert (await client.get_transaction(signature, commitment=Confirmed)).value is None
    chain.advance(3)
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.confirmation_status == TransactionConfirmationStatus.Confirmed
    assert (await client.get_transaction(signature, commitment=Finalized)).value is None
    chain.advance(40)
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.confirmation_status == TransactionConfirmationStatus.Finalized
    assert status.confirmations is None
    for encoding in ("json", "base64", "base58", "jsonParsed"):
        found = (await client.get_transaction(signature, encoding)).value
        assert found is not None
        meta = found.transaction.meta
        assert meta is not None
        assert meta.err is None
        assert meta.fee == FEE
        assert meta.pre_balances[0] - meta.post_balances[0] == RENT + FEE
        assert meta.log_messages
        assert meta.compute_units_consumed
    (entry,) = (await client.get_signatures_for_address(to)).value
    assert entry.signature == signature
    block = (await client.get_block(entry.slot)).value
    assert block is not None
    assert block.transactions is not None
    assert len(block.transactions) == 1


async def test_statuses_of_long_ago_need_the_history(client: AsyncClient, chain: Chain):
    _, landed = chain.run()
    assert landed is not None
    chain.advance(310)
    wanted = [landed.signature]
    assert (await client.get_signature_statuses(wanted)).value == [None]
    found = (await client.get_signature_statuses(wanted, search_transaction_history=True)).value[0]
    assert found is not None
    assert found.slot == landed.slot


async def test_a_preflight_failure_says_why(client: AsyncClient, chain: Chain):
    wire = chain.signed(chain.payment(Pubkey.new_unique(), RENT), failing())
    with pytest.raises(RPCException) as raised:
        await client.send_transaction(decoded(wire), TxOpts(preflight_commitment=Processed))
    (failure,) = raised.value.args
    assert isinstance(failure, SendTransactionPreflightFailureMessage)
    assert "Error processing Instruction 1" in failure.message
    assert failure.data.logs
    assert failure.data.units_consumed
    assert chain.node.cluster.standing(decoded(wire).signatures[0], True) is None


async def test_without_preflight_the_failure_lands(client: AsyncClient, chain: Chain):
    wire = chain.signed(failing())
    signature = (await client.send_transaction(decoded(wire), SKIP)).value
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.err is not None


async def test_a_blockhash_newer_than_the_preflight_commitment_is_not_found(
    client: AsyncClient, chain: Chain
):
    chain.advance(40)
    wire = chain.paying(Pubkey.new_unique(), RENT, chain.blockhash())
    with pytest.raises(RPCException, match="Blockhash not found"):
        await client.send_transaction(decoded(wire), TxOpts(preflight_commitment=Finalized))
    signature = await client.send_transaction(decoded(wire), TxOpts(preflight_commitment=Processed))
    assert signature.value == decoded(wire).signatures[0]


async def test_a_bad_signature_is_refused_and_never_lands(client: AsyncClient, chain: Chain):
    to = Pubkey.new_unique()
    wire = bytearray(chain.paying(to, RENT))
    wire[10] ^= 1
    with pytest.raises(RPCException, match="SignatureVerificationFailure"):
        await client.send_raw_transaction(bytes(wire), TxOpts(preflight_commitment=Processed))
    await client.send_raw_transaction(bytes(wire), SKIP)
    assert chain.lamports(to) == 0


async def test_a_transaction_of_more_than_a_packet_is_refused(client: AsyncClient, chain: Chain):
    payments = [chain.payment(Pubkey.new_unique(), RENT) for _ in range(30)]
    wire = chain.signed(*payments)
    assert len(wire) > 1_232
    with pytest.raises((RPCException, SolanaRpcException), match="too large"):
        await client.send_raw_transaction(wire)


async def test_accounts_are_read_in_every_way(client: AsyncClient, chain: Chain, wallet: Keypair):
    usdc = KNOWN_TOKENS["USDC"].mint
    held = chain.tokens_of("USDC")
    account = (await client.get_account_info(held)).value
    assert account is not None
    assert account.owner == TOKEN_PROGRAM
    sliced = (
        await client.get_account_info(held, data_slice=DataSliceOpts(offset=0, length=32))
    ).value
    assert sliced is not None
    assert sliced.data == bytes(usdc)
    several = (await client.get_multiple_accounts([held, Pubkey.new_unique(), usdc])).value
    assert several[1] is None
    assert several[0] == account
    assert (await client.get_token_account_balance(held)).value.ui_amount == 10_000_000
    assert int((await client.get_token_supply(usdc)).value.amount) > 10**13
    (mine,) = (
        await client.get_token_accounts_by_owner(wallet.pubkey(), TokenAccountOpts(mint=usdc))
    ).value
    assert mine.pubkey == held
    parsed = (
        await client.get_token_accounts_by_owner_json_parsed(
            wallet.pubkey(), TokenAccountOpts(program_id=TOKEN_PROGRAM)
        )
    ).value
    assert len(parsed) == len(WALLET_WHOLE_TOKENS)
    one = (await client.get_account_info_json_parsed(held)).value
    assert one is not None
    largest = (await client.get_token_largest_accounts(usdc)).value
    assert len(largest) > 3
    found = (
        await client.get_program_accounts(
            TOKEN_PROGRAM,
            encoding="base64",
            filters=[165, MemcmpOpts(offset=32, bytes=str(wallet.pubkey()))],
        )
    ).value
    assert len(found) == len(WALLET_WHOLE_TOKENS)


async def test_an_airdrop_arrives_each_time_it_is_asked_for(client: AsyncClient, chain: Chain):
    to = Pubkey.new_unique()
    first = (await client.request_airdrop(to, RENT)).value
    second = (await client.request_airdrop(to, RENT)).value
    assert first != second
    assert chain.lamports(to) == 2 * RENT


async def frames(socket: SolanaWsClient, count: int) -> list:
    return [await asyncio.wait_for(socket.recv(), 5) for _ in range(count)]


def kinds(notices: list) -> list[str]:
    return [type(notice).__name__.removesuffix("Notification") for notice in notices]


async def test_a_signature_is_told_once_when_it_reaches_its_commitment(
    socket: SolanaWsClient, client: AsyncClient, chain: Chain
):
    wire = chain.signed(failing())
    signature = decoded(wire).signatures[0]
    await socket.slot_subscribe()
    await socket.signature_subscribe(signature=signature, commitment=Confirmed)
    await client.send_transaction(decoded(wire), SKIP)
    chain.advance(4)
    notices = await frames(socket, 5)
    assert kinds(notices) == ["Slot", "Signature", "Slot", "Slot", "Slot"]
    assert notices[1].result.value.err is not None
    assert notices[0].result.slot - notices[0].result.parent >= 1


async def test_a_signature_that_has_landed_already_is_told_at_once(
    socket: SolanaWsClient, chain: Chain
):
    _, landed = chain.run()
    assert landed is not None
    await socket.signature_subscribe(signature=landed.signature, commitment=Processed)
    assert kinds(await frames(socket, 1)) == ["Signature"]


async def test_accounts_are_told_once_per_slot_at_their_commitment(
    socket: SolanaWsClient, chain: Chain
):
    to = Pubkey.new_unique()
    await socket.account_subscribe(pubkey=to, commitment=Confirmed)
    chain.run(chain.payment(to, RENT), chain.payment(to, RENT))
    first = chain.slot()
    chain.advance()
    chain.run(chain.payment(to, RENT))
    chain.advance(3)
    notices = await frames(socket, 2)
    assert kinds(notices) == ["Account", "Account"]
    assert [notice.result.value.lamports for notice in notices] == [2 * RENT, 3 * RENT]
    assert [notice.result.context.slot - first for notice in notices] == [0, 1]


async def test_finalized_accounts_are_told_though_their_versions_are_about_to_go(
    socket: SolanaWsClient, chain: Chain
):
    to = Pubkey.new_unique()
    await socket.account_subscribe(pubkey=to, commitment=Finalized)
    expected = []
    for number in range(20):
        chain.run(chain.payment(to, RENT))
        expected.append((chain.slot(), (number + 1) * RENT))
        chain.advance()
    chain.advance(40)
    notices = await frames(socket, 20)
    told = [(each.result.context.slot, each.result.value.lamports) for each in notices]
    assert told == expected


async def test_a_program_is_told_of_with_the_filters_of_the_subscription(
    socket: SolanaWsClient, chain: Chain
):
    usdc = KNOWN_TOKENS["USDC"]
    mine, wallet = chain.tokens_of("USDC"), chain.wallet.pubkey()
    other = Pubkey.new_unique()
    empty = token_account(Deposit(token=usdc, amount=0), other)
    chain.node.cluster.svm.apply(chain.slot(), {other: empty})
    chain.advance()
    await socket.program_subscribe(
        program_id=TOKEN_PROGRAM,
        commitment=Processed,
        filters=[165, MemcmpOpts(offset=32, bytes=str(other))],
        encoding="base64",
    )
    chain.run(token_transfer(mine, usdc.mint, other, wallet, 7, usdc.decimals))
    chain.advance()
    await socket.slot_subscribe()
    chain.advance()
    notices = await frames(socket, 2)
    assert kinds(notices) == ["Program", "Slot"]
    assert notices[0].result.value.pubkey == other
    assert notices[0].result.value.account.data[64] == 7


async def test_logs_are_told_to_those_who_are_mentioned(socket: SolanaWsClient, chain: Chain):
    to = Pubkey.new_unique()
    mentioned = await socket.logs_subscribe(
        filter_=RpcTransactionLogsFilterMentions(to), commitment=Processed
    )
    everything = await socket.logs_subscribe(commitment=Processed)
    chain.run()
    chain.run(chain.payment(to, RENT))
    notices = await frames(socket, 3)
    told = [notice.subscription for notice in notices]
    assert told.count(mentioned.subscription_id) == 1
    assert told.count(everything.subscription_id) == 2
    await socket.unsubscribe(everything)
    await socket.unsubscribe(mentioned)
    await socket.slot_subscribe()
    chain.run(chain.payment(to, RENT))
    chain.advance()
    assert kinds(await frames(socket, 1)) == ["Slot"]


async def test_what_a_closed_connection_wanted_is_forgotten(
    localnet: RunningLocalnet, chain: Chain
):
    async with SolanaWsClient(localnet.ws_url) as socket:
        await socket.slot_subscribe()
        await socket.account_subscribe(pubkey=chain.wallet.pubkey())
        hub = chain.node.listeners[0]
        assert len(hub._all) == 2
    for _ in range(500):
        if not hub._all:
            break
        await asyncio.sleep(0.01)
    assert not hub._all
    chain.advance()
