"""One provider heard alone: what it says is its own, and nobody waits for it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from landfall.chain.witness import ProviderWitness
from landfall.core.errors import Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.verdict import Opinion, Quorum, Withheld, opinion
from landfall.core.values import Slot
from tests.chain.calls import GOOD, SIGNATURE, TRANSACTION
from tests.chain.node import Exchange
from tests.chain.providers import asked, joined, provider
from tests.chain.test_failover import OTHER_HASH, resets, silent
from tests.chain.test_jito import until

QUORUM = Quorum(needed=2)


def unknown_at(slot: int) -> dict[str, Any]:
    return {"context": {"slot": slot}, "value": [None]}


def final_at(slot: int, height: int) -> dict[str, Any]:
    return {"absoluteSlot": slot, "blockHeight": height}


async def held(witness: ProviderWitness, of: SignedTransaction = TRANSACTION) -> Opinion | None:
    evidence = await witness.testify(of.signature)
    held = opinion(of, replace(evidence, first_slot=await witness.first_slot()), QUORUM)
    assert not isinstance(held, Withheld)
    return held


async def test_a_provider_s_status_is_held_against_its_own_height_only():
    """One is final far beyond expiry but lags in statuses, the other the other way round."""
    past = TRANSACTION.last_valid_block_height + 1
    ahead = provider(getSignatureStatuses=unknown_at(400), getEpochInfo=final_at(500, past))
    behind = provider(getSignatureStatuses=unknown_at(600), getEpochInfo=final_at(300, 100))
    async with joined(ahead, behind) as cluster:
        for _ in range(3):
            assert [await held(each) for each in cluster.paths.witnesses] == [None, None]
        await until(lambda: all(asked(node, "getEpochInfo") for node in cluster.nodes))
        assert [await held(each) for each in cluster.paths.witnesses] == [None, None]
        cluster.nodes[0].behaviour = provider(
            getSignatureStatuses=unknown_at(500), getEpochInfo=final_at(500, past)
        )
        opinions = [await held(each) for each in cluster.paths.witnesses]
        assert opinions == [Opinion.EXPIRED, None]


async def test_a_url_that_leads_to_another_cluster_now_proves_nothing():
    past = TRANSACTION.last_valid_block_height + 1
    silent_about_it = {
        "getSignatureStatuses": unknown_at(500),
        "getEpochInfo": final_at(500, past),
    }
    async with joined(provider(**silent_about_it)) as cluster:
        (witness,) = cluster.paths.witnesses
        assert await held(witness) is Opinion.EXPIRED
        cluster.nodes[0].behaviour = provider(getGenesisHash=OTHER_HASH, **silent_about_it)
        with pytest.raises(Unavailable, match="now on the cluster of genesis"):
            await held(witness)
        cluster.nodes[0].behaviour = provider(**silent_about_it)
        assert await held(witness) is Opinion.EXPIRED


async def test_finality_is_looked_up_only_as_the_cluster_moves_on():
    slots = [400, 400, 401, 402]

    async def statuses(exchange: Exchange) -> None:
        told = provider(getSignatureStatuses=unknown_at(slots.pop(0)))
        await told(exchange)

    async with joined(provider(getSignatureStatuses=statuses)) as cluster:
        for expected in (1, 1, 1, 2):
            await cluster.paths.witnesses[0].testify(SIGNATURE)
            await until(lambda n=expected: len(asked(cluster.nodes[0], "getEpochInfo")) == n)
            # The answer, too, has to arrive before the next one is asked for.
            await cluster.paths.chain.latest_blockhash()


async def test_a_provider_that_is_silent_about_finality_still_tells_what_landed():
    unknown = provider(getSignatureStatuses=unknown_at(400), getEpochInfo=silent)
    async with joined(unknown) as cluster:
        (witness,) = cluster.paths.witnesses
        assert (await witness.testify(SIGNATURE)).answer.status is None
        cluster.nodes[0].behaviour = provider(getEpochInfo=silent)
        assert (await witness.testify(SIGNATURE)).answer.status is not None


async def test_finality_never_goes_back():
    told = [final_at(500, 300), *[final_at(400, 200)] * 2]

    async def finality(exchange: Exchange) -> None:
        await provider(getEpochInfo=told.pop(0))(exchange)

    async with joined(provider(getEpochInfo=finality)) as cluster:
        chain = cluster.paths.endpoints.all[0].chain
        assert [(await chain.finalized()).slot for _ in range(2)] == [Slot(500), Slot(500)]


@pytest.mark.parametrize("method", ["getEpochInfo", "getSignatureStatuses"])
async def test_one_answer_from_nowhere_does_not_keep_expiry_from_being_proven(method: str):
    wild = {
        "getEpochInfo": final_at(10**12, 10**12),
        "getSignatureStatuses": unknown_at(10**12),
    }
    past = TRANSACTION.last_valid_block_height + 1
    slot = TRANSACTION.min_context_slot + 1_000
    true = {"getEpochInfo": final_at(slot, past), "getSignatureStatuses": unknown_at(slot)}
    wildly = provider(**{**true, method: wild[method]})
    async with joined(wildly) as cluster, asyncio.timeout(10):
        (witness,) = cluster.paths.witnesses
        node = cluster.paths.endpoints.all[0].chain
        await witness.testify(SIGNATURE)
        await until(lambda: asked(cluster.nodes[0], "getEpochInfo"))
        await node.latest_blockhash()
        for step in range(1, 4):
            moved = {
                "getEpochInfo": final_at(slot + 4 * step, past + 4 * step),
                "getSignatureStatuses": unknown_at(slot + 4 * step),
            }
            cluster.nodes[0].behaviour = provider(**moved)
            held_now = await held(witness)
            await until(lambda n=step: len(asked(cluster.nodes[0], "getEpochInfo")) > n)
            await node.latest_blockhash()
        assert held_now is Opinion.EXPIRED


@pytest.mark.parametrize("bad", [silent, resets])
async def test_a_provider_that_does_not_answer_says_nothing(bad: Any):
    broken = provider(getSignatureStatuses=bad, getTransaction=bad)
    async with joined(broken) as cluster:
        witness = cluster.paths.witnesses[0]
        for answering in (witness.testify, witness.transaction):
            with pytest.raises(Unavailable):
                await answering(SIGNATURE)


async def test_a_late_answer_goes_to_the_next_who_asks():
    may_answer = asyncio.Event()

    async def late(exchange: Exchange) -> None:
        await may_answer.wait()
        await provider()(exchange)

    async with joined(provider(getSignatureStatuses=late)) as cluster:
        witness = cluster.paths.witnesses[0]
        with pytest.raises(Unavailable, match="not answered yet"):
            await witness.testify(SIGNATURE)
        asking = asyncio.ensure_future(witness.testify(SIGNATURE))
        await asyncio.sleep(0)
        may_answer.set()
        assert (await asking).answer.context_slot == GOOD["getSignatureStatuses"]["context"]["slot"]
        assert len(asked(cluster.nodes[0], "getSignatureStatuses")) == 1
