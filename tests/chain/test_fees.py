"""The price of the moment, and what is paid where nobody tells it."""

import asyncio

import pytest

from landfall.chain.fees import LATELY_MS, REMEMBERED_MS
from landfall.core.values import Pubkey
from tests.chain.calls import PROGRAM, WALLET
from tests.chain.clocks import HandClock
from tests.chain.node import http, raw
from tests.chain.providers import asked, joined, provider
from tests.chain.test_failover import resets

PAID = [{"slot": 1, "prioritizationFee": fee} for fee in (0, 10, 20, 30)]
RULE = {
    "COMPUTE_UNIT_PRICE_PERCENTILE": "50",
    "COMPUTE_UNIT_PRICE_FLOOR": "3",
    "COMPUTE_UNIT_PRICE_CAP": "25",
}


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        (PAID, 10),
        (PAID[3:], 25),
        (PAID[:1], 3),
        ([], 3),
        ([{"slot": 1, "prioritizationFee": -5}], 3),
        ([{"slot": 1, "prioritizationFee": 2**64}], 3),
        ([{"slot": 1}], 3),
        (None, 3),
        (resets, 3),
        (raw(http(b"", "500 Oh No")), 3),
    ],
)
async def test_the_price_follows_what_was_paid_for_these_accounts(paid: object, expected: int):
    async with joined(provider(getRecentPrioritizationFees=paid), **RULE) as cluster:
        assert await cluster.paths.fees.compute_unit_price([WALLET, PROGRAM]) == expected
        ((keys,),) = asked(cluster.nodes[0], "getRecentPrioritizationFees")
        assert keys == [str(WALLET), str(PROGRAM)]


async def test_no_more_accounts_are_asked_for_than_a_node_takes():
    async with joined(provider(getRecentPrioritizationFees=PAID), **RULE) as cluster:
        await cluster.paths.fees.compute_unit_price([Pubkey.new_unique() for _ in range(200)])
        ((keys,),) = asked(cluster.nodes[0], "getRecentPrioritizationFees")
        assert len(keys) == 128


async def test_a_fixed_price_asks_nobody():
    fixed = {"COMPUTE_UNIT_PRICE_FLOOR": "7", "COMPUTE_UNIT_PRICE_CAP": "7"}
    async with joined(provider(), **fixed) as cluster:
        assert await cluster.paths.fees.compute_unit_price([WALLET]) == 7
        assert cluster.nodes[0].requests == []


async def test_the_price_for_the_same_accounts_is_asked_once_a_block():
    clock = HandClock()
    async with joined(provider(getRecentPrioritizationFees=PAID), clock=clock, **RULE) as cluster:
        fees = cluster.paths.fees
        together = await asyncio.gather(*(fees.compute_unit_price([WALLET]) for _ in range(3)))
        assert [*together, await fees.compute_unit_price([WALLET])] == [10] * 4
        assert len(asked(cluster.nodes[0], "getRecentPrioritizationFees")) == 1
        await fees.compute_unit_price([WALLET, PROGRAM])
        clock.ms += REMEMBERED_MS + 1
        await fees.compute_unit_price([WALLET])
        assert len(asked(cluster.nodes[0], "getRecentPrioritizationFees")) == 3


async def test_a_plan_does_not_wait_for_a_price_that_was_asked_for_lately():
    clock = HandClock()
    async with joined(provider(getRecentPrioritizationFees=PAID), clock=clock, **RULE) as cluster:
        node, fees = cluster.nodes[0], cluster.paths.fees
        assert await fees.unit_price_lately([WALLET]) == 10
        node.behaviour = provider(getRecentPrioritizationFees=PAID[2:3])
        clock.ms += REMEMBERED_MS + 1
        assert await fees.unit_price_lately([WALLET]) == 10
        async with asyncio.timeout(10):
            while await fees.unit_price_lately([WALLET]) == 10:
                await asyncio.sleep(0.01)
        assert len(asked(node, "getRecentPrioritizationFees")) == 2
        node.behaviour = provider(getRecentPrioritizationFees=PAID)
        clock.ms += LATELY_MS + 1
        assert await fees.unit_price_lately([WALLET]) == 10
