"""Two orders that ask the same, of the same pools, under the same blockhash."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from landfall.core.errors import Unavailable
from landfall.core.events import TransactionSigned
from landfall.core.execution import Execution, Status
from landfall.core.order import Order
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Signature, SwapMode
from landfall.pipeline import building as building_module
from landfall.pipeline.building import building
from landfall.pipeline.run import carry
from landfall.pipeline.step import Record
from landfall.ports import Held
from tests.pipeline.by_hand import choose, pair, route_of
from tests.pipeline.conftest import SLOT_MS, Bench

SOL, USDC = KNOWN_TOKENS["SOL"], KNOWN_TOKENS["USDC"]


async def twins(bench: Bench) -> list[tuple[Order, Execution]]:
    """Two orders of one amount, about to be signed for the same route."""
    found = []
    for _ in range(2):
        order = await bench.submit(amount=Decimal(1))
        legs = (await pair(bench, SOL, USDC)).legs(
            ["raydium_cpmm"], SwapMode.EXACT_IN, order.amount
        )
        found.append((order, await choose(bench, order, route_of(legs))))
    return found


async def bytes_of(bench: Bench, execution: Execution) -> tuple[Record, Signature]:
    said = await building(bench.world, execution)
    assert isinstance(said, Record)
    (event,) = said.events
    assert isinstance(event, TransactionSigned)
    return said, event.transaction.signature


async def test_equal_orders_are_signed_as_different_bytes(bench: Bench) -> None:
    (_, first), _ = await twins(bench)
    named = [
        replace(first, order=replace(first.order, order_id=UUID(int=number)))
        for number in (1_000, 3_000)
    ]
    signatures = {(await bytes_of(bench, execution))[1] for execution in named}
    assert len(signatures) == 2


async def test_of_equal_bytes_one_order_has_them_and_the_other_signs_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building_module, "_UNITS_APART", 1)
    (one, first), (other, second) = await twins(bench)
    said, signature = await bytes_of(bench, first)
    assert (await bytes_of(bench, second))[1] == signature

    await bench.world.log.append(await bench.claim(one), first, said.events, Held.HELD)
    with pytest.raises(Unavailable):
        await carry(bench.world, bench.queue, await bench.claim(other))
    await bench.world.clock.sleep_ms(SLOT_MS)
    for order in (one, other):
        execution = await bench.finish(order)
        assert execution.status is Status.CONFIRMED
        assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(one)) == 2
