"""What is on record when: nothing is sent before, and nobody who follows an order waits for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from landfall.core.errors import Unavailable
from landfall.core.events import Event, Recorded
from landfall.core.execution import Execution, Status
from landfall.core.order import Order
from landfall.pipeline.run import carry
from landfall.ports import Claim, Next, World
from tests.pipeline.conftest import Bench

PATIENCE_S = 10


class Overheard:
    """The log, and which facts were recorded together."""

    def __init__(self, world: World) -> None:
        self._log = world.log
        self.commits: list[list[str]] = []

    async def append(
        self,
        claim: Claim,
        execution: Execution,
        events: Sequence[Event],
        then: Next,
        earlier: Sequence[Recorded] = (),
    ) -> Execution:
        facts = (*(fact.event for fact in earlier), *events)
        self.commits.append([type(event).__name__ for event in facts])
        return await self._log.append(claim, execution, events, then, earlier)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class Stuck:
    """A node that does not simulate before it is let go, or ever."""

    def __init__(self, world: World, answers: bool = True) -> None:
        self._chain = world.chain
        self._answers = answers
        self.asked, self.let_go = asyncio.Event(), asyncio.Event()

    async def simulate(self, raw: bytes) -> Any:
        self.asked.set()
        await self.let_go.wait()
        if not self._answers:
            raise Unavailable("nobody simulates")
        return await self._chain.simulate(raw)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


def in_a_hurry(bench: Bench, **parts: Any) -> World:
    """What is known is told at once."""
    limits = replace(bench.world.limits, told_after_ms=0)
    return replace(bench.world, limits=limits, **parts)


async def status_is(bench: Bench, order: Order, status: Status) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await bench.execution(order)).status is not status:
            await asyncio.sleep(0.01)


async def test_what_led_to_a_signature_is_recorded_with_it(bench: Bench) -> None:
    order, log = await bench.submit(), Overheard(bench.world)
    await carry(replace(bench.world, log=log), bench.queue, await bench.claim(order))
    assert log.commits == [
        ["RoutingStarted", "RouteSelected", "TransactionSigned"],
        ["TransactionConfirmed"],
    ]


async def test_each_step_of_a_commit_is_told_by_itself_and_has_its_own_time(bench: Bench) -> None:
    order = await bench.submit()
    await bench.finish(order)
    told = await bench.world.log.load(order.order_id)
    assert all(fact.ends_commit for fact in told)
    times = [fact.recorded_at_ms for fact in told]
    assert times == sorted(times)


async def test_who_follows_an_order_is_told_while_a_step_takes_long(bench: Bench) -> None:
    order, stuck = await bench.submit(), Stuck(bench.world)
    carrying = asyncio.create_task(
        carry(in_a_hurry(bench, chain=stuck), bench.queue, await bench.claim(order))
    )
    await stuck.asked.wait()
    await status_is(bench, order, Status.BUILDING)
    stuck.let_go.set()
    await carrying
    assert (await bench.execution(order)).status is Status.CONFIRMED


async def test_what_is_known_is_on_record_when_the_next_step_gets_no_answer(bench: Bench) -> None:
    order, stuck = await bench.submit(), Stuck(bench.world, answers=False)
    stuck.let_go.set()
    with pytest.raises(Unavailable, match="nobody simulates"):
        await carry(replace(bench.world, chain=stuck), bench.queue, await bench.claim(order))
    assert (await bench.execution(order)).status is Status.BUILDING
    assert (await bench.finish(order)).status is Status.CONFIRMED


async def test_nothing_of_a_step_goes_on_when_the_order_is_taken_away(bench: Bench) -> None:
    order, stuck = await bench.submit(), Stuck(bench.world)
    before = asyncio.all_tasks()
    carrying = asyncio.create_task(
        carry(in_a_hurry(bench, chain=stuck), bench.queue, await bench.claim(order))
    )
    await stuck.asked.wait()
    carrying.cancel()
    await asyncio.gather(carrying, return_exceptions=True)
    left = {task for task in asyncio.all_tasks() - before if "carry" in repr(task.get_coro())}
    left |= {task for task in asyncio.all_tasks() - before if "building" in repr(task.get_coro())}
    assert left == set()
    stuck.let_go.set()
    assert (await bench.finish(order)).status is Status.CONFIRMED


async def test_orders_in_flight_are_looked_at_in_the_same_moment(bench: Bench) -> None:
    poll_ms, witness = bench.world.limits.status_poll_ms, bench.world.witnesses[0]
    looked: list[int] = []

    class Witness:
        """Notes when it is asked."""

        def __getattr__(self, name: str) -> Any:
            if name == "testify":
                looked.append(bench.world.clock.now_ms())
            return getattr(witness, name)

    class Clock:
        """One that sleeps for as long as it was told."""

        def __init__(self) -> None:
            self.ms = 1_234

        def now_ms(self) -> int:
            return self.ms

        async def sleep_ms(self, delay_ms: int) -> None:
            self.ms += delay_ms
            bench.localnet.node.advance(0)

    bench.world = replace(bench.world, witnesses=(Witness(),), clock=Clock())
    order = await bench.submit()
    assert (await bench.finish(order)).status is Status.CONFIRMED
    assert looked
    assert all(at_ms % poll_ms == 0 for at_ms in looked)
