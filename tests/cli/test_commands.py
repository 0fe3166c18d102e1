"""The command line as its users run it: a process, its output, its exit code."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from landfall.access import Scope, new_key
from landfall.api.app import ApiConfig
from tests.api.desk import Desk
from tests.api.engine import engine_on
from tests.api.serving import Running, free_port, serving
from tests.api.stories import confirmed, reverted_then_failed


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str


async def landfall(*arguments: str, **environ: str) -> Ran:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "landfall", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environ},
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return Ran(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def api() -> AsyncIterator[Running]:
    async with serving(Desk()) as running:
        yield running


async def play_what_comes(api: Running, story) -> None:
    """Play this story to the first order that is placed."""
    while not api.desk.logs:
        await asyncio.sleep(0.01)
    (order_id,) = api.desk.logs
    await api.desk.play(order_id, story(order_id)[1:])


async def test_an_order_is_placed_and_watched_to_its_end(api: Running):
    playing = asyncio.create_task(play_what_comes(api, confirmed))
    ran = await landfall("order", "SOL", "USDC", "1.5", "--slippage", "0.01", "--url", api.url)
    await playing
    assert ran.code == 0, ran.err
    for said in ("pending", "routing", "building", "submitted", "confirmed", "225.000001"):
        assert said in ran.out
    assert not ran.err


async def test_an_order_that_fails_ends_with_1(api: Running):
    playing = asyncio.create_task(play_what_comes(api, reverted_then_failed))
    ran = await landfall("order", "SOL", "USDC", "1.5", "--json", "--url", api.url)
    await playing
    assert ran.code == 1
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert set(lines[0]) == {"orderId", "status", "timestamp", "replayed"}
    assert lines[-1]["status"] == "failed"
    assert lines[-1]["data"]["code"] == "no_route"


async def test_an_order_need_not_be_watched(api: Running):
    ran = await landfall("order", "SOL", "USDC", "1.5", "--no-watch", "--url", api.url)
    assert ran.code == 0
    assert UUID(ran.out.split()[-1]) in api.desk.logs


async def test_replay_folds_the_log_to_what_the_engine_says(api: Running):
    order_id = uuid4()
    await api.desk.play(order_id, reverted_then_failed(order_id))
    ran = await landfall("replay", str(order_id), "--url", api.url)
    assert ran.code == 0, ran.err
    assert "14 events fold to failed, as the engine says." in ran.out
    for said in ("TransactionReverted", "TransactionExpired", "slippage_exceeded", "130 ms"):
        assert said in ran.out


async def test_a_watched_order_is_told_from_its_beginning(api: Running):
    order_id = uuid4()
    await api.desk.play(order_id, confirmed(order_id))
    ran = await landfall("watch", str(order_id), "--url", api.url)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 5


async def test_a_list_and_a_quote_are_tables(api: Running):
    order_id = uuid4()
    await api.desk.play(order_id, confirmed(order_id))
    listed = await landfall("orders", "--url", api.url)
    assert listed.code == 0
    assert str(order_id) in listed.out
    sought = await landfall("orders", "--search", str(order_id), "--json", "--url", api.url)
    assert [json.loads(line)["orderId"] for line in sought.out.splitlines()] == [str(order_id)]
    refused = await landfall("orders", "--status", "lost", "--url", api.url)
    assert refused.code == 1
    assert "status cannot be used: it must be one of pending, routing" in refused.err
    quoted = await landfall("quote", "SOL", "USDC", "1.5", "--url", api.url)
    assert quoted.code == 1
    assert "No pool trades this pair" in quoted.out


async def test_the_key_comes_from_the_environment_alone(pool, dsn):
    config = ApiConfig(anonymous=None)
    async with engine_on(pool, dsn, config) as engine:
        key = new_key()
        scopes = frozenset({Scope.READ, Scope.TRADE, Scope.CANCEL})
        await engine.keys.add(key, account="bot", label="bot", scopes=scopes, lifetime_ms=None)
        url = str(engine.http.base_url)
        without = await landfall("orders", "--url", url)
        assert (without.code, "API key" in without.err) == (1, True)
        with_key = {"LANDFALL_API_KEY": key.text}
        placed = await landfall(
            *["order", "SOL", "USDC", "1", "--no-watch", "--json", "--url", url], **with_key
        )
        assert placed.code == 0, placed.err
        order_id = json.loads(placed.out)["orderId"]
        cancelled = await landfall("cancel", order_id, "--url", url, **with_key)
        assert (cancelled.code, cancelled.out.strip()) == (0, f"order {order_id} is cancelled")
        watched = await landfall("watch", order_id, "--json", "--url", url, **with_key)
        # It has ended, and not as it was meant to.
        assert watched.code == 1
        assert json.loads(watched.out.splitlines()[-1])["status"] == "cancelled"
        again = await landfall("replay", order_id, "--json", "--url", url, **with_key)
        assert json.loads(again.out.splitlines()[-1]) == {"differences": []}
    helped = await landfall("order", "--help", **with_key)
    for ran in (without, placed, cancelled, watched, again, helped):
        assert key.secret not in ran.out + ran.err


async def test_all_orders_are_watched_without_an_id(api: Running):
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "landfall", "watch", "--json", "--url", api.url],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = asyncio.create_task(process.stdout.readline())
    while not line.done():
        order_id = uuid4()
        await api.desk.play(order_id, confirmed(order_id))
        await asyncio.sleep(0.1)
    process.terminate()
    await process.wait()
    told = json.loads(line.result())
    assert (told["version"], told["status"]) == (0, "pending")
    assert told["cursor"]


async def test_the_shell_completes_commands():
    script = Path(sys.executable).with_name("landfall")
    process = await asyncio.create_subprocess_exec(
        script,
        stdout=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "_LANDFALL_COMPLETE": "complete_bash",
            "COMP_WORDS": "landfall or",
            "COMP_CWORD": "1",
        },
    )
    out, _ = await process.communicate()
    assert {"order", "orders"} <= set(out.decode().split())


async def test_a_line_that_cannot_be_understood_ends_with_2():
    ran = await landfall("order", "SOL")
    assert ran.code == 2
    assert "Exit codes: 0 done" in " ".join((await landfall("--help")).out.split())


async def test_health_names_the_part_that_is_not_well(api: Running):
    ran = await landfall("health", "--url", api.url)
    assert ran.code == 1
    assert "database" in ran.out
    assert "Unavailable" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["order", "SOL", "SOL", "1"], "same mint"),
        (["order", "SOL", "USDC", "0"], "greater than zero"),
        (["order", "SOL", "USDC", "abc"], "not a decimal number"),
        (["order", "DOGE", "USDC", "1"], "tokenIn"),
        (["watch", "no-such-order"], "no order"),
        (["replay", "no-such-order"], "no order"),
    ],
)
async def test_a_refusal_is_one_sentence(api: Running, arguments: list[str], said: str):
    ran = await landfall(*arguments, "--url", api.url)
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not ran.out


async def test_an_engine_that_does_not_run_is_one_sentence_with_what_to_do():
    ran = await landfall("health", "--url", f"http://127.0.0.1:{free_port()}")
    assert ran.code == 3
    assert "make run" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_placing_an_order_loads_no_part_that_it_does_not_use():
    code = (
        "import sys, landfall.cli, landfall.client.asynchronous, landfall.client.request, "
        "landfall.cli.terminal; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    unused = {"litestar", "asyncpg", "alembic", "aiohttp", "uvicorn", "solders"}
    assert unused.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize(
    ("command", "lacks"),
    [("api", "DATABASE_URL"), ("worker", "WALLET_KEYPAIR"), ("migrate", "DATABASE_URL")],
)
async def test_a_part_that_lacks_something_says_what(command: str, lacks: str, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    ran = await landfall(command)
    assert ran.code == 1
    assert lacks in ran.err
    assert len(ran.err.splitlines()) == 1


async def test_a_cluster_that_does_not_answer_is_named_with_what_to_do(open_path: Path):
    rpc_url = f"http://127.0.0.1:{free_port()}"
    ran = await landfall(
        "up",
        LANDFALL_HOME=str(open_path / "home"),
        SOLANA_RPC_URL=f"{rpc_url}/a-key-of-a-provider",
        PORT=str(free_port()),
        CONSOLE_PORT="0",
    )
    assert ran.code == 1
    assert f"No RPC answers ({rpc_url})" in ran.err
    assert "landfall doctor" in ran.err
    assert "a-key-of-a-provider" not in ran.out + ran.err


async def test_localnet_lists_its_own_options():
    ran = await landfall("localnet", "--help")
    assert ran.code == 0
    assert "--program ID=FILE.so" in ran.out
