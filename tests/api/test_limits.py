"""How much one caller may ask for, and what it is told when that is too much."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from landfall.access import Scope
from landfall.api.app import ApiConfig
from landfall.api.limits import NAMES_MAX, Buckets
from landfall.core.errors import NoRoom
from landfall.core.events import OrderAccepted
from tests.api.desk import Desk
from tests.api.keys import bearer, give_key
from tests.api.serving import Running, serving
from tests.api.stories import order

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}


class Time:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_takes_a_burst_and_then_its_steady_rate():
    time = Time()
    buckets = Buckets(60, time)
    taken = [buckets.take("a") for _ in range(61)]
    assert [each.granted for each in taken] == [True] * 60 + [False]
    assert [each.remaining for each in taken[:2]] == [59, 58]
    assert (taken[-1].retry_after_s, taken[-1].reset_s) == (1, 60)
    assert buckets.take("b").granted
    time.now += 2.5
    assert [buckets.take("a").granted for _ in range(3)] == [True, True, False]


def test_no_limit_says_nothing():
    assert Buckets(0, Time()).take("a") is None


@given(st.integers(1, 100_000), st.lists(st.floats(0, 90), max_size=60))
def test_never_more_than_a_minute_s_worth_and_what_came_since(limit: int, pauses: list[float]):
    time = Time()
    buckets = Buckets(limit, time)
    granted = 0
    for pause in pauses:
        time.now += pause
        granted += buckets.take("a").granted
        assert granted <= limit + (time.now - 1000) * limit / 60 + 1e-6


def test_a_flood_of_names_is_forgotten():
    buckets = Buckets(1, Time())
    for number in range(NAMES_MAX + 100):
        buckets.take(str(number))
    assert len(buckets._buckets) == NAMES_MAX


@pytest.fixture
async def tight() -> AsyncIterator[Running]:
    """An API with small limits of every kind, where keys are optional."""
    config = ApiConfig(
        requests_per_key=3,
        requests_per_address=8,
        sockets_per_key=2,
        sockets_per_address=3,
        open_orders_max=1,
        recheck_ms=10_000,
    )
    async with serving(Desk(), config) as running:
        yield running


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(tight: Running):
    key, other = give_key(tight.desk, Scope.READ), give_key(tight.desk, Scope.READ)
    answers = [await tight.http.get("/api/orders", headers=bearer(key)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["ratelimit-limit"] for answer in answers} == {"3"}
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert answers[-1].json()["error"]["code"] == "rate_limited"
    assert (await tight.http.get("/api/orders", headers=bearer(other))).status_code == 200


async def test_an_address_is_limited_with_and_without_keys_and_before_they_are_looked_up(
    tight: Running,
):
    looked_up: list[str] = []
    find = tight.desk.find

    async def watched(key_id: str):
        looked_up.append(key_id)
        return await find(key_id)

    tight.desk.find = watched  # type: ignore[method-assign]
    for _ in range(8):
        wrong = await tight.http.get("/api/orders", headers={"x-api-key": "lf_" + "0" * 16})
        assert wrong.status_code == 401
    refused = await tight.http.get("/api/orders", headers=bearer(give_key(tight.desk, Scope.READ)))
    assert refused.status_code == 429
    assert looked_up == []
    with pytest.raises(InvalidStatus) as socket:
        await connect(tight.ws("/api/orders/ws"))
    assert socket.value.response.status_code == 429
    assert (await tight.http.get("/health")).status_code == 200


async def test_nothing_is_said_of_limits_where_there_are_none(api: Running):
    answer = await api.http.get("/api/orders")
    assert not [name for name in answer.headers if name.startswith("ratelimit")]


async def test_a_key_holds_so_many_sockets_and_an_address_so_many_more(tight: Running):
    async with AsyncExitStack() as stack:
        for key in (give_key(tight.desk, Scope.READ),) * 2 + (None,):
            headers = bearer(key) if key else {}
            opened = connect(tight.ws("/api/orders/ws"), additional_headers=headers)
            await stack.enter_async_context(opened)
        while sum((await stats(tight)).values()) < 3:
            await asyncio.sleep(0.01)
        refused = await stack.enter_async_context(connect(tight.ws("/api/orders/ws")))
        assert json.loads(await refused.recv())["error"]["code"] == "too_many_sockets"
        with pytest.raises(ConnectionClosed):
            await refused.recv()
        assert refused.close_code == 4429


async def stats(api: Running) -> dict[str, int]:
    answer = await api.http.get("/api/orders/stats")
    return dict(answer.json()["websocket"]) if answer.status_code == 200 else {"": 3}


async def test_a_key_s_account_has_so_many_open_orders(tight: Running):
    key = give_key(tight.desk, Scope.TRADE)
    first = await tight.http.post("/api/orders/execute", json=BODY, headers=bearer(key))
    second = await tight.http.post("/api/orders/execute", json=BODY, headers=bearer(key))
    assert (first.status_code, second.status_code) == (201, 429)
    assert second.json()["error"]["code"] == "too_many_open_orders"
    assert int(second.headers["retry-after"]) > 0
    assert len(tight.desk.logs) == 1
    anonymous = await tight.http.post("/api/orders/execute", json=BODY)
    assert anonymous.status_code == 201


async def test_a_full_queue_takes_no_more_and_many_at_once_do_not_overfill_it():
    async with serving(Desk(), ApiConfig(waiting_orders_max=5)) as api:
        await api.desk.play(waiting := uuid4(), [[OrderAccepted(order=order(waiting))]])
        answers = await asyncio.gather(
            *(api.http.post("/api/orders/execute", json=BODY) for _ in range(20))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * 4 + [429] * 16
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["error"]["code"] == "queue_full"
        assert "retry-after" in refused.headers
        assert len(api.desk.logs) == 5
        assert (await api.http.post("/api/orders/quote", json=BODY)).status_code == 200


async def test_a_repeated_key_gets_its_order_also_where_there_is_no_room_for_another():
    async with serving(Desk(), ApiConfig(waiting_orders_max=1)) as api:
        named = {**BODY, "clientOrderId": "once"}
        first = await api.http.post("/api/orders/execute", json=named)
        again = await api.http.post("/api/orders/execute", json=named)
        other = await api.http.post("/api/orders/execute", json={**BODY, "clientOrderId": "two"})
        assert (first.status_code, other.status_code) == (201, 429)
        assert again.json()["orderId"] == first.json()["orderId"]
        assert len(api.desk.logs) == 1


async def test_a_disk_that_is_nearly_full_takes_no_new_orders():
    async with serving(Desk(), ApiConfig(has_room=lambda: False)) as api:
        answer = await api.http.post("/api/orders/execute", json=BODY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "disk_full")
        assert "retry-after" in answer.headers
        assert (await api.http.get("/api/orders")).status_code == 200


async def test_a_database_without_room_is_named_and_a_stopping_process_too(monkeypatch):
    desk = Desk()

    async def full(order):
        raise NoRoom("could not extend file")

    monkeypatch.setattr(desk, "accept", full)
    async with serving(desk) as api:
        answer = await api.http.post("/api/orders/execute", json=BODY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "disk_full")
        assert "retry-after" in answer.headers
    async with serving(Desk(), ApiConfig(is_draining=lambda: True)) as api:
        answer = await api.http.post("/api/orders/execute", json=BODY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
        assert "retry-after" in answer.headers
        for path in ("/health", "/api/health/detailed"):
            told = await api.http.get(path)
            assert (told.status_code, told.json()["status"]) == (503, "draining")
        assert (await api.http.get("/api/orders")).status_code == 200


@pytest.mark.parametrize("path", ["/api/orders/execute", "/api/orders/quote"])
async def test_a_body_deeper_than_anything_is_refused(api: Running, path: str):
    for deep in ("[" * 30_000, '{"a":' * 10_000, '{"amountIn":' + "[" * 20 + "]" * 20 + "}"):
        answer = await api.http.post(
            path, content=deep.encode(), headers={"content-type": "application/json"}
        )
        assert answer.status_code in (400, 422)


async def test_a_number_of_over_40_characters_is_refused(api: Running):
    for amount in ("1" * 41, "0." + "0" * 39 + "1"):
        for spelled in (f'"{amount}"', amount):
            body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":{spelled}}}'
            answer = await api.http.post(
                "/api/orders/execute",
                content=body.encode(),
                headers={"content-type": "application/json"},
            )
            assert answer.json()["error"]["code"] == "value_too_long"


async def test_a_head_answers_like_a_get_without_the_body(api: Running):
    for path in ("/", "/health", "/api/orders", "/api/queue/stats", "/metrics", "/openapi.json"):
        head, get = await api.http.head(path), await api.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
    assert (await api.http.head("/api/orders/execute")).status_code == 405
    assert (await api.http.head("/nowhere")).status_code == 404
