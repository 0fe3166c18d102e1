"""Several providers read as one: trouble costs a moment, and no answer goes back in time."""

import asyncio
import json
from typing import Any

import pytest

from landfall.chain.endpoints import WrongCluster
from landfall.core.errors import Unavailable
from landfall.core.values import Slot
from tests.chain.calls import GOOD, SIGNATURE, TRANSACTION, WALLET
from tests.chain.clocks import HandClock
from tests.chain.node import Exchange, error, http, raw, reset
from tests.chain.providers import SLOT, asked, joined, provider

OTHER_HASH = "4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY"
FAILOVER_SECONDS_MAX = 2.0


async def silent(exchange: Exchange) -> None:
    await asyncio.sleep(3600)


async def resets(exchange: Exchange) -> None:
    reset(exchange.writer)


def slow_down(seconds: str) -> Any:
    return raw(http(b"", "429 Too Many Requests", f"Retry-After: {seconds}"))


def at(slot: int) -> dict[str, Any]:
    """A good latest blockhash, of this slot."""
    return {**GOOD["getLatestBlockhash"], "context": {"slot": slot}}


BROKEN = {
    "silent": silent,
    "resets": resets,
    "HTTP 500": raw(http(b"", "500 Internal Server Error")),
    "HTTP 429": slow_down("1"),
    "429 in HTTP 200": error(429, "slower"),
    "unhealthy": error(-32005, "Node is behind by 42 slots"),
    "nonsense": raw(http(b"{}")),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_read_outlives_a_broken_provider(name: str):
    broken = provider(getLatestBlockhash=BROKEN[name])
    async with joined(broken, provider()) as cluster:
        async with asyncio.timeout(FAILOVER_SECONDS_MAX):
            latest = await cluster.paths.chain.latest_blockhash()
        assert latest.context_slot == SLOT
        assert [len(asked(node, "getLatestBlockhash")) for node in cluster.nodes] == [1, 1]


async def test_where_all_are_broken_the_read_says_so():
    broken = provider(getLatestBlockhash=BROKEN["resets"])
    async with joined(broken, broken) as cluster:
        with pytest.raises(Unavailable):
            await cluster.paths.chain.latest_blockhash()
        assert [len(asked(node, "getLatestBlockhash")) for node in cluster.nodes] == [1, 1]


async def test_a_provider_that_fails_again_and_again_is_asked_last():
    async with joined(provider(getLatestBlockhash=resets), provider()) as cluster:
        for _ in range(6):
            await cluster.paths.chain.latest_blockhash()
        first, second = (len(asked(node, "getLatestBlockhash")) for node in cluster.nodes)
        assert (first, second) == (3, 6)


async def test_a_breaker_closes_once_the_provider_answers_again():
    async with joined(provider(getLatestBlockhash=resets), provider()) as cluster:
        for _ in range(3):
            await cluster.paths.chain.latest_blockhash()
        first = cluster.paths.endpoints.all[0]
        assert first.health.is_resting
        await first.chain.slot()
        assert not first.health.is_resting
        assert cluster.paths.endpoints.by_preference()[0] is first


async def within_http_200(exchange: Exchange) -> None:
    told = {"id": exchange.request_id, "error": {"code": 429, "message": "slower"}}
    exchange.writer.write(http(json.dumps(told).encode(), "200 OK", "Retry-After: 7"))


@pytest.mark.parametrize("limiting", [slow_down("7"), within_http_200])
async def test_a_provider_that_said_slow_down_is_left_alone_until_then(limiting: Any):
    clock = HandClock()
    limits = provider(getLatestBlockhash=limiting)
    async with joined(limits, provider(), clock=clock) as cluster:
        first = cluster.paths.endpoints.all[0]
        await cluster.paths.chain.latest_blockhash()
        for _ in range(3):
            await cluster.paths.chain.latest_blockhash()
            with pytest.raises(Unavailable, match="slow down"):
                await first.chain.send(TRANSACTION)
            clock.ms += 2_000
        assert [request["method"] for request in cluster.nodes[0].requests] == [
            "getLatestBlockhash"
        ]
        clock.ms += 1_000
        await first.chain.send(TRANSACTION)


async def test_a_single_provider_that_said_slow_down_is_left_alone_too():
    clock = HandClock()
    async with joined(provider(getLatestBlockhash=slow_down("7")), clock=clock) as cluster:
        for _ in range(3):
            with pytest.raises(Unavailable):
                await cluster.paths.chain.latest_blockhash()
        assert len(cluster.nodes[0].requests) == 1


async def test_no_answer_is_from_before_an_earlier_one():
    stale = provider(getLatestBlockhash=at(5))
    async with joined(provider(), stale) as cluster:
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == SLOT
        cluster.nodes[0].behaviour = provider(getLatestBlockhash=resets)
        with pytest.raises(Unavailable):
            await cluster.paths.chain.latest_blockhash()
        wanted = asked(cluster.nodes[1], "getLatestBlockhash")[0][0]
        assert wanted == {"commitment": "confirmed", "minContextSlot": SLOT}


def accounts_at(slot: int) -> dict[str, Any]:
    return {"context": {"slot": slot}, "value": [None]}


@pytest.mark.parametrize("says_so", [True, False])
async def test_a_provider_that_is_behind_is_given_time_to_catch_up(says_so: bool):
    slots = [5, 7, SLOT]

    async def catching_up(exchange: Exchange) -> None:
        slot = slots.pop(0)
        told = {"getMultipleAccounts": accounts_at(slot), "getLatestBlockhash": at(slot)}
        if slot < SLOT and says_so:
            told = dict.fromkeys(told, error(-32016, "Minimum context slot has not been reached"))
        await provider(**told)(exchange)

    async with joined(provider(), clock=HandClock()) as cluster:
        await cluster.paths.chain.latest_blockhash()
        cluster.nodes[0].behaviour = catching_up
        assert (await cluster.paths.chain.accounts([WALLET])).slot == SLOT
        slots += [5, 7, SLOT]
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == SLOT
        assert slots == []


async def test_a_lie_about_the_slot_does_not_keep_the_honest_out_for_ever():
    clock = HandClock()
    final = {"absoluteSlot": SLOT - 1, "blockHeight": 0}
    liar = provider(getLatestBlockhash=at(2**60), getEpochInfo=final)
    async with joined(liar, clock=clock) as cluster:
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == 2**60
        cluster.nodes[0].behaviour = provider(getEpochInfo=final)
        for _ in range(5):
            with pytest.raises(Unavailable):
                await cluster.paths.chain.latest_blockhash()
            clock.ms += 2_000
        clock.ms += 1_000
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == SLOT


async def test_a_provider_that_lags_is_asked_last():
    async with joined(provider(getSlot=SLOT), provider(getSlot=SLOT + 100)) as cluster:
        for endpoint in cluster.paths.endpoints.all:
            await endpoint.chain.slot()
        best = cluster.paths.endpoints.by_preference()[0]
        assert best.health.slot == Slot(SLOT + 100)


async def test_providers_on_different_clusters_are_refused_at_the_start():
    async with joined(provider(), provider(getGenesisHash=OTHER_HASH), verified=False) as cluster:
        with pytest.raises(WrongCluster, match=OTHER_HASH):
            await cluster.paths.endpoints.verify()


async def test_a_provider_that_shows_its_cluster_late_is_used_late_and_if_wrong_never():
    late = provider(getGenesisHash=silent)
    async with joined(provider(), late, late, clock=None, RPC_TIMEOUT_MS="100") as cluster:
        endpoints = cluster.paths.endpoints
        assert [each.is_ours for each in endpoints.all] == [True, None, None]
        cluster.nodes[1].behaviour = provider(getEpochInfo={"absoluteSlot": 1, "blockHeight": 1})
        cluster.nodes[2].behaviour = provider(getGenesisHash=OTHER_HASH)
        watching = asyncio.ensure_future(endpoints.watch(10))
        while endpoints.all[1].health.slot != SLOT or endpoints.all[2].is_ours is None:
            await asyncio.sleep(0.01)
        watching.cancel()
        assert [each.is_ours for each in endpoints.all] == [True, True, False]
        assert endpoints.all[2] not in endpoints.by_preference()
        with pytest.raises(Unavailable):
            await cluster.paths.witnesses[2].testify(SIGNATURE)
        await cluster.paths.sender.send(TRANSACTION)
        assert [len(asked(node, "sendTransaction")) for node in cluster.nodes] == [1, 1, 0]


def living_until(height: int) -> Any:
    good = GOOD["getLatestBlockhash"]
    return {**good, "value": {**good["value"], "lastValidBlockHeight": height}}


@pytest.mark.parametrize("ahead", [1_000, 10**15])
async def test_a_blockhash_that_would_live_for_ever_is_taken_from_another_one(ahead: int):
    liar = provider(getLatestBlockhash=living_until(150 + ahead))
    async with joined(liar, provider()) as cluster:
        assert (await cluster.paths.chain.latest_blockhash()).last_valid_block_height == 150
        assert [len(asked(node, "getLatestBlockhash")) for node in cluster.nodes] == [1, 1]


async def test_an_only_provider_is_held_to_its_own_height():
    async with joined(provider(getLatestBlockhash=living_until(10**15))) as cluster:
        with pytest.raises(Unavailable, match="lives longer than any"):
            await cluster.paths.chain.latest_blockhash()


async def test_a_lifetime_that_no_height_bounds_is_not_believed():
    unbounded = provider(
        getLatestBlockhash=living_until(10**15), getEpochInfo=error(-32005, "Node is unhealthy")
    )
    async with joined(unbounded) as cluster:
        with pytest.raises(Unavailable):
            await cluster.paths.chain.latest_blockhash()


async def test_another_one_that_has_stood_still_for_days_refuses_nobody():
    days = 10**6
    ahead = {**living_until(days + 150), "context": {"slot": days}}
    moved = provider(
        getLatestBlockhash=ahead, getEpochInfo={"absoluteSlot": days, "blockHeight": days}
    )
    async with joined(moved, provider()) as cluster:
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == days
        assert asked(cluster.nodes[1], "getLatestBlockhash") == []


def dying_at(slot: int, height: int) -> Any:
    return {**living_until(height), "context": {"slot": slot}}


@pytest.mark.parametrize(
    ("slot", "height", "probed"),
    [(1_200, 1_350, False), (1_200, 1_650, False), (1_480, 1_350, True)],
)
async def test_a_blockhash_from_before_what_another_holds_final_is_taken_from_that_one(
    slot: int, height: int, probed: bool
):
    """Bytes signed with it would look dead to the honest while they live, and be signed again."""
    final = {"absoluteSlot": 1_468, "blockHeight": 1_468}
    liar, honest = (
        provider(getLatestBlockhash=dying_at(*told), getEpochInfo=final, getSlot=1_500)
        for told in ((slot, height), (1_500, 1_650))
    )
    async with joined(liar, honest) as cluster:
        for endpoint in cluster.paths.endpoints.all if probed else ():
            await endpoint.chain.slot()
        latest = await cluster.paths.chain.latest_blockhash()
        assert (latest.context_slot, latest.last_valid_block_height) == (1_500, 1_650)
        assert [len(asked(node, "getLatestBlockhash")) for node in cluster.nodes] == [1, 1]


async def test_a_provider_a_little_behind_is_not_asked_to_prove_it():
    near = provider(
        getLatestBlockhash=dying_at(1_495, 1_645),
        getEpochInfo={"absoluteSlot": 1_495, "blockHeight": 1_495},
    )
    ahead = provider(getEpochInfo={"absoluteSlot": 1_500, "blockHeight": 1_500})
    async with joined(near, ahead) as cluster:
        looks = len(asked(cluster.nodes[1], "getEpochInfo"))
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == 1_495
        assert len(asked(cluster.nodes[1], "getEpochInfo")) == looks


async def test_a_blockhash_that_contradicts_its_own_provider_is_not_signed_with():
    final = {"absoluteSlot": 1_468, "blockHeight": 1_468}
    liar = provider(getLatestBlockhash=dying_at(1_200, 1_350), getEpochInfo=final)
    async with joined(liar) as cluster:
        with pytest.raises(Unavailable, match="before what is final"):
            await cluster.paths.chain.latest_blockhash()


async def test_what_a_provider_once_said_by_mistake_does_not_keep_it_out():
    async with joined(provider(getLatestBlockhash=dying_at(1_200, 1_350))) as cluster:
        (endpoint,) = cluster.paths.endpoints.all
        endpoint.health.saw(Slot(2**60))
        assert (await cluster.paths.chain.latest_blockhash()).context_slot == 1_200
