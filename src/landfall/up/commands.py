"""How each part is run as a child process: by which command line, and what it says once it answers.

All of them end with their parent, however that ends.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from landfall.bootstrap.processes import WORKER_READY
from landfall.core.values import Pubkey
from landfall.localnet.lookup_tables import TABLES as LOCALNET_TABLES
from landfall.settings import Settings
from landfall.up.child_process import Command
from landfall.up.home import Home

_FINALIZED_LAG = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """`fresh` deletes orders and chain first; the others are passed on to the local chain."""

    fresh: bool = False
    accounts: tuple[Path, ...] = ()
    programs: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    seed: int | None = None


def localnet_command(home: Home, settings: Settings, options: UpOptions, wallet: Pubkey) -> Command:
    """The local chain, with play money for this wallet."""
    slot_ms, confirm_ms = settings.localnet_slot_ms, settings.mock_delay_ms
    seed = settings.localnet_seed if options.seed is None else options.seed
    line = ["--port", str(settings.localnet_port), "--slot-ms", str(slot_ms), "--seed", str(seed)]
    line += ["--data", str(home.chain), "--fund", str(wallet)]
    if confirm_ms:
        lag = -(-confirm_ms // slot_ms)
        line += ["--confirmed-lag", str(lag), "--finalized-lag", str(max(_FINALIZED_LAG, lag))]
    line += _each("--fault", options.faults or settings.localnet_faults)
    line += _each("--account", map(str, options.accounts))
    line += _each("--program", options.programs)
    return Command(
        name="localnet",
        subject="The local chain",
        ready="localnet is ready",
        log=home.chain_log,
        line=_python("landfall.localnet", *line),
    )


def console_command(home: Home, settings: Settings, api: str) -> Command:
    """The console, for the API at this address."""
    line = ["--api", api, "--host", settings.host, "--port", str(settings.console_port)]
    line += _each("--allowed-host", settings.doors.allowed_hosts)
    return Command(
        name="console",
        subject="The console",
        ready="console is ready",
        log=home.console_log,
        line=_python(
            "landfall.console", *line, *_each("--allowed-host", settings.doors.allowed_hosts)
        ),
    )


def worker_command(
    home: Home, settings: Settings, dsn: str, rpc_urls: Sequence[str], metrics_port: int
) -> Command:
    """The worker, told where to find what was started for it, and where to tell its metrics.

    Every process of the machine sees what it is told while it starts, so no secret is among it.
    """
    told = {"HOST": "127.0.0.1", "WORKER_METRICS_PORT": str(metrics_port)}
    if settings.database_url is None:
        told["DATABASE_URL"] = dsn
    if not settings.paths.urls:
        told["SOLANA_RPC_URL"] = rpc_urls[0]
        # The local chain that MOCK_MODE=true asks for runs already, and is named here.
        told["MOCK_MODE"] = ""
        tables = with_born_tables(settings).paths.lookup_tables
        told["LOOKUP_TABLES"] = ",".join(map(str, tables))
    if settings.private_key is None and settings.wallet_file is None:
        told["WALLET_KEYPAIR"] = str(home.wallet)
    variables = [f"{name}={value}" for name, value in told.items()]
    return Command(
        name="worker",
        subject="The worker",
        ready=WORKER_READY,
        log=home.worker_log,
        line=("env", *variables, *_python("landfall", "worker")),
    )


def with_born_tables(settings: Settings) -> Settings:
    """The local chain is born with lookup tables of its pools; those that are named go before."""
    paths = settings.paths
    if paths.urls or paths.lookup_tables:
        return settings
    return replace(settings, paths=replace(paths, lookup_tables=LOCALNET_TABLES))


def _python(module: str, *arguments: str) -> tuple[str, ...]:
    parent = ("--exit-with-parent", str(os.getpid()))
    return (sys.executable, "-m", module, *arguments, *parent)


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
