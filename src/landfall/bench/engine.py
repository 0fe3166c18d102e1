"""A real engine of its own for a bench: `landfall up` on free ports, with a home that is deleted.

Everything that limits callers is off, and the console is not started.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from landfall.bench.keep_alive import KeepAlive, NoAnswer

READY_SECONDS_MAX = 120
_LOOK_SECONDS = 0.2
_QUIET = {
    "CONSOLE_PORT": "0",
    "ORDER_RATE_LIMIT": "0",
    "MAX_CONCURRENT_ORDERS": "300",
    "API_RATE_LIMIT_PER_KEY": "0",
    "API_RATE_LIMIT_PER_ADDRESS": "0",
    "LOG_LEVEL": "error",
}


@dataclass(frozen=True, slots=True)
class Engine:
    """Where it is, and the process that started its parts."""

    url: str
    pid: int

    def cpu_ms(self) -> Counter[str]:
        """Processor time so far of its API, worker and localnet; empty where nothing tells."""
        taken: Counter[str] = Counter()
        with contextlib.suppress(OSError, IndexError, ValueError):
            taken["API"] = _cpu_ms(self.pid)
            for child in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split():
                line = Path(f"/proc/{child}/cmdline").read_text()
                for part in ("worker", "localnet"):
                    if part in line.split("--")[0]:
                        taken[part] = _cpu_ms(int(child))
        return taken


@asynccontextmanager
async def running(**variables: str) -> AsyncIterator[Engine]:
    """An engine that answers, stopped and gone afterwards. `variables` are its settings.

    Raises:
        NoAnswer: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="landfall-bench-") as home:
        port, chain_port = free_ports()
        names = {"LANDFALL_HOME": home, "PORT": str(port), "LOCALNET_PORT": str(chain_port)}
        async with landfall("up", **{**_QUIET, **names, **variables}) as process:
            engine = Engine(f"http://127.0.0.1:{port}", process.pid)
            await _ready(engine, process)
            yield engine


@asynccontextmanager
async def landfall(*arguments: str, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command of this program, interrupted at the end; variables on top of this process's own."""
    settings = [f"{name}={value}" for name, value in variables.items()]
    process = await asyncio.create_subprocess_exec(
        "env",
        *settings,
        sys.executable,
        "-m",
        "landfall",
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()


def free_ports() -> tuple[int, int]:
    """A port for the API and one for the chain, whose neighbour is its stream's."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]


def _cpu_ms(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


async def _ready(engine: Engine, process: asyncio.subprocess.Process) -> None:
    async with KeepAlive(engine.url) as http:
        for _ in range(int(READY_SECONDS_MAX / _LOOK_SECONDS)):
            if process.returncode is not None:
                raise NoAnswer("the engine ended at its start; `landfall up` says why")
            with contextlib.suppress(NoAnswer):
                status, _ = await http.get("/health")
                if status == 200:
                    return
            await asyncio.sleep(_LOOK_SECONDS)
    raise NoAnswer(f"the engine did not answer within {READY_SECONDS_MAX} seconds")
