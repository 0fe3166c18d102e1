"""What the market of a pair looks like to an order."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from landfall.core.errors import FailureReason
from landfall.core.execution import Status
from landfall.core.values import ChainClock, Pubkey, Slot
from landfall.pipeline.market import ask, without
from landfall.ports import Pools, PoolsAt
from tests.pipeline.conftest import Bench


async def test_every_pool_of_both_dexes_is_asked_and_the_best_comes_first(bench: Bench) -> None:
    market = await ask(bench.world, await bench.submit())
    assert {quote.dex for quote in market.quotes} == {"raydium", "meteora"}
    amounts = [quote.out_amount for quote in market.quotes]
    assert len(amounts) >= 4
    assert amounts == sorted(amounts, reverse=True)
    assert {quote.context_slot for quote in market.quotes} == {market.context_slot}


async def test_a_pool_that_pays_nothing_is_no_quote(bench: Bench) -> None:
    # One base unit of BONK is worth less than one of USDC.
    order = await bench.submit(token_in="BONK", token_out="SOL", amount=Decimal("0.00001"))
    market = await ask(bench.world, order)
    assert market.quotes == ()
    assert "PaysNothing" in {refused.error for refused in market.refused}
    execution = await bench.finish(order)
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.POOL_REFUSED


class Deserted:
    """The chain's pools, less every one that trades."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return replace(await self._pools.trading(mint, other), pools=())

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return replace(await self._pools.around(mint, other), pools=())

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        return await self._pools.named(addresses)


async def test_a_pair_without_pools_fails_with_that_reason(bench: Bench) -> None:
    bench.world = replace(bench.world, pools=Deserted(bench.world.pools))
    execution = await bench.finish(await bench.submit())
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.NO_ROUTE
    assert len(execution.attempts) == 1


def test_pools_that_nobody_is_set_aside_from_stay_the_same_object_and_keep_what_was_asked():
    pools = PoolsAt(slot=Slot(1), clock=ChainClock(Slot(1), 0, 0), pools=(), left_out=())
    assert without(pools, {Pubkey.new_unique(): "it failed before"}) is pools
