"""Landfall as its users run it: real processes, real ports, real signals, judged from outside."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import psutil
import pytest

READY_SECONDS_MAX = 60
END_SECONDS_MAX = 60
ENDED = ("confirmed", "failed", "cancelled", "expired")


def free_ports() -> tuple[int, int]:
    """A port for the API and one for the chain, whose neighbour is free too."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


STEP_LAMPORTS = 50_000
"""Between two orders. One through another token takes some basis points less than it may."""


@dataclass
class Engine:
    """One `landfall up` and everything it leaves behind."""

    home: Path
    port: int
    chain_port: int
    options: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LANDFALL_HOME": str(self.home),
            "PORT": str(self.port),
            "LOCALNET_PORT": str(self.chain_port),
            "ORDER_RATE_LIMIT": "0",
            "CONSOLE_PORT": "0",
            "LEASE_MS": "1000",
            **self.variables,
        }

    def launch(self, *options: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "landfall", "up", *self.options, *options],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def start(self, *options: str) -> None:
        self.process = self.launch(*options)
        self.until_ready()

    def until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"up ended: {self.said()}")
            try:
                if httpx.get(f"{self.url}/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("up does not answer")

    def said(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.read().decode()

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """Send a signal, wait; exit code and everything it said."""
        assert self.process is not None
        self.process.send_signal(how)
        output, _ = self.process.communicate(timeout=END_SECONDS_MAX)
        code, self.process = self.process.returncode, None
        return code, output.decode()

    def processes(self) -> list[psutil.Process]:
        """Everything that runs on this data directory."""
        found = []
        for process in psutil.process_iter():
            try:
                named = any(str(self.home) in argument for argument in process.cmdline())
                if named or process.environ().get("LANDFALL_HOME") == str(self.home):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def part(self, words: str) -> psutil.Process:
        """The one of them that was started with these words."""
        (found,) = [p for p in self.processes() if words in _line(p)]
        return found

    def submit(self, **changes: Any) -> str:
        body = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1.5", "slippage": 0.01}
        answer = httpx.post(f"{self.url}/api/orders/execute", json={**body, **changes}, timeout=30)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["orderId"])

    def order(self, order_id: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/orders/{order_id}", timeout=30)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def ended(self, order_id: str) -> dict[str, Any]:
        """The order, once it has ended."""
        deadline = time.monotonic() + END_SECONDS_MAX
        while time.monotonic() < deadline:
            order = self.order(order_id)
            if order["status"] in ENDED:
                return order
            time.sleep(0.05)
        raise AssertionError(f"the order does not end: {order}")

    def ledger(self) -> list[dict[str, Any]]:
        """What really landed, read from the chain's own file."""
        path = self.home / "localnet" / "ledger.sqlite"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as chain:
            rows = chain.execute("select signature, err, fee, meta from transactions").fetchall()
        return [
            {"signature": s, "err": err, "fee": fee, "meta": json.loads(meta)}
            for s, err, fee, meta in rows
        ]

    def swaps(self) -> dict[int, list[str]]:
        """Signatures of successful transactions by the lamports they took from the wallet.

        Fee and rent aside; orders in these tests have amounts of their own.
        """
        swaps: dict[int, list[str]] = {}
        for landed in self.ledger():
            if landed["err"] is None:
                meta = landed["meta"]
                pairs = list(zip(meta["preBalances"], meta["postBalances"], strict=True))
                rent = sum(after for before, after in pairs if before == 0)
                spent = pairs[0][0] - pairs[0][1] - meta["fee"] - rent
                swaps.setdefault(spent, []).append(landed["signature"])
        return swaps

    def filled(self) -> dict[int, list[str]]:
        """The same by the amounts that the orders asked for, which are whole steps."""
        filled: dict[int, list[str]] = {}
        for spent, signatures in self.swaps().items():
            filled.setdefault(-(-spent // STEP_LAMPORTS) * STEP_LAMPORTS, []).extend(signatures)
        return filled

    def database(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows read with SQL, past the engine."""

        async def fetch() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.dsn())
            try:
                return [tuple(row) for row in await connection.fetch(statement)]
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def dsn(self) -> str:
        socket_dir = (self.home / "postgres" / "postmaster.pid").read_text().splitlines()[4]
        return f"postgresql://landfall@/postgres?host={quote(socket_dir, safe='')}&port=5432"


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()[:4])
    except psutil.Error:
        return ""


def is_gone(process: psutil.Process) -> bool:
    """Whether it runs no more, even if nobody has taken note of its end."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def engine(open_path: Path) -> Iterator[Engine]:
    """An engine that is not started yet; whatever runs at the end is killed."""
    port, chain_port = free_ports()
    engine = Engine(open_path / "home", port, chain_port)
    yield engine
    for process in engine.processes():
        process.kill()
    if engine.process is not None:
        engine.process.kill()
        engine.process.communicate()
