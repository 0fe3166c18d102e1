"""The SDK against the real API."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from landfall.client import ApiError, AsyncClient, Client, OrderForm, Unreachable
from tests.api.desk import Desk
from tests.api.serving import Running, free_port, serving
from tests.api.stories import confirmed

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
            return [update.status for update in client.follow(order_id)]

    statuses = await asyncio.to_thread(use)
    assert statuses[-1] == "confirmed"
