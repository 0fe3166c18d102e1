"""All of a caller's orders over one WebSocket, from the real log."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from landfall.access import Scope, new_key
from landfall.api import stream_all
from landfall.api.app import ApiConfig
from tests.api.engine import Engine, engine_on
from tests.api.stories import attempt_to_submitted, confirmed

STATUSES = ["pending", "routing", "building", "submitted", "confirmed"]


@pytest.fixture
async def engine(pool, dsn) -> AsyncIterator[Engine]:
    async with engine_on(pool, dsn, ApiConfig(recheck_ms=100)) as engine:
        yield engine


async def heard(socket: ClientConnection, count: int) -> list[dict]:
    async with asyncio.timeout(10):
        return [json.loads(await socket.recv()) for _ in range(count)]


async def test_every_change_of_every_order_is_told(engine: Engine):
    async with connect(f"{engine.ws}/api/orders/ws") as socket:
        await asyncio.sleep(0.1)
        filled, other = await engine.place(), await engine.place()
        await engine.play(filled, confirmed(filled)[1:])
        await engine.http.post(f"/api/orders/{other}/cancel")
        frames = await heard(socket, 7)
    of_filled = [each for each in frames if each["orderId"] == str(filled)]
    assert [each["status"] for each in of_filled] == STATUSES
    assert [each["version"] for each in of_filled] == [0, 1, 2, 3, 4]
    assert [each["status"] for each in frames if each["orderId"] == str(other)] == [
        "pending",
        "cancelled",
    ]
    for each in frames:
        assert set(each) == {"orderId", "status", "version", "timestamp", "data", "cursor"}


async def test_a_stream_resumes_at_a_cursor_and_misses_nothing(engine: Engine):
    async with connect(f"{engine.ws}/api/orders/ws") as socket:
        await asyncio.sleep(0.1)
        order_id = await engine.place()
        (pending,) = await heard(socket, 1)
    await engine.play(order_id, attempt_to_submitted(1))
    async with connect(f"{engine.ws}/api/orders/ws?after={pending['cursor']}") as socket:
        frames = await heard(socket, 3)
        assert [each["status"] for each in frames] == STATUSES[1:4]
        await engine.play(order_id, confirmed(order_id)[4:])
        (last,) = await heard(socket, 1)
        assert (last["status"], last["version"]) == ("confirmed", 4)
    async with connect(f"{engine.ws}/api/orders/ws?after={last['cursor']}") as socket:
        again = await engine.place()
        assert (await heard(socket, 1))[0]["orderId"] == str(again)


async def test_a_stream_from_now_says_first_where_it_begins(engine: Engine):
    await engine.place()
    async with connect(f"{engine.ws}/api/orders/ws?after=now") as socket:
        start = json.loads(await socket.recv())
    assert set(start) == {"cursor"}
    missed = await engine.place()
    async with connect(f"{engine.ws}/api/orders/ws?after={start['cursor']}") as socket:
        (frame,) = await heard(socket, 1)
    assert frame["orderId"] == str(missed)


async def test_a_subscription_narrows_and_widens(engine: Engine):
    async with connect(f"{engine.ws}/api/orders/ws") as socket:
        await asyncio.sleep(0.1)
        wanted, other = await engine.place(), await engine.place()
        await heard(socket, 2)
        await socket.send(json.dumps({"subscribe": [str(wanted)]}))
        await asyncio.sleep(0.2)
        await engine.http.post(f"/api/orders/{other}/cancel")
        await engine.http.post(f"/api/orders/{wanted}/cancel")
        assert (await heard(socket, 1))[0]["orderId"] == str(wanted)
        await socket.send(json.dumps({"subscribe": None}))
        await asyncio.sleep(0.2)
        third = await engine.place()
        assert (await heard(socket, 1))[0]["orderId"] == str(third)


async def test_changes_are_told_together_where_that_is_asked_for(engine: Engine, monkeypatch):
    async with connect(f"{engine.ws}/api/orders/ws?after=now") as socket:
        begin = json.loads(await socket.recv())["cursor"]
    order_id = await engine.place()
    await engine.play(order_id, confirmed(order_id)[1:])
    async with connect(f"{engine.ws}/api/orders/ws?after={begin}&everyMs=1000") as socket:
        (whole,) = await heard(socket, 1)
        assert [each["status"] for each in whole] == STATUSES
        others = {str(await engine.place()) for _ in range(3)}
        (together,) = await heard(socket, 1)
    assert {each["orderId"] for each in together} == others
    monkeypatch.setattr(stream_all, "LIST_LENGTH_MAX", len(json.dumps(whole)) // 3)
    async with connect(f"{engine.ws}/api/orders/ws?after={begin}&everyMs=100") as socket:
        pieces = [*await heard(socket, 1), *await heard(socket, 1)]
    assert all(len(json.dumps(piece)) < len(json.dumps(whole)) for piece in pieces)
    resumed = f"{engine.ws}/api/orders/ws?after={pieces[0][-1]['cursor']}&everyMs=100"
    async with connect(resumed) as socket:
        assert (await heard(socket, 1))[0] == pieces[1]


@pytest.mark.parametrize("every_ms", ["", "0", "99", "5001", "1.5", "-100", "١٠٠٠", "1" * 5_000])
async def test_an_odd_pause_is_the_clients_fault(engine: Engine, every_ms: str):
    async with connect(f"{engine.ws}/api/orders/ws?everyMs={quote(every_ms)}") as socket:
        assert (await heard(socket, 1))[0]["error"]["field"] == "everyMs"


async def test_an_account_hears_nothing_of_another_and_an_admin_everything(pool, dsn):
    async with engine_on(pool, dsn, ApiConfig(anonymous=None)) as engine:
        headers = []
        for account, scope in (
            ("one", Scope.TRADE),
            ("one", Scope.READ),
            ("two", Scope.READ),
            ("three", Scope.ADMIN),
        ):
            key = new_key()
            await engine.keys.add(
                key, account=account, label="k", scopes=frozenset({scope}), lifetime_ms=None
            )
            headers.append({"authorization": f"Bearer {key.text}"})
        url = f"{engine.ws}/api/orders/ws"
        async with (
            connect(url, additional_headers=headers[1]) as same,
            connect(url, additional_headers=headers[2]) as stranger,
            connect(url, additional_headers=headers[3]) as admin,
        ):
            await asyncio.sleep(0.2)
            body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
            await engine.http.post("/api/orders/execute", json=body, headers=headers[0])
            for socket in (same, admin):
                assert (await heard(socket, 1))[0]["status"] == "pending"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await stranger.recv()


@pytest.mark.parametrize(
    "message",
    ["{", "[]", '{"subscribe":"x"}', '{"subscribe":["x"]}', '{"other":1}', b"\xff", ""],
)
async def test_what_is_no_wish_closes_the_socket(engine: Engine, message: str | bytes):
    async with connect(f"{engine.ws}/api/orders/ws") as socket:
        await socket.send(message)
        assert (await heard(socket, 1))[0]["error"]["code"] == "malformed_body"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4400


async def test_too_many_wishes_close_the_socket(engine: Engine):
    async with connect(f"{engine.ws}/api/orders/ws") as socket:
        await socket.send(json.dumps({"subscribe": [str(UUID(int=n)) for n in range(90)]}))
        await socket.send(json.dumps({"subscribe": [str(uuid4()) for _ in range(1001)]}))
        with pytest.raises(ConnectionClosed):
            await heard(socket, 2)


@pytest.mark.parametrize("cursor", ["x", "%00", "A" * 38, "A" * 101, "%ff"])
async def test_an_odd_cursor_is_the_clients_fault(engine: Engine, cursor: str):
    async with connect(f"{engine.ws}/api/orders/ws?after={cursor}") as socket:
        if cursor == "A" * 38:
            return  # The beginning of everything is a place like any other.
        assert (await heard(socket, 1))[0]["error"]["field"] == "after"
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code in (4400, 4422)
