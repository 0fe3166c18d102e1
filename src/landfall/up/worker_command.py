"""The worker as a child process: how it is run."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from landfall.bootstrap.processes import WORKER_READY
from landfall.localnet.lookup_tables import TABLES as LOCALNET_TABLES
from landfall.settings import Settings
from landfall.up.child_process import ChildProcess
from landfall.up.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCommand:
    """How the worker is to run: as this program was told to, but for these variables.

    They are seen by every process of the machine while it starts, so no secret may be among them.
    """

    home: Home
    variables: Mapping[str, str]

    name = "worker"
    subject = "The worker"
    ready = WORKER_READY

    @property
    def log(self) -> Path:
        """What it prints besides its log lines, which go where this program's do."""
        return self.home.worker_log

    def line(self) -> list[str]:
        """The command line. The worker ends with its parent, however that ends."""
        told = [f"{name}={value}" for name, value in self.variables.items()]
        line = ["env", *told, sys.executable, "-m", "landfall", "worker"]
        return [*line, "--exit-with-parent", str(os.getpid())]


def with_born_tables(settings: Settings) -> Settings:
    """The local chain is born with lookup tables of its pools; those that are named go before."""
    paths = settings.paths
    if paths.urls or paths.lookup_tables:
        return settings
    return replace(settings, paths=replace(paths, lookup_tables=LOCALNET_TABLES))


def worker_beside(
    settings: Settings, home: Home, dsn: str, rpc_urls: Sequence[str], metrics_port: int
) -> ChildProcess:
    """The worker, told where to find what was started for it, and where to tell its metrics."""
    variables = {"HOST": "127.0.0.1", "WORKER_METRICS_PORT": str(metrics_port)}
    if settings.database_url is None:
        variables["DATABASE_URL"] = dsn
    if not settings.paths.urls:
        variables["SOLANA_RPC_URL"] = rpc_urls[0]
        # The local chain that MOCK_MODE=true asks for runs already, and is named here.
        variables["MOCK_MODE"] = ""
        tables = with_born_tables(settings).paths.lookup_tables
        variables["LOOKUP_TABLES"] = ",".join(map(str, tables))
    if settings.private_key is None and settings.wallet_file is None:
        variables["WALLET_KEYPAIR"] = str(home.wallet)
    return ChildProcess(WorkerCommand(home=home, variables=variables), logs_here=True)
