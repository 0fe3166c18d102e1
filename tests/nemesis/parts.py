"""The processes of one run: PostgreSQL, the chain, two APIs, two workers; each can be struck.

Whoever is dead is brought back at once, as a supervisor would, with a new fate.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from landfall.store.embedded import EmbeddedPostgres
from landfall.store.errors import DatabaseUnusable
from landfall.wallet.keypair import create_file
from tests.nemesis.points import API_POINTS, WORKER_POINTS

SLOT_MS = 50
LEASE_MS = 1_000
READY_S = 60
PAST_LEASE_S = 1.6
RESTART_S = 0.3
RACING = 6
"""Points that are armed at once in one process: most lie on a road that few orders take."""
# The machine does not lose power here, so nothing need reach the disk; only processes die.
NO_POWER_FAILURE = {"fsync": "off", "full_page_writes": "off"}


@dataclass(slots=True)
class Part:
    """One process, and what may be armed in it."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str]
    points: tuple[str, ...]
    pid: int = 0
    spawned_at: float = 0

    def status(self) -> str | None:
        """As the system has it; None if it is gone."""
        try:
            status = psutil.Process(self.pid).status()
        except psutil.NoSuchProcess:
            return None
        return None if status == psutil.STATUS_ZOMBIE else status


@dataclass(slots=True)
class Fates:
    """Every point with every signal, in an order of chance, again and again."""

    chance: random.Random
    points: tuple[str, ...]
    waiting: list[str] = field(default_factory=list)

    def draw(self) -> str:
        """The next few; one in five processes has none."""
        if self.chance.random() < 0.2:
            return ""
        if len(self.waiting) < RACING:
            self.waiting = [
                f"{point}:{how}"
                for point in self.points
                for how in ("KILL", "KILL", "STOP", "TERM")
            ]
            self.chance.shuffle(self.waiting)
        drawn = [self.waiting.pop() for _ in range(RACING)]
        return ",".join(f"{each}:{self.chance.choice((1, 2, 4))}" for each in drawn)


