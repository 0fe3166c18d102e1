"""A block engine is one more unreliable sender, and is tipped where and what we say."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest

from landfall import observe
from landfall.bootstrap.paths import Paths
from landfall.chain import jsonrpc
from landfall.chain.jito import TIPS_FRESH_MS, BlockEngine
from landfall.chain.jsonrpc import JsonRpc
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.ledger.tips import TIP_ACCOUNTS, TIP_MIN
from landfall.core.values import Lamports, Pubkey
from tests.chain.calls import TRANSACTION
from tests.chain.clocks import HandClock
from tests.chain.node import KEY, Behaviour, Node, error, http, raw, running_node
from tests.chain.providers import asked, joined, provider
from tests.chain.test_failover import resets, silent
from tests.chain.test_hostile_replies import CAP, REFUSED, UNKNOWN

TIPPED = replace(TRANSACTION, tip_lamports=Lamports(5_000))
ACCOUNTS = [str(account) for account in TIP_ACCOUNTS]
FLOOR = {
    "time": "2026-11-21T00:00:00Z",
    "landed_tips_25th_percentile": 3.281e-6,
    "landed_tips_50th_percentile": 0.000012536000000000002,
    "landed_tips_75th_percentile": 0.00005,
    "landed_tips_95th_percentile": 0.005,
    "landed_tips_99th_percentile": 1e-2,
    "ema_landed_tips_50th_percentile": 0.0001,
}


def status(*landed: str) -> dict[str, Any]:
    value = [{"bundle_id": each, "confirmation_status": "confirmed"} for each in landed]
    return {"context": {"slot": 9}, "value": value or [None]}


def engine(**instead: Any) -> Behaviour:
    answers = {
        "sendBundle": "bundle",
        "getBundleStatuses": status(),
        "getTipAccounts": ACCOUNTS,
        **instead,
    }
    return provider(**answers)


@dataclass(frozen=True)
class Engines:
    """The ways to one provider and one block engine, and both at hand."""

    paths: Paths
    provider: Node
    node: Node


@asynccontextmanager
async def both(
    behaviour: Behaviour, clock: Any = None, sends: Any = None, **environ: str
) -> AsyncIterator[Engines]:
    good = provider() if sends is None else provider(sendTransaction=sends)
    async with (
        running_node(behaviour) as node,
        joined(good, clock=clock, JITO_URL=node.url, **environ) as cluster,
    ):
        yield Engines(cluster.paths, cluster.nodes[0], node)


async def until(true: Callable[[], Any]) -> None:
    while not true():
        await asyncio.sleep(0.001)


async def test_the_engine_gets_the_same_bytes_as_a_bundle_of_one():
    async with both(engine()) as it:
        await it.paths.sender.send(TIPPED)
        await until(lambda: asked(it.node, "sendBundle"))
        ((texts, config),) = asked(it.node, "sendBundle")
        assert texts == [asked(it.provider, "sendTransaction")[0][0]]
        assert config == {"encoding": "base64"}


async def test_a_transaction_without_a_tip_is_not_for_the_engine():
    async with both(engine()) as it:
        await it.paths.sender.send(TRANSACTION)
        assert it.node.requests == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(-32602, "Bundles must write lock at least one tip account"), Unavailable),
        (error(-32097, "Network congested. Endpoint is globally rate limited."), Unavailable),
        (raw(http(b"", "429 Too Many Requests", "Retry-After: 1")), Unavailable),
        (raw(http(b"", "400 Bad Request")), Unavailable),
        (error(-32603, "internal"), OutcomeUnknown),
        (raw(http(b"", "503 Service Unavailable")), OutcomeUnknown),
        (7, OutcomeUnknown),
        (resets, OutcomeUnknown),
    ],
)
async def test_an_engine_s_refusal_decides_nothing(answer: Any, expected: type[Exception]):
    refuses = error(-32005, "Node is behind")
    async with both(engine(sendBundle=answer), sends=refuses) as it:
        with pytest.raises(expected):
            await it.paths.sender.send(TIPPED)


HOSTILE = {**UNKNOWN, **REFUSED}


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_an_engine_answers_is_our_own_error(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(jsonrpc, "REPLY_BYTES_MAX", CAP)
    async with alone(HOSTILE[name]) as (sender, node):
        with pytest.raises(OutcomeUnknown if name in UNKNOWN else Unavailable):
            await sender.send(TIPPED)
        assert len(node.requests) == 1
    async with alone(HOSTILE[name]) as (sender, node):
        with pytest.raises(Unavailable):
            await sender.tip_accounts()
        assert len(node.requests) == 1


@pytest.mark.parametrize("name", HOSTILE)
async def test_whatever_a_tip_floor_answers_the_least_is_tipped(name: str):
    async with both(engine(GET=HOSTILE[name])) as it:
        tip = await it.paths.fees.tip()
        assert tip is not None
        assert tip.lamports == TIP_MIN


@asynccontextmanager
async def alone(behaviour: Behaviour) -> AsyncIterator[tuple[BlockEngine, Node]]:
    async with running_node(behaviour) as node, aiohttp.ClientSession() as session:
        yield BlockEngine(JsonRpc(session, node.url, 1_000)), node


async def test_a_bundle_said_to_have_landed_is_not_sent_again():
    async with alone(engine(getBundleStatuses=status("bundle"))) as (sender, node):
        for _ in range(3):
            await sender.send(TIPPED)
        assert len(asked(node, "sendBundle")) == 1
        assert asked(node, "getBundleStatuses") == [[["bundle"]]] * 2


@pytest.mark.parametrize("told", [status(), status("another"), {"value": []}, None, resets])
async def test_a_bundle_that_is_not_said_to_have_landed_is_sent_again(told: Any):
    async with alone(engine(getBundleStatuses=told)) as (sender, node):
        for _ in range(3):
            await sender.send(TIPPED)
        assert len(asked(node, "sendBundle")) == 3


def serves(floor: Any) -> Behaviour:
    return raw(http(json.dumps(floor).encode()))


async def test_the_tip_is_the_percentile_within_its_bounds():
    for percentile, bounds, expected in (
        ("25", {}, 3_281),
        ("50", {}, 12_537),
        ("95", {}, 1_000_000),
        ("95", {"JITO_TIP_MAX_LAMPORTS": "7000000"}, 5_000_000),
        ("25", {"JITO_TIP_MIN_LAMPORTS": "4000"}, 4_000),
    ):
        async with both(
            engine(GET=serves([FLOOR])), JITO_TIP_PERCENTILE=percentile, **bounds
        ) as it:
            tip = await it.paths.fees.tip()
            assert tip is not None
            assert (tip.lamports, tip.guards_front) == (expected, False)


HOSTILE_FLOORS = [
    *([], {}, [{}], None, 7, "x", [[FLOOR]]),
    *([{**FLOOR, "landed_tips_50th_percentile": bad}] for bad in (-1, 1e300, "NaN", "x", None)),
]


@pytest.mark.parametrize("floor", HOSTILE_FLOORS)
async def test_a_floor_that_makes_no_sense_is_not_followed(floor: Any):
    async with both(engine(GET=serves(floor))) as it:
        tip = await it.paths.fees.tip()
        assert tip is not None
        assert tip.lamports == TIP_MIN


@pytest.mark.parametrize("bad", [resets, silent, raw(http(b"", "500 Oh No")), raw(b"\0\0")])
async def test_an_engine_that_does_not_answer_is_tipped_the_least(bad: Behaviour):
    async with both(engine(GET=bad, getTipAccounts=bad)) as it:
        tip = await it.paths.fees.tip()
        assert tip is not None
        assert (tip.lamports, tip.account in TIP_ACCOUNTS) == (TIP_MIN, True)


async def test_only_accounts_that_we_know_are_tipped():
    thief = str(Pubkey.new_unique())
    async with both(engine(GET=serves([FLOOR]), getTipAccounts=[thief, ACCOUNTS[3]])) as it:
        tips = [await it.paths.fees.tip() for _ in range(9)]
        assert {tip.account for tip in tips if tip} == {TIP_ACCOUNTS[3]}
    async with both(engine(GET=serves([FLOOR]), getTipAccounts=[thief])) as it:
        assert await it.paths.fees.tip() is None


async def test_tips_go_round_the_accounts_and_what_is_known_grows_old():
    clock = HandClock()
    async with both(engine(GET=serves([FLOOR])), clock=clock, JITO_DONT_FRONT="yes") as it:
        tips = [await it.paths.fees.tip() for _ in range(8)]
        assert {tip.account for tip in tips if tip} == set(TIP_ACCOUNTS)
        assert all(tip.guards_front for tip in tips if tip)
        await until(lambda: asked(it.node, "GET"))
        assert len(asked(it.node, "GET")) == 1
        clock.ms += TIPS_FRESH_MS
        await it.paths.fees.tip()
        await until(lambda: len(asked(it.node, "GET")) == 2)


async def test_nobody_is_tipped_where_no_engine_is_named():
    async with joined(provider()) as cluster:
        assert await cluster.paths.fees.tip() is None


async def test_no_key_of_an_engine_gets_into_words(capsys: pytest.CaptureFixture[str]):
    bad = raw(http(b"", "500 Oh No"))
    async with both(engine(sendBundle=bad, GET=bad, getTipAccounts=bad)) as it:
        await it.paths.fees.tip()
        await it.paths.sender.send(TIPPED)
        await until(lambda: asked(it.node, "sendBundle"))
    written = capsys.readouterr()
    assert KEY not in written.out + written.err + observe.metrics().decode()
