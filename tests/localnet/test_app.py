"""HTTP and WebSocket at the edge: what is not JSON-RPC, and who does not read."""

import asyncio
import io
import json
from typing import Any

import aiohttp
import pytest
from solders.keypair import Keypair

from landfall.localnet.app import BODY_BYTES_MAX, FRAMES_MAX, TOO_SLOW, App
from landfall.localnet.serve import RunningLocalnet, running_localnet
from tests.localnet.chain import Chain, options_for


@pytest.fixture
async def localnet(wallet: Keypair):
    async with running_localnet(options_for(wallet)) as running:
        yield running


@pytest.fixture
async def session():
    async with aiohttp.ClientSession() as session:
        yield session


async def test_health_is_a_plain_page(localnet: RunningLocalnet, session: aiohttp.ClientSession):
    async with session.get(f"{localnet.rpc_url}/health") as reply:
        assert (reply.status, await reply.text()) == (200, "ok")
    async with session.get(f"{localnet.rpc_url}/other") as reply:
        assert reply.status == 404
    async with session.put(localnet.rpc_url) as reply:
        assert reply.status == 405


async def test_a_body_that_is_too_large_is_refused_and_the_next_one_answered(
    localnet: RunningLocalnet, session: aiohttp.ClientSession
):
    async with session.post(
        localnet.rpc_url, data=io.BytesIO(b" " * (BODY_BYTES_MAX + 1))
    ) as reply:
        assert reply.status == 413
    call = {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    async with session.post(localnet.rpc_url, json=call) as reply:
        assert (await reply.json())["result"] == "ok"


async def test_a_socket_that_sends_nonsense_stays_open(
    localnet: RunningLocalnet, session: aiohttp.ClientSession
):
    async with session.ws_connect(localnet.ws_url) as socket:
        for frame in ("", "{", "[]", "null", '{"jsonrpc":"2.0"}', "[" * 10_000):
            await socket.send_str(frame)
            reply = json.loads((await socket.receive()).data)
            assert reply == [] or reply["error"]["code"] in (-32700, -32600)
        await socket.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"getHealth"}')
        assert json.loads((await socket.receive()).data)["result"] == "ok"
        for method, params in (
            ("accountUnsubscribe", [77]),
            ("slotUnsubscribe", []),
            ("accountSubscribe", ["short"]),
            ("logsSubscribe", [{"mentions": []}]),
            ("blockSubscribe", ["all"]),
        ):
            await socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            assert json.loads((await socket.receive()).data)["error"]["code"] in (-32602, -32601)


async def test_a_reader_that_does_not_read_is_closed_and_holds_nobody_up(chain: Chain):
    app = App(chain.node)
    reads = asyncio.Event()
    sent: list[dict[str, Any]] = []
    wishes = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": '{"jsonrpc":"2.0","id":1,"method":"slotSubscribe"}'},
    ]

    async def receive() -> dict[str, Any]:
        if wishes:
            return wishes.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        if message["type"] != "websocket.accept":
            await reads.wait()
        sent.append(message)

    serving = asyncio.create_task(app({"type": "websocket", "path": "/"}, receive, send))
    for _ in range(100):
        await asyncio.sleep(0)
    assert app._hub._all
    for _ in range(FRAMES_MAX + 100):
        chain.advance()
    reads.set()
    for _ in range(FRAMES_MAX * 4):
        if sent[-1]["type"] == "websocket.close":
            break
        await asyncio.sleep(0)
    assert sent[-1]["code"] == TOO_SLOW[0]
    assert len(sent) <= FRAMES_MAX + 5
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert not app._hub._all
