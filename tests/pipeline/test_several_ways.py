"""Orders that go directly and through another token at once, in one transaction on a real chain."""

from decimal import Decimal

import pytest

from landfall.core.execution import Execution, Status
from landfall.core.order import Order
from landfall.core.quote import Leg, Route
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import SwapMode
from landfall.pipeline.market import preview
from landfall.ports import LoadedPool
from tests.pipeline.by_hand import choose, push
from tests.pipeline.conftest import Bench
from tests.pipeline.test_choosing import a_request
from tests.pipeline.test_routes import landed_as_quoted, tokens_of

USDC, JUP = KNOWN_TOKENS["USDC"], KNOWN_TOKENS["JUP"]
BY_MINT = {token.mint: token for token in KNOWN_TOKENS.values()}
LITTLE, MUCH = 100, 200_000
AMOUNTS = {SwapMode.EXACT_IN: Decimal(1_000), SwapMode.EXACT_OUT: Decimal(2_000)}


async def routed(bench: Bench, mode: SwapMode) -> tuple[Order, Route]:
    """An order in BUILDING: over the pair's own pools, and through one other token."""
    order = await bench.submit(
        token_in="USDC", token_out="JUP", amount=AMOUNTS[mode], swap_mode=mode
    )
    found = await preview(bench.world, "local", a_request("USDC", "JUP", int(AMOUNTS[mode]), mode))
    assert found.route is not None
    await choose(bench, order, found.route)
    assert sorted(len(way) for way in found.route.ways) == [1, 2]
    return order, found.route


def legs_of(route: Route, hops: int) -> tuple[Leg, ...]:
    """The legs of the first hop of the way with so many."""
    return next(way[0] for way in route.ways if len(way) == hops)


async def pool_of(bench: Bench, leg: Leg) -> LoadedPool:
    (loaded,) = (await bench.world.pools.named([leg.quote.pool])).pools
    return loaded


async def held_between(bench: Bench, route: Route) -> int | None:
    """What the wallet's account of the token between holds."""
    return await tokens_of(bench, BY_MINT[route.mints[1]])


def within_its_bounds(order: Order, execution: Execution) -> None:
    route, fill = execution.attempt.route, execution.fill
    assert execution.status is Status.CONFIRMED, execution.failure
    assert route is not None
    assert fill is not None
    if order.swap_mode is SwapMode.EXACT_IN:
        assert fill.in_amount <= order.amount == route.most_in
    else:
        assert fill.out_amount >= order.amount == route.least_out
    assert fill.out_amount >= route.least_out
    assert fill.in_amount <= route.most_in


@pytest.mark.parametrize("mode", SwapMode)
async def test_what_was_quoted_lands_to_the_unit_and_nothing_stays_between(
    bench: Bench, mode: SwapMode
) -> None:
    order, route = await routed(bench, mode)
    execution = await bench.finish(order)
    landed_as_quoted(execution)
    within_its_bounds(order, execution)
    assert not await held_between(bench, route)


@pytest.mark.parametrize("mode", SwapMode)
@pytest.mark.parametrize("hops", [1, 2])
async def test_a_pool_that_moves_a_little_costs_what_it_moved_and_no_more_than_the_bound(
    bench: Bench, mode: SwapMode, hops: int
) -> None:
    order, route = await routed(bench, mode)
    pool = await pool_of(bench, legs_of(route, hops)[0])
    await push(bench, pool, USDC, LITTLE)
    execution = await bench.finish(order)
    within_its_bounds(order, execution)
    assert len(execution.attempts) == 1
    fill = execution.fill
    assert fill is not None
    assert (fill.in_amount, fill.out_amount) != (route.in_amount, route.out_amount)
    assert not await held_between(bench, route)


async def test_a_first_hop_that_moves_beyond_its_reserve_ends_the_attempt_and_nothing_is_lost(
    bench: Bench,
) -> None:
    order, route = await routed(bench, SwapMode.EXACT_IN)
    before = await tokens_of(bench, USDC)
    pool = await pool_of(bench, legs_of(route, 2)[0])
    await push(bench, pool, USDC, MUCH)
    execution = await bench.finish(order)
    within_its_bounds(order, execution)
    assert execution.attempts[0].failure is not None
    assert len(execution.attempts) == 2
    fill = execution.fill
    assert fill is not None
    assert before is not None
    assert await tokens_of(bench, USDC) == before - fill.in_amount
    assert not await held_between(bench, route)
