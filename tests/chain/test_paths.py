"""The same bytes by every path, and no path waited for."""

import asyncio

import pytest

from landfall.core.errors import OutcomeUnknown, Unavailable
from tests.chain.calls import TRANSACTION
from tests.chain.node import Behaviour, error
from tests.chain.providers import asked, joined, provider
from tests.chain.test_failover import resets, silent

REFUSES = provider(sendTransaction=error(-32005, "Node is behind"))
UNKNOWN = provider(sendTransaction=resets)
SILENT = provider(sendTransaction=silent)
LIES = provider(sendTransaction="1" * 64)


async def test_every_path_gets_the_same_bytes():
    async with joined(provider(), provider(), provider()) as cluster:
        await cluster.paths.sender.send(TRANSACTION)
        await asyncio.sleep(0.05)
        sent = [asked(node, "sendTransaction") for node in cluster.nodes]
        assert [len(each) for each in sent] == [1, 1, 1]
        assert sent[0] == sent[1] == sent[2]
        assert sent[0][0][1]["maxRetries"] == 0


@pytest.mark.parametrize("bad", [REFUSES, UNKNOWN, SILENT, LIES])
async def test_one_good_path_is_enough(bad: Behaviour):
    async with joined(bad, provider(), rebroadcast_ms=60_000) as cluster:
        async with asyncio.timeout(1):
            await cluster.paths.sender.send(TRANSACTION)
        assert len(asked(cluster.nodes[1], "sendTransaction")) == 1


async def test_a_path_that_may_have_taken_the_bytes_makes_the_outcome_unknown():
    for bad in (UNKNOWN, SILENT, LIES):
        async with joined(REFUSES, bad) as cluster:
            with pytest.raises(OutcomeUnknown):
                await cluster.paths.sender.send(TRANSACTION)


async def test_where_all_refuse_nothing_has_left():
    async with joined(REFUSES, REFUSES) as cluster:
        with pytest.raises(Unavailable):
            await cluster.paths.sender.send(TRANSACTION)


async def test_a_silent_path_has_one_send_of_a_transaction_under_way_and_others_go_on():
    async with joined(SILENT, provider()) as cluster:
        for _ in range(5):
            await cluster.paths.sender.send(TRANSACTION)
        await asyncio.sleep(0.05)
        assert [len(asked(node, "sendTransaction")) for node in cluster.nodes] == [1, 5]


async def test_a_resting_provider_still_gets_the_bytes():
    async with joined(provider(getLatestBlockhash=resets), provider()) as cluster:
        for _ in range(3):
            await cluster.paths.chain.latest_blockhash()
        assert cluster.paths.endpoints.all[0].health.is_resting
        await cluster.paths.sender.send(TRANSACTION)
        await asyncio.sleep(0.05)
        assert len(asked(cluster.nodes[0], "sendTransaction")) == 1
