"""Cancelling over the real log: only while nothing is in flight, and never against a worker."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from websockets.asyncio.client import connect

from landfall.core.errors import VersionConflict
from landfall.core.events import OrderCancelled
from landfall.core.lifecycle.evolve import fold
from landfall.ports import Held
from landfall.queue.postgres import PostgresQueue
from tests.api.engine import Engine, engine_on
from tests.api.stories import attempt_to_submitted, confirmed, reverted_then_failed


class Silent:
    """Notifications that never come."""

    def subscribe(self, channel: str, hear: object) -> None:
        """Forget it."""


@pytest.fixture
async def engine(pool, dsn) -> AsyncIterator[Engine]:
    async with engine_on(pool, dsn) as engine:
        yield engine


@pytest.fixture
def queue(pool) -> PostgresQueue:
    return PostgresQueue(pool, Silent(), worker="w", lease_ms=60_000, starts_per_minute_max=0)


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("DELETE", "")])
async def test_a_waiting_order_is_cancelled_once_and_for_ever(
    engine: Engine, queue: PostgresQueue, method: str, path: str
):
    order_id = await engine.place()
    answers = [await engine.http.request(method, f"/api/orders/{order_id}{path}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {answer.text for answer in answers} == {answers[0].text}
    assert answers[0].json()["status"] == "cancelled"
    log = await engine.log.load(order_id)
    assert [type(fact.event) for fact in log].count(OrderCancelled) == 1
    assert await queue.claim(10) == ()
    stats = (await engine.http.get("/api/queue/stats")).json()
    assert (stats["waiting"], stats["cancelled"]) == (0, 1)


async def test_the_end_by_cancelling_is_streamed(engine: Engine):
    order_id = await engine.place()
    async with connect(f"{engine.ws}/api/orders/{order_id}/ws") as socket:
        assert json.loads(await socket.recv())["status"] == "pending"
        await engine.http.post(f"/api/orders/{order_id}/cancel")
        told = json.loads(await socket.recv())
        assert (told["status"], told["version"]) == ("cancelled", 1)
        await socket.wait_closed()
        assert socket.close_code == 1000


async def test_nothing_is_cancelled_while_something_may_be_in_flight_or_after_the_end(
    engine: Engine,
):
    order_id = await engine.place()
    for commit in confirmed(order_id)[1:]:
        await engine.play(order_id, [commit])
        before = await engine.log.load(order_id)
        answer = await engine.http.post(f"/api/orders/{order_id}/cancel")
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_cancellable")
        assert await engine.log.load(order_id) == before


async def test_an_order_that_waits_for_its_next_attempt_can_be_cancelled(engine: Engine):
    order_id = await engine.place()
    await engine.play(order_id, reverted_then_failed(order_id)[1:5])
    answer = await engine.http.delete(f"/api/orders/{order_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


async def test_a_worker_that_holds_the_order_is_told_of_a_conflict(
    engine: Engine, queue: PostgresQueue
):
    order_id = await engine.place()
    (claim,) = await queue.claim(1)
    execution = fold(await engine.log.load(order_id))
    answer = await engine.http.post(f"/api/orders/{order_id}/cancel")
    assert answer.json()["status"] == "cancelled"
    with pytest.raises(VersionConflict):
        await engine.log.append(claim, execution, attempt_to_submitted(1)[0], Held.HELD)
    assert await queue.renew([claim]) == ()


async def test_of_many_clients_and_workers_exactly_one_side_wins_each_order(
    engine: Engine, queue: PostgresQueue
):
    order_ids = [await engine.place() for _ in range(30)]

    async def work() -> None:
        for claim in await queue.claim(30):
            execution = fold(await engine.log.load(claim.order_id))
            for commit in attempt_to_submitted(1)[: 2 if execution.version == 0 else 0]:
                try:
                    execution = await engine.log.append(claim, execution, commit, Held.HELD)
                except VersionConflict:
                    break

    async def withdraw(order_id: UUID) -> tuple[UUID, int]:
        answer = await engine.http.post(f"/api/orders/{order_id}/cancel")
        return order_id, answer.status_code

    working = asyncio.create_task(work())
    answers = await asyncio.gather(*map(withdraw, order_ids), *map(withdraw, order_ids))
    await working
    for order_id, status in answers:
        kinds = [type(fact.event).__name__ for fact in await engine.log.load(order_id)]
        assert status == (200 if "OrderCancelled" in kinds else 409)
        assert ("OrderCancelled" in kinds) != ("RouteSelected" in kinds)
        assert len(kinds) == len(set(kinds))


async def test_an_order_that_does_not_exist_cannot_be_cancelled(engine: Engine):
    for path in (f"{UUID(int=3)}/cancel", "x/cancel"):
        assert (await engine.http.post(f"/api/orders/{path}")).status_code == 404
