"""The doctor on an engine that is off, that runs, and that is set up wrongly in many ways."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from landfall.core.clusters import DEVNET, MAINNET
from landfall.core.values import Account, Pubkey
from landfall.core.venues import PROGRAMS, VENUES, venues_of
from landfall.up import doctor
from landfall.up.findings import Finding, Verdict, is_well
from tests.acceptance.conftest import Engine, free_ports

ADDRESS = Pubkey.default()
SECRET = "a-secret-that-nobody-may-see"


@pytest.fixture(scope="module")
def running() -> Iterator[Engine]:
    """An engine that runs."""
    with TemporaryDirectory(prefix="landfall-test-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        engine = Engine(Path(directory) / "home", *free_ports())
        engine.start()
        yield engine
        engine.stop()


def findings(environ: Mapping[str, str]) -> dict[str, Finding]:
    return {each.what: each for each in asyncio.run(doctor.examine(environ))}


def off(tmp_path: Path, **changes: str) -> dict[str, str]:
    """The environment of an engine that does not run."""
    port, chain_port = free_ports()
    return {
        "LANDFALL_HOME": str(tmp_path / "home"),
        "PORT": str(port),
        "CONSOLE_PORT": "0",
        "LOCALNET_PORT": str(chain_port),
        **changes,
    }


def test_an_engine_that_is_off_is_well(tmp_path):
    found = findings(off(tmp_path))
    assert is_well(list(found.values()))
    assert "`landfall up` starts it" in found["database"].seen
    assert "`landfall up` starts it" in found["rpc"].seen
    assert not (tmp_path / "home").exists()


def test_an_engine_that_runs_is_looked_at_from_database_to_balance(running: Engine):
    environ = {
        **running.environment(),
        "SOLANA_RPC_URL": f"http://127.0.0.1:{running.chain_port}",
        "WALLET_KEYPAIR": str(running.home / "wallet.json"),
    }
    found = findings(environ)
    assert [each for each in found.values() if each.verdict is Verdict.FAIL] == []
    assert "embedded, running" in found["database"].seen
    for what in ("clock", "rpc", "pubsub", "chain clock", "programs", "wallet", "balance", "keys"):
        assert found[what].verdict is Verdict.OK, found[what]
    assert found["programs"].seen == f"all {len(VENUES)} are on this cluster"
    # Something runs there, and it may well be us.
    assert found["port"].verdict is Verdict.WARN


def test_without_a_key_where_one_is_needed_the_command_is_named(running: Engine):
    found = findings({**running.environment(), "API_ACCESS": "keys"})
    assert found["keys"].verdict is Verdict.FAIL
    assert "keys create trader --scopes read,trade,cancel" in found["keys"].do


def test_the_command_says_it_as_json_and_with_its_exit_code(tmp_path):
    broken = off(
        tmp_path,
        DATABASE_URL=f"postgresql://user:{SECRET}@127.0.0.1:1/none",
        SOLANA_RPC_URL=f"http://127.0.0.1:1/{SECRET}",
        PRIVATE_KEY=SECRET,
    )
    ran = subprocess.run(
        [sys.executable, "-m", "landfall", "doctor", "--json"],
        env={"PATH": "/usr/bin:/bin", **broken},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    lines = {each["what"]: each for each in map(json.loads, ran.stdout.splitlines())}
    for what in ("database", "rpc", "wallet"):
        assert lines[what]["verdict"] == "fail"
        assert lines[what]["do"]
    assert SECRET not in ran.stdout + ran.stderr


def test_a_wallet_that_cannot_be_read_is_told_without_its_key(tmp_path):
    found = findings(off(tmp_path, PRIVATE_KEY=SECRET))
    assert found["wallet"].verdict is Verdict.FAIL
    assert SECRET not in str(found)


def test_settings_that_cannot_be_read_are_the_only_finding():
    found = findings({"PORT": "many"})
    assert list(found) == ["settings"]
    assert "PORT" in found["settings"].seen


def test_a_port_that_is_taken_is_told_with_its_variable(running: Engine, tmp_path):
    found = findings(off(tmp_path, PORT=str(running.port)))
    assert found["port"].verdict is Verdict.WARN
    assert "PORT" in found["port"].do


def program(is_executable: bool = True) -> Account:
    return Account(Pubkey.default(), 1, b"", is_executable)


@pytest.mark.parametrize("genesis_hash", [MAINNET, DEVNET])
def test_programs_are_looked_for_under_the_ids_that_they_have_on_the_cluster(genesis_hash: str):
    ids = {name: venue.program_id for name, venue in venues_of(genesis_hash).items()}
    nowhere: dict[Pubkey, Account | None] = dict.fromkeys(PROGRAMS)
    here = dict.fromkeys(ids.values(), program())
    found = doctor._programs({**nowhere, **here}, genesis_hash)
    assert (found.verdict, found.seen) == (Verdict.OK, f"all {len(VENUES)} are on this cluster")
    for name in ("raydium_cpmm", "raydium_amm", "raydium_clmm"):
        found = doctor._programs({**nowhere, **here, ids[name]: None}, genesis_hash)
        assert found.verdict is Verdict.WARN
        assert found.seen == f"not on this cluster: {name} ({ids[name]})"


def test_ids_of_another_cluster_are_no_programs_of_this_one():
    elsewhere = dict.fromkeys((venue.program_id for venue in VENUES.values()), program())
    found = doctor._programs({**dict.fromkeys(PROGRAMS), **elsewhere}, DEVNET)
    assert found.verdict is Verdict.WARN
    assert "meteora" not in found.seen
    for name in ("raydium_cpmm", "raydium_amm", "raydium_clmm"):
        assert f"{name} ({venues_of(DEVNET)[name].program_id})" in found.seen


def test_where_no_program_is_nothing_can_be_traded():
    nothing = doctor._programs(dict.fromkeys(PROGRAMS), MAINNET)
    assert nothing.verdict is Verdict.FAIL
    # An account of data at a program's address is no program.
    data = doctor._programs(dict.fromkeys(PROGRAMS, program(is_executable=False)), MAINNET)
    assert data.verdict is Verdict.FAIL


def test_an_empty_wallet_is_told_how_to_fill_it():
    on_devnet = doctor._balance(None, ADDRESS, DEVNET)
    assert on_devnet.verdict is Verdict.FAIL
    assert on_devnet.do == f"solana airdrop 1 {ADDRESS} --url devnet"
    little = doctor._balance(Account(ADDRESS, 5_000, b"", False), ADDRESS, MAINNET)
    assert (little.verdict, little.seen) == (Verdict.WARN, "0.000005 SOL")
    assert "airdrop" not in little.do


@pytest.mark.parametrize(("ahead_ms", "verdict"), [(2_000, Verdict.OK), (-2_001, Verdict.WARN)])
def test_clocks_that_differ_are_told(ahead_ms: int, verdict: Verdict):
    assert doctor._clock("clock", ahead_ms).verdict is verdict


def test_a_public_node_is_told_to_be_one():
    found = doctor._plan("https://api.devnet.solana.com", "answers")
    assert found.verdict is Verdict.WARN
    assert "POOLS" in found.do
