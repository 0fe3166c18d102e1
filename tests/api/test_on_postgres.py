"""The API over the real log, reader and feed on PostgreSQL."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from uuid import UUID

import pytest
from websockets.asyncio.client import connect

from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Pubkey
from tests.api.engine import BODY, Engine, engine_on
from tests.api.stories import confirmed


@pytest.fixture
async def engine(pool, dsn) -> AsyncIterator[Engine]:
    async with engine_on(pool, dsn) as engine:
        yield engine


async def test_an_order_is_followed_live_from_the_database(engine: Engine):
    order_id = UUID((await engine.http.post("/api/orders/execute", json=BODY)).json()["orderId"])
    playing = None
    versions = []
    async with connect(f"{engine.ws}/api/orders/{order_id}/ws") as socket:
        async for message in socket:
            versions.append(json.loads(message)["version"])
            playing = playing or asyncio.create_task(engine.play(order_id, confirmed(order_id)[1:]))
        assert socket.close_code == 1000
    assert playing is not None
    await playing
    assert versions == [0, 1, 2, 3, 4]
    told = (await engine.http.get(f"/api/orders/{order_id}")).json()
    assert (told["status"], told["amountOut"]) == ("confirmed", "225.000001")
    again = await connect(f"{engine.ws}/api/orders/{order_id}/ws?after=3")
    assert json.loads(await again.recv())["status"] == "confirmed"
    await again.close()


async def test_many_submissions_with_one_client_order_id_are_one_order(engine: Engine):
    body = BODY | {"clientOrderId": uuid.uuid4().hex}
    answers = await asyncio.gather(
        *(engine.http.post("/api/orders/execute", json=body) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["orderId"] for answer in answers}) == 1
    conflict = await engine.http.post("/api/orders/execute", json=body | {"amountIn": "2"})
    assert conflict.status_code == 409
    assert (await engine.http.get("/api/queue/stats")).json()["waiting"] == 1


async def test_pages_join_without_a_gap_or_a_repeat(engine: Engine):
    placed = [
        (await engine.http.post("/api/orders/execute", json=BODY)).json()["orderId"]
        for _ in range(5)
    ]
    listed, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await engine.http.get("/api/orders", params=query)).json()
        listed += [each["orderId"] for each in page["orders"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert sorted(listed) == sorted(placed)


async def test_a_list_is_narrowed_by_tokens_and_time_and_turned_round(engine: Engine):
    for _ in range(3):
        await engine.place()
    usdc = str(KNOWN_TOKENS["USDC"].mint)

    async def listed(**query: str) -> list[str]:
        answer = await engine.http.get("/api/orders", params=query)
        assert answer.status_code == 200, answer.text
        return [each["orderId"] for each in answer.json()["orders"]]

    whole = (await engine.http.get("/api/orders")).json()["orders"]
    newest = [each["orderId"] for each in whole]
    assert len(newest) == 3
    for query in ({"token": "SOL"}, {"token": usdc}, {"tokenIn": "SOL", "tokenOut": usdc}):
        assert await listed(**query) == newest
        assert await listed(**query, sort="oldest") == newest[::-1]
    assert await listed(tokenIn=usdc) == await listed(token=str(Pubkey(bytes(32)))) == []
    accepted = whole[1]["createdAt"]
    elsewhere = datetime.fromisoformat(accepted).astimezone(timezone(timedelta(hours=5)))
    later = [each["orderId"] for each in whole if each["createdAt"] >= accepted]
    for since in (accepted, accepted.removesuffix("Z"), elsewhere.isoformat()):
        assert await listed(since=since) == later
        assert await listed(until=since) == [each for each in newest if each not in later]


@pytest.mark.parametrize(
    "query",
    [
        "token=NOTHING",
        "tokenIn=",
        "tokenOut=" + "1" * 45,
        "since=yesterday",
        "until=2026-01-01T00:00:00%2B99:99",
        "sort=amount",
    ],
)
async def test_what_narrows_nothing_is_named(engine: Engine, query: str):
    answer = await engine.http.get(f"/api/orders?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
async def test_the_ends_of_time_are_instants_too(engine: Engine, instant: str):
    await engine.place()
    for name in ("since", "until"):
        answer = await engine.http.get(f"/api/orders?{name}={instant}")
        assert answer.status_code == 200, answer.text


async def test_odd_list_parameters_are_the_clients_fault(engine: Engine):
    for query in (
        "cursor=x",
        "cursor=" + "A" * 32,
        "cursor=_____________________________w==",
        "cursor=%00",
        "userId=%00",
        "userId=%ED%A0%80",
        "offset=10001",
    ):
        answer = await engine.http.get(f"/api/orders?{query}")
        assert answer.status_code in (200, 400, 422), query
