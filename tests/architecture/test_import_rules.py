"""Every import contract holds on the real tree, and breaks where its rule is broken on purpose."""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / ".importlinter"
CONTRACT = "importlinter:contract:"

# Contract, module to spoil, the import it must not have.
VIOLATIONS = [
    ("house", "localnet/cluster.py", "import landfall.up"),
    ("joining", "bootstrap/paths.py", "import landfall.bootstrap.join"),
    ("core", "core/order.py", "import landfall.core.execution"),
    ("house", "core/ledger/expiry.py", "import landfall.ports"),
    ("core-touches-no-world", "core/lifecycle/retry.py", "import time"),
    (
        "venues-are-strangers",
        "core/venues/raydium_cpmm/curve.py",
        "import landfall.core.venues.meteora_damm_v2.curve",
    ),
    ("venues-see-no-order", "core/venues/raydium_cpmm/swap.py", "import landfall.core.order"),
    ("lifecycle-sees-no-market", "core/lifecycle/evolve.py", "import landfall.core.venues"),
    ("pipeline-knows-ports-alone", "pipeline/submitted.py", "import landfall.chain.rpc"),
    ("house", "queue/postgres.py", "import landfall.store.event_log"),
    ("api-reaches-no-adapter", "api/orders.py", "import landfall.store.event_log"),
    ("api-decides-nothing", "api/wire.py", "import landfall.core.lifecycle.transitions"),
    ("localnet-knows-the-core-alone", "localnet/cluster.py", "import landfall.ports"),
    ("client-knows-the-wire-alone", "client/__init__.py", "import landfall.core.order"),
    ("console-knows-the-client-alone", "console/serve.py", "import landfall.api.guard"),
    ("postgresql-room", "chain/rpc.py", "import asyncpg"),
    ("rpc-room", "client/__init__.py", "import aiohttp"),
    ("sdk-room", "chain/rpc.py", "import httpx"),
    ("web-room", "pipeline/accept.py", "import litestar"),
    ("server-room", "pipeline/accept.py", "import uvicorn"),
    ("page-room", "api/page.py", "import nicegui"),
    ("observe-room", "chain/rpc.py", "import structlog"),
    ("terminal-room", "api/orders.py", "import rich"),
    ("tracing-room", "api/orders.py", "import opentelemetry"),
    ("wallet-and-settings", "api/orders.py", "import landfall.settings"),
    ("bootstrap", "api/orders.py", "import landfall.bootstrap"),
]


@pytest.fixture
def tree(tmp_path):
    """A copy of the source tree that a test may spoil."""
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    return source


def lint(source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [script, "--config", CONFIG, "--no-cache", *options],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )


def contracts() -> set[str]:
    config = ConfigParser()
    config.read(CONFIG)
    return {name.removeprefix(CONTRACT) for name in config.sections() if name.startswith(CONTRACT)}


def test_the_tree_keeps_every_contract(tree):
    linted = lint(tree)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_every_contract_has_a_violation_to_be_shown():
    assert contracts() == {contract for contract, _, _ in VIOLATIONS}


@pytest.mark.parametrize(("contract", "module", "forbidden"), VIOLATIONS)
def test_a_broken_rule_is_seen(tree, contract, module, forbidden):
    spoiled = tree / "landfall" / module
    spoiled.write_text(spoiled.read_text() + f"\n{forbidden}\n")
    linted = lint(tree, "--contract", contract)
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert "1 broken" in linted.stdout, linted.stdout
    assert forbidden.removeprefix("import ").split(".")[0] in linted.stdout.split("BROKEN")[1]


@pytest.mark.parametrize(("contract", "room"), [("house", ""), ("core", "core")])
def test_a_module_without_a_place_is_seen(tree, contract, room):
    (tree / "landfall" / room / "homeless.py").write_text('"""Belongs nowhere."""\n')
    linted = lint(tree, "--contract", contract)
    assert linted.returncode == 1
    assert "homeless" in linted.stdout
