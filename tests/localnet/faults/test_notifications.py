"""Faults of WebSockets, seen by the unmodified client and by a raw one."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from solana.rpc.commitment import Confirmed
from solana.rpc.websocket_api import SolanaWsClient
from solders.pubkey import Pubkey
from solders.signature import Signature
from websockets.exceptions import ConnectionClosedError

from landfall.core.values import Commitment
from landfall.localnet.serve import RunningLocalnet
from tests.localnet.chain import RENT, Chain

Fault = Callable[..., None]
SILENCE_SECONDS = 0.2


class Follower:
    """A raw WebSocket that is subscribed to slots."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def slot(self) -> int:
        message = await self.socket.receive(timeout=10)
        return int(json.loads(message.data)["params"]["result"]["slot"])

    async def slots(self, count: int) -> list[int]:
        return [await self.slot() for _ in range(count)]

    async def hears_nothing(self) -> bool:
        try:
            await self.socket.receive(timeout=SILENCE_SECONDS)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def following(url: str) -> AsyncIterator[Follower]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": "slotSubscribe"})
        await socket.receive(timeout=10)
        yield Follower(socket)


def advanced(chain: Chain, slots: int) -> list[int]:
    """The slots that are opened by letting so many pass."""
    opened = []
    for _ in range(slots):
        chain.advance()
        opened.append(chain.slot())
    return opened


async def test_a_notification_may_come_twice(localnet: RunningLocalnet, chain: Chain, fault: Fault):
    async with following(localnet.ws_url) as follower:
        fault("ws-duplicate slot every 2")
        one, two = advanced(chain, 2)
        assert await follower.slots(3) == [one, two, two]


async def test_notifications_may_come_out_of_order(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    async with following(localnet.ws_url) as follower:
        fault("ws-reorder slot every 2")
        one, two, three, four, five = advanced(chain, 5)
        assert await follower.slots(5) == [one, three, two, five, four]


async def test_a_notification_may_be_left_out(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    async with following(localnet.ws_url) as follower:
        fault("ws-drop slot every 3")
        one, two, _, four = advanced(chain, 4)
        assert await follower.slots(3) == [one, two, four]


async def test_a_silent_connection_stays_open_and_speaks_again_after_so_many_slots(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    async with following(localnet.ws_url) as follower:
        fault("ws-silence 10 slots 1 times")
        first = advanced(chain, 1)[0]
        told = [slot for slot in advanced(chain, 14) if slot >= first + 10]
        assert await follower.slots(len(told)) == told
        fault("ws-silence 1 times")
        advanced(chain, 60)
        assert await follower.hears_nothing()
        assert not follower.socket.closed


async def test_a_closed_connection_says_1011(localnet: RunningLocalnet, chain: Chain, fault: Fault):
    fault("ws-close slot every 3")
    async with SolanaWsClient(localnet.ws_url) as socket:
        await socket.slot_subscribe()
        advanced(chain, 3)
        messages = aiter(socket)
        for _ in range(2):
            await anext(messages)
        with pytest.raises(ConnectionClosedError) as closed:
            await anext(messages)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011


async def test_a_connection_may_be_cut_without_a_word(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    fault("ws-abort slot at bad")
    async with (
        following(f"{localnet.ws_url}/node/bad") as bad,
        following(localnet.ws_url) as good,
    ):
        opened = advanced(chain, 2)
        message = await bad.socket.receive(timeout=10)
        assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        assert bad.socket.close_code == 1006
        assert await good.slots(2) == opened


async def test_only_the_subscription_that_the_rule_names_is_struck(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    fault("ws-drop account")
    to = Pubkey.new_unique()
    async with SolanaWsClient(localnet.ws_url) as socket:
        await socket.account_subscribe(pubkey=to)
        await socket.slot_subscribe()
        chain.submit(chain.paying(to, RENT))
        chain.advance(2)
        names = [type(await anext(aiter(socket))).__name__ for _ in range(2)]
    assert not any("Account" in name for name in names)


async def test_a_confirmed_signature_is_told_after_the_fork_and_not_before(
    localnet: RunningLocalnet, chain: Chain, fault: Fault
):
    chain.advance(5)
    wire = chain.paying(Pubkey.new_unique(), RENT, chain.blockhash(Commitment.CONFIRMED))
    signature = Signature.from_bytes(wire[1:65])
    async with aiohttp.ClientSession() as session, session.ws_connect(localnet.ws_url) as socket:
        wish = [str(signature), {"commitment": str(Confirmed)}]
        await socket.send_json(
            {"jsonrpc": "2.0", "id": 1, "method": "signatureSubscribe", "params": wish}
        )
        await socket.receive(timeout=10)
        chain.submit(wire)
        fault("rollback 2 slots 1 times")
        chain.advance(6)
        await asyncio.sleep(SILENCE_SECONDS)
        chain.submit(wire)
        landed = chain.slot()
        chain.advance(4)
        told = json.loads((await socket.receive(timeout=10)).data)
        assert told["params"]["result"]["context"]["slot"] == landed
