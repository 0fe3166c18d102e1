"""The SDK against the real API."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from landfall.access import Scope
from landfall.api import access as api_access
from landfall.api.app import ApiConfig
from landfall.client import (
    ApiError,
    AsyncClient,
    Client,
    OrderForm,
    Unreachable,
    Update,
    asynchronous,
)
from landfall.client.patience import TRIES_MAX
from landfall.core.events import OrderAccepted
from tests.api.desk import Desk
from tests.api.engine import engine_on
from tests.api.keys import give_key, revoke
from tests.api.serving import Running, free_port, serving
from tests.api.stories import confirmed, order

FORM = OrderForm(token_in="SOL", token_out="USDC", amount=Decimal("1.5"), slippage="0.01")


async def test_an_order_is_submitted_followed_and_read(api: Running):
    async with AsyncClient(api.url) as client:
        accepted = await client.submit(FORM)
        await api.desk.play(accepted.order_id, confirmed(accepted.order_id)[1:])
        updates = [update async for update in client.follow(accepted.order_id)]
        told = await client.order(accepted.order_id)
        listed = await client.orders(status="confirmed", limit=5)
    assert [update.status for update in updates] == [
        *["pending", "routing", "building", "submitted", "confirmed"]
    ]
    assert told.fill is not None
    assert told.fill.amount_out == Decimal("225.000001")
    assert told.attempts[0].quotes[0].fee == Decimal("0.00375")
    assert [each.order_id for each in listed.orders] == [accepted.order_id]


async def test_a_submission_whose_answer_is_lost_is_one_order(api: Running, monkeypatch):
    async with AsyncClient(api.url) as client:
        send = client._http.request
        lost = iter([True, True, False])

        async def losing(*arguments, **rest) -> httpx.Response:
            answer = await send(*arguments, **rest)
            if next(lost):
                raise httpx.ReadTimeout("the answer is lost")
            return answer

        monkeypatch.setattr(client._http, "request", losing)
        accepted = await client.submit(FORM)
    assert list(api.desk.logs) == [accepted.order_id]


async def test_a_submission_that_was_taken_before_says_so(api: Running):
    form = replace(FORM, client_order_id="rebalance-7")
    async with AsyncClient(api.url) as client:
        first, again = await client.submit(form), await client.submit(form)
        with pytest.raises(ApiError) as conflict:
            await client.submit(replace(form, amount=2))
    assert (first.replayed, again.replayed) == (False, True)
    assert first.order_id == again.order_id
    assert (conflict.value.status, conflict.value.code) == (409, "idempotency_conflict")


async def test_a_submission_beyond_the_limit_waits_as_long_as_it_is_told(monkeypatch):
    waits: list[float] = []

    async def waiting(seconds: float) -> None:
        waits.append(seconds)
        await sleep(0)

    sleep = asyncio.sleep
    key_desk = Desk()
    key = give_key(key_desk, Scope.TRADE)
    async with (
        serving(key_desk, ApiConfig(requests_per_key=1)) as running,
        AsyncClient(running.url, api_key=key.text) as client,
    ):
        await client.submit(FORM)
        monkeypatch.setattr(asynchronous.asyncio, "sleep", waiting)
        with pytest.raises(ApiError) as limited:
            await client.submit(FORM)
    assert (limited.value.status, limited.value.code) == (429, "rate_limited")
    assert limited.value.retry_after_s is not None
    told = [seconds for seconds in waits if seconds >= 1]
    assert len(told) == TRIES_MAX - 1
    assert len(key_desk.logs) == 1


async def test_two_submissions_are_two_orders(api: Running):
    async with AsyncClient(api.url) as client:
        first, second = await client.submit(FORM), await client.submit(FORM)
    assert first.order_id != second.order_id


async def test_following_resumes_after_a_lost_connection_and_repeats_nothing():
    desk, order_id = Desk(), uuid4()
    story = confirmed(order_id)
    await desk.play(order_id, story[:3])
    async with serving(desk) as first:
        client = AsyncClient(first.url)
        updates = client.follow(order_id)
        versions = [(await anext(updates)).version for _ in range(3)]
    # The server is gone; its successor listens on the same port.
    following = asyncio.create_task(anext(updates))
    async with serving(desk, port=first.port):
        await desk.play(order_id, story[3:])
        versions.append((await following).version)
        versions += [update.version async for update in updates]
    await client.close()
    assert versions == [0, 1, 2, 3, 4]


async def test_the_stream_of_all_orders_goes_on_behind_what_it_has_told():
    desk, order_id = Desk(), uuid4()
    story = confirmed(order_id)
    heard: list[Update] = []

    async def listen(client: AsyncClient) -> None:
        async for update in client.updates("0"):
            heard.append(update)
            if update.ends_the_order:
                return

    await desk.play(order_id, story[:2])
    async with serving(desk) as first:
        client = AsyncClient(first.url)
        listening = asyncio.create_task(listen(client))
        while len(heard) < 2:
            await asyncio.sleep(0.01)
    await desk.play(order_id, story[2:])
    async with serving(desk, port=first.port):
        await asyncio.wait_for(listening, 30)
    await client.close()
    assert [update.version for update in heard] == [0, 1, 2, 3, 4]
    assert [update.cursor for update in heard] == ["1", "2", "3", "4", "5"]


async def test_a_stream_that_breaks_before_its_first_update_misses_nothing():
    desk, before, missed = Desk(), uuid4(), uuid4()
    await desk.play(before, confirmed(before))
    async with serving(desk) as first:
        client = AsyncClient(first.url)
        listening = asyncio.create_task(anext(client.updates()))
        while not (await first.http.get("/api/orders/stats")).json()["websocket"]["connections"]:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
    await desk.play(missed, confirmed(missed))
    async with serving(desk, port=first.port):
        update = await asyncio.wait_for(listening, 30)
    await client.close()
    assert (update.order_id, update.version) == (missed, 0)


async def test_the_stream_of_all_orders_can_be_narrowed(api: Running):
    wanted, other = uuid4(), uuid4()
    await api.desk.play(other, confirmed(other))
    await api.desk.play(wanted, confirmed(wanted))
    async with AsyncClient(api.url) as client:
        stream = client.updates("0", only=[wanted])
        told = [await anext(stream) for _ in range(5)]
        await stream.aclose()
    assert {update.order_id for update in told} == {wanted}
    assert [update.version for update in told] == [0, 1, 2, 3, 4]


async def test_changes_that_come_together_are_told_one_by_one(api: Running):
    async with AsyncClient(api.url) as client:
        placed = [(await client.submit(FORM)).order_id for _ in range(3)]
        stream = client.updates("0", every_ms=1000)
        assert [(await anext(stream)).order_id for _ in placed] == placed
        await stream.aclose()


async def test_a_stream_whose_key_is_revoked_says_so(monkeypatch):
    monkeypatch.setattr(api_access, "REMEMBERED_MS", 0)
    desk = Desk()
    key = give_key(desk, Scope.READ, account="local")
    order_id = uuid4()
    await desk.play(order_id, confirmed(order_id)[:1])
    config = ApiConfig(anonymous=None, recheck_ms=20)
    async with (
        serving(desk, config) as running,
        AsyncClient(running.url, api_key=key.text) as client,
    ):
        stream = client.follow(order_id)
        assert (await anext(stream)).status == "pending"
        revoke(desk, key)
        with pytest.raises(ApiError) as refused:
            await asyncio.wait_for(anext(stream), 10)
    assert (refused.value.status, refused.value.code) == (401, "invalid_key")


async def test_every_call_carries_the_key_and_a_missing_scope_is_named():
    desk = Desk()
    key = give_key(desk, Scope.READ, Scope.CANCEL)
    order_id = uuid4()
    await desk.play(order_id, [[OrderAccepted(order=order(order_id))]])
    async with (
        serving(desk, ApiConfig(anonymous=None)) as running,
        AsyncClient(running.url, api_key=key.text) as client,
        AsyncClient(running.url) as stranger,
    ):
        assert (await client.queue()).waiting == 1
        assert "landfall_http_responses_total" in await client.metrics()
        assert (await client.ticket()).ticket in desk.tickets
        with pytest.raises(ApiError) as lacking:
            await client.submit(FORM)
        for refused in (stranger.queue, stranger.ticket, lambda: anext(stranger.updates())):
            with pytest.raises(ApiError) as unknown:
                await refused()
            assert (unknown.value.status, unknown.value.code) == (401, "key_needed")
    assert (lacking.value.status, lacking.value.code) == (403, "scope_missing")


async def test_an_order_that_waits_is_cancelled_and_one_that_ended_is_not(pool, dsn):
    async with engine_on(pool, dsn) as engine, AsyncClient(str(engine.http.base_url)) as client:
        waiting, ended = await client.submit(FORM), await client.submit(FORM)
        await engine.play(ended.order_id, confirmed(ended.order_id)[1:])
        cancelled = await client.cancel(waiting.order_id)
        with pytest.raises(ApiError) as refused:
            await client.cancel(ended.order_id)
    assert cancelled.status == "cancelled"
    assert (refused.value.status, refused.value.code) == (409, "not_cancellable")


async def test_an_engine_that_does_not_run_is_unreachable():
    async with AsyncClient(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(Unreachable):
            await client.health()
        with pytest.raises(Unreachable):
            await anext(client.follow(uuid4()))


async def test_a_refusal_names_the_field(api: Running):
    async with AsyncClient(api.url) as client:
        with pytest.raises(ApiError) as refused:
            await client.submit(OrderForm(token_in="SOL", token_out="SOL", amount=1))
        with pytest.raises(ApiError) as unknown:
            await anext(client.follow(uuid4()))
    assert (refused.value.status, refused.value.code) == (422, "same_token")
    assert refused.value.field == "tokenOut"
    assert (unknown.value.status, unknown.value.code) == (404, "order_not_found")


def test_a_float_is_no_amount():
    with pytest.raises(TypeError, match="amount"):
        OrderForm(token_in="SOL", token_out="USDC", amount=0.1)  # type: ignore[arg-type]


async def test_health_is_an_answer_even_when_a_part_is_not_well(api: Running):
    async with AsyncClient(api.url) as client:
        health = await client.health()
    assert health.status == "degraded"
    assert health.checks["database"].ok
    assert health.checks["chain"].error == "Unavailable"


async def test_a_quote_comes_as_decimals(api: Running):
    async with AsyncClient(api.url) as client:
        preview = await client.quote(FORM)
    assert (preview.amount, preview.route) == (Decimal("1.5"), None)


async def test_the_synchronous_client_does_the_same(api: Running):
    order_id = uuid4()
    await api.desk.play(order_id, confirmed(order_id))

    def use() -> list[str]:
        with Client(api.url) as client:
            assert client.order(order_id).status == "confirmed"
            assert client.health().checks["database"].ok
            assert client.orders().orders[0].order_id == order_id
            client.submit(FORM)
            stream = client.updates("0")
            assert next(stream).order_id == order_id
            stream.close()
            with pytest.raises(ApiError, match="order_not_found"):
                next(client.follow(uuid4()))
            return [update.status for update in client.follow(order_id)]

    statuses = await asyncio.to_thread(use)
    assert statuses[-1] == "confirmed"