class Parts:
    """All of them, in one directory.

    Args:
        home: an empty directory through which other users can pass.
        chance: what decides the fates.
        loses: one in how many transactions the network loses; 0 for none.
    """

    def __init__(self, home: Path, chance: random.Random, loses: int) -> None:
        self.home = home
        self._random: Counter[str] = Counter()
        self._chance = chance
        self._loses = loses
        self._frozen: dict[str, float] = {}
        self._postgres = EmbeddedPostgres(home / "postgres", NO_POWER_FAILURE)
        self.dsn = self._postgres.start()
        self.wallet = str(create_file(home / "wallet.json").address)
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.nemesis.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        chain, *apis = _free_ports(3)
        self.urls = tuple(f"http://127.0.0.1:{port}" for port in apis)
        self._chain_url = f"http://127.0.0.1:{chain}"
        self.parts = [self._localnet(chain), *map(self._api, apis), *map(self._worker, (1, 2))]
        self._fates = {points: Fates(chance, points) for points in (WORKER_POINTS, API_POINTS)}

    def start(self, *, doomed: bool = True) -> None:
        """Start everything, and wait until it has answered or met its fate."""
        for part in self.parts:
            self._spawn(part, doomed=doomed)
            if part.name == "localnet":
                self._until(self._chain_url)
        for url in self.urls:
            with suppress(AssertionError):
                self._until(f"{url}/health")

    def struck(self) -> Counter[str]:
        """Who was struck where, and how often: what the dead wrote down, and what we did."""
        known = self.home / "struck"
        lines = known.read_text().splitlines() if known.exists() else []
        return Counter(lines) + self._random

    def look(self) -> None:
        """Bring back who is dead, let those go on who were frozen long enough."""
        # The processes of a killed server take a moment to go; the next look tries again.
        with suppress(DatabaseUnusable):
            if not self._postgres.is_running():
                self._postgres.start()
        for part in self.parts:
            status = part.status()
            if status is None and time.monotonic() - part.spawned_at > RESTART_S:
                self._spawn(part, doomed=True)
            elif status == psutil.STATUS_STOPPED:
                since = self._frozen.setdefault(part.name, time.monotonic())
                if time.monotonic() - since > PAST_LEASE_S:
                    self._go_on(part)

    def strike(self) -> None:
        """Somebody, somehow, now."""
        victim = self._chance.choice([None, *self.parts])
        how = self._chance.choice(("KILL", "KILL", "STOP", "TERM"))
        if victim is None:
            self._strike_postgres(how)
            return
        if victim.status() in (None, psutil.STATUS_STOPPED):
            return
        with suppress(ProcessLookupError):
            os.kill(victim.pid, getattr(signal, f"SIG{how}"))
            self._random[f"{victim.name.partition('-')[0]} at random:{how}"] += 1

    def calm(self) -> None:
        """Everybody runs again, and nobody is doomed; the network is whole."""
        self._loses = 0
        while not self._postgres.is_running():
            self.look()
        for part in self.parts:
            if part.status() == psutil.STATUS_STOPPED:
                self._go_on(part)
            with suppress(ProcessLookupError):
                os.kill(part.pid, signal.SIGKILL)
        for part in self.parts:
            while part.status() is not None:
                time.sleep(0.01)
            self._spawn(part, doomed=False)

    def restart(self, part: Part) -> None:
        """Ask it to stop, wait until it has, and start it again."""
        os.kill(part.pid, signal.SIGTERM)
        self._random[f"{part.name.partition('-')[0]} restarted:TERM"] += 1
        deadline = time.monotonic() + READY_S
        while part.status() is not None:
            assert time.monotonic() < deadline, f"{part.name} does not stop"
            time.sleep(0.02)
        self._spawn(part, doomed=False)

    def until_api(self) -> None:
        """Wait until every API answers."""
        for url in self.urls:
            self._until(f"{url}/health")

    def stop(self) -> None:
        """End everything."""
        for part in self.parts:
            with suppress(ProcessLookupError):
                os.kill(part.pid, signal.SIGKILL)
        if self._nursery.stdin is not None:
            self._nursery.stdin.close()
        self._nursery.wait()
        if self._nursery.stdout is not None:
            self._nursery.stdout.close()
        self._postgres.stop()

    def _go_on(self, part: Part) -> None:
        self._frozen.pop(part.name, None)
        with suppress(ProcessLookupError):
            os.kill(part.pid, signal.SIGCONT)

    def _strike_postgres(self, how: str) -> None:
        """KILL the server, freeze all of its processes, or shut it down."""
        if not self._postgres.is_running():
            return
        number = int((self.home / "postgres" / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(number)
        if how == "STOP":
            frozen = [server, *server.children()]
            for process in frozen:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
            time.sleep(PAST_LEASE_S)
            for process in frozen:
                with suppress(psutil.NoSuchProcess):
                    process.resume()
        elif how == "TERM":
            self._postgres.stop()
        else:
            server.kill()
            server.wait(READY_S)
        self._random[f"postgres at random:{how}"] += 1

    def _spawn(self, part: Part, *, doomed: bool) -> None:
        fate = self._fates[part.points].draw() if doomed and part.points else ""
        part.spawned_at = time.monotonic()
        wanted = {
            "arguments": part.arguments,
            "environment": {
                **part.environment,
                "NEMESIS_AT": fate,
                "NEMESIS_LOSES": str(self._loses),
                "NEMESIS_STRUCK": str(self.home / "struck"),
            },
            "log": str(self.home / f"{part.name}.log"),
        }
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(wanted) + "\n")
        self._nursery.stdin.flush()
        part.pid = int(self._nursery.stdout.readline())

    def _environment(self, port: int) -> dict[str, str]:
        return {
            "LANDFALL_HOME": str(self.home),
            "PORT": str(port),
            "DATABASE_URL": self.dsn,
            "SOLANA_RPC_URL": self._chain_url,
            "WALLET_KEYPAIR": str(self.home / "wallet.json"),
            "ORDER_RATE_LIMIT": "0",
            "API_RATE_LIMIT_PER_ADDRESS": "0",
            "LEASE_MS": str(LEASE_MS),
            "RETRY_BACKOFF_MS": "100",
            "DRAIN_MS": "2000",
            # Slots are faster here than anywhere, and the machine is busy dying.
            "QUOTE_AGE_SLOTS": "60",
            "LOG_LEVEL": "warning",
        }

    def _localnet(self, port: int) -> Part:
        data = str(self.home / "localnet")
        arguments = (
            *("localnet", "--port", str(port), "--slot-ms", str(SLOT_MS)),
            *("--data", data, "--fund", self.wallet),
        )
        return Part("localnet", arguments, self._environment(1), ())

    def _api(self, port: int) -> Part:
        return Part(f"api-{port}", ("api",), self._environment(port), API_POINTS)

    def _worker(self, number: int) -> Part:
        return Part(f"worker-{number}", ("worker",), self._environment(1), WORKER_POINTS)

    def _until(self, url: str) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if httpx.get(url).status_code < 500:
                    return
            time.sleep(0.05)
        raise AssertionError(f"{url} does not answer")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
