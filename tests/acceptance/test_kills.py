"""Workers are killed -9 while orders flow; ledger and database are read directly, and agree.

Each order has an amount that no other order has, so the ledger alone says how often it was filled.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncpg
import httpx
import pytest

from landfall.wallet.keypair import create_file
from tests.acceptance.conftest import STEP_LAMPORTS, Engine, free_ports

ORDERS = 40
KILLS = 8
LAMPORTS_PER_SOL = 10**9


@dataclass
class Parts:
    """API, chain and any number of workers, each a process of its own, over one database."""

    engine: Engine
    dsn: str
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def run(self, *command: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", "landfall", *command],
            env={
                **self.engine.environment(),
                "DATABASE_URL": self.dsn,
                "SOLANA_RPC_URL": f"http://127.0.0.1:{self.engine.chain_port}",
                "WALLET_KEYPAIR": str(self.engine.home / "wallet.json"),
                "LOG_LEVEL": "error",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process

    def until(self, what: str, url: str, method: str = "GET") -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if httpx.request(method, url, json={}).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"{what} does not answer")

    def rows(self, statement: str) -> list[asyncpg.Record]:
        async def fetch() -> list[asyncpg.Record]:
            connection = await asyncpg.connect(self.dsn)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(fetch())


@pytest.fixture
def parts(engine: Engine, dsn: str) -> Iterator[Parts]:
    engine.home.mkdir()
    wallet = create_file(engine.home / "wallet.json")
    engine.port, engine.chain_port = free_ports()
    parts = Parts(engine, dsn)
    parts.run(
        *("localnet", "--port", str(engine.chain_port), "--slot-ms", "50"),
        *("--data", str(engine.home / "localnet"), "--fund", str(wallet.address)),
    )
    parts.until("the chain", f"http://127.0.0.1:{engine.chain_port}", "POST")
    parts.run("api")
    parts.until("the API", f"{engine.url}/health")
    yield parts
    for process in parts.processes:
        process.kill()
        process.wait()


def submit_orders(parts: Parts) -> dict[str, int]:
    """Order ids with the lamports each of them sells."""
    amounts = [LAMPORTS_PER_SOL // 10 + number * STEP_LAMPORTS for number in range(ORDERS)]
    return {
        parts.engine.submit(amount=f"{amount / LAMPORTS_PER_SOL:.9f}", slippage=0.05): amount
        for amount in amounts
    }


def all_ended(parts: Parts) -> bool:
    (row,) = parts.rows("select count(*) from executions where not is_terminal(status)")
    return bool(row["count"] == 0)


def kill_and_replace(parts: Parts, workers: "list[subprocess.Popen[bytes]]", seed: int) -> int:
    """Kill a worker at a time of chance, start another, until the orders have ended."""
    chance = random.Random(seed)
    kills = 0
    deadline = time.monotonic() + 90
    while not all_ended(parts):
        assert time.monotonic() < deadline, parts.rows(
            "select status, count(*) from executions group by 1"
        )
        time.sleep(chance.uniform(0.05, 0.6))
        if kills < KILLS:
            kills += 1
            victim = workers.pop(chance.randrange(len(workers)))
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            workers.append(parts.run("worker"))
    return kills


@pytest.mark.timeout(240)
def test_no_order_is_lost_or_filled_twice_while_workers_are_killed(parts: Parts) -> None:
    seed = int(os.environ.get("KILL_SEED", "7"))
    orders = submit_orders(parts)
    workers = [parts.run("worker") for _ in range(2)]
    assert kill_and_replace(parts, workers, seed) > 0

    time.sleep(1)
    swaps = parts.engine.filled()
    recorded = {
        (row["signature"]): row["order_id"]
        for row in parts.rows(
            "select order_id::text, signature from order_events where signature is not null"
        )
    }
    rows = parts.rows("select order_id::text, status, fill_in_amount from executions")
    statuses = {row["order_id"]: row for row in rows}
    for order_id, lamports in orders.items():
        on_ledger = swaps.get(lamports, [])
        confirmed = statuses[order_id]["status"] == "confirmed"
        assert len(on_ledger) == int(confirmed), (order_id, on_ledger, dict(statuses[order_id]))
        for signature in on_ledger:
            assert recorded[signature] == order_id
    # Nothing left the wallet that was not on record first.
    for landed in parts.engine.ledger():
        assert landed["signature"] in recorded
    versions = parts.rows(
        "select order_id, count(*) as events, max(version) as newest from order_events group by 1"
    )
    assert all(row["events"] == row["newest"] + 1 for row in versions)
    for order_id in orders:
        told = parts.engine.order(order_id)
        assert told["status"] == statuses[order_id]["status"], json.dumps(told)
