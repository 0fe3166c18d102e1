"""Told to stop, a worker follows what is in flight and signs nothing new."""

from dataclasses import replace
from typing import Any

from landfall.core.execution import Status
from landfall.core.order import Order
from landfall.pipeline.run import carry
from landfall.ports import World
from tests.pipeline.conftest import Bench


class Told:
    """Told to stop, at once or when something is signed."""

    def __init__(self, bench: Bench) -> None:
        self.stopping = False
        self.address = bench.world.signer.address
        self._signer = bench.world.signer

    def sign(self, message: bytes) -> Any:
        self.stopping = True
        return self._signer.sign(message)


async def carry_on(bench: Bench, world: World, order: Order, told: Told) -> None:
    await carry(world, bench.queue, await bench.claim(order), stopping=lambda: told.stopping)


async def is_free(bench: Bench, order: Order) -> bool:
    """Whether nobody holds the order, and anybody may claim it now."""
    return bool(
        await bench.pool.fetchval(
            "select lease_until is null and run_at <= clock_timestamp() from jobs "
            "where order_id = $1",
            order.order_id,
        )
    )


async def test_an_order_that_is_not_in_flight_is_given_back_as_it_was(bench: Bench) -> None:
    order, told = await bench.submit(), Told(bench)
    told.stopping = True
    await carry_on(bench, bench.world, order, told)
    assert (await bench.execution(order)).version == 0
    assert await is_free(bench, order)


async def test_a_signature_made_while_stopping_is_forgotten_and_never_sent(bench: Bench) -> None:
    order, told = await bench.submit(), Told(bench)
    await carry_on(bench, replace(bench.world, signer=told), order, told)
    assert told.stopping
    assert (await bench.execution(order)).version == 0
    assert await is_free(bench, order)
    assert await bench.swaps_on_ledger(order) == []
    assert (await bench.finish(order)).status is Status.CONFIRMED
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_what_is_in_flight_is_followed_to_its_verdict(bench: Bench) -> None:
    order, told = await bench.submit(), Told(bench)

    class StopsWhenSending:
        async def send(self, transaction: Any) -> None:
            told.stopping = True
            await bench.world.sender.send(transaction)

    await carry_on(bench, replace(bench.world, sender=StopsWhenSending()), order, told)
    assert told.stopping
    assert (await bench.execution(order)).status is Status.CONFIRMED
