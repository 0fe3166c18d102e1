"""Every example runs as it says, against the engine that a newcomer has."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from landfall.core.token import TOKEN_PROGRAM
from landfall.core.values import Account, Pubkey, Slot
from landfall.core.venues import VENUES
from landfall.localnet.options import LocalnetOptions, read_accounts
from tests.core.examples import SOL, USDC

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LANDFALL = Path(sys.executable).with_name("landfall")
READY_SECONDS_MAX = 60


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def rpc_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def engine(rpc_port):
    """The URL of a running `landfall up`, all of it real."""
    with TemporaryDirectory(prefix="landfall-test-") as directory:
        yield from _running(Path(directory), rpc_port)


def _running(home: Path, rpc_port: int) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    environ = {
        **os.environ,
        "LANDFALL_HOME": str(home / "data"),
        "PORT": url.rsplit(":", 1)[1],
        "LOCALNET_PORT": str(rpc_port),
        "CONSOLE_PORT": "0",
        "LOCALNET_SLOT_MS": "50",
    }
    with (home / "log").open("w") as log:
        up = subprocess.Popen([LANDFALL, "up"], env=environ, stdout=log, stderr=log)
        try:
            _wait_until_ready(up, url, home / "log")
            yield url
        finally:
            up.send_signal(signal.SIGINT)
            assert up.wait(timeout=60) == 0


def _wait_until_ready(up: subprocess.Popen, url: str, log: Path) -> None:
    give_up = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < give_up:
        assert up.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"not ready after {READY_SECONDS_MAX} s:\n{log.read_text()}")


def run(example: str, engine: str, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, EXAMPLES / example, *arguments],
        env={**os.environ, "LANDFALL_URL": engine},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def order_ids(engine: str) -> list[str]:
    listed = httpx.get(f"{engine}/api/orders?limit=500", trust_env=False).json()["orders"]
    return [each["orderId"] for each in listed]


def test_a_market_order_is_submitted_followed_and_filled(engine):
    said = run("submit_a_market_order.py", engine).splitlines()
    assert said[1:6] == ["pending", "routing", "building", "submitted", "confirmed"]
    assert said[6].startswith("paid 1.5 SOL and got ")
    assert said[7].startswith("transaction ")


def test_a_quote_places_nothing(engine):
    before = httpx.get(f"{engine}/api/orders", trust_env=False).json()["orders"]
    said = run("quote_without_trading.py", engine)
    assert "raydium_cpmm" in said
    assert "meteora_damm_v2" in said
    assert "an order now would get" in said
    assert httpx.get(f"{engine}/api/orders", trust_env=False).json()["orders"] == before


def test_a_plain_websocket_shows_an_order_to_its_end_and_again_to_a_latecomer(engine):
    live = run("follow_an_order_over_websocket.py", engine).splitlines()
    assert [line.split()[1] for line in live] == [
        "pending", "routing", "building", "submitted", "confirmed",
    ]  # fmt: skip
    newest = httpx.get(f"{engine}/api/orders?limit=1", trust_env=False).json()["orders"][0]
    late = run("follow_an_order_over_websocket.py", engine, newest["orderId"]).splitlines()
    assert late[:5] == live


def test_a_replayed_log_gives_what_the_engine_says(engine):
    run("submit_a_market_order.py", engine)
    said = run("replay_an_order.py", engine).splitlines()
    assert "OrderAccepted: SOL → USDC, 1.5 SOL, 100 bps" in said[0]
    assert said[-1].endswith("events fold to confirmed, as the engine says")


def test_a_bot_that_is_started_again_buys_nothing_twice(engine):
    first = run("bot_in_slices.py", engine, "rebalance").splitlines()
    assert sorted(first[:3]) == [f"rebalance-{n} confirmed" for n in (1, 2, 3)]
    got = Decimal(first[3].split()[1])
    assert got > 0
    before = order_ids(engine)
    again = run("bot_in_slices.py", engine, "rebalance").splitlines()
    assert sorted(line for line in again if "before" in line) == [
        f"rebalance-{n} was placed before" for n in (1, 2, 3)
    ]
    assert again[-1] == first[-1]
    assert order_ids(engine) == before


def test_what_waits_is_cancelled_or_goes_on_to_its_end(engine):
    said = run("cancel_what_waits.py", engine).splitlines()
    assert said[-1] in ("it ended as cancelled", "it ended as confirmed")
    assert said[0].startswith("withdrawn" if said[-1].endswith("cancelled") else "too late")


def test_all_orders_are_watched_and_the_next_run_goes_on_behind(engine, tmp_path):
    place = tmp_path / "cursor"
    form = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.1", "slippage": "0.05"}

    def order() -> str:
        placed = httpx.post(f"{engine}/api/orders/execute", json=form, trust_env=False)
        return str(placed.json()["orderId"])

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(run, "watch_all_orders.py", engine, str(place))
        while not watching.done():
            order()
            time.sleep(0.5)
        first = watching.result().splitlines()
    last = order()
    assert first[-1].split()[2] in ("confirmed", "failed")
    told = [line.split()[1:] for line in first]
    while [last, "confirmed"] not in told:
        told += [
            line.split()[1:] for line in run("watch_all_orders.py", engine, str(place)).splitlines()
        ]
    mine = [status for order_id, status in told if order_id == last]
    assert mine == ["pending", "routing", "building", "submitted", "confirmed"]
    # Nothing was told twice over all these runs, but finality, which has the status before it.
    moves = [move for move in map(tuple, told) if move[1] != "confirmed"]
    assert len(moves) == len(set(moves))


def test_a_saved_pool_is_a_pool_again_from_its_file_alone(engine, rpc_port, tmp_path):
    form = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
    quotes = httpx.post(f"{engine}/api/orders/quote", json=form, trust_env=False).json()["quotes"]
    for quote in quotes:
        saved = tmp_path / f"{quote['pool']}.json"
        rpc = f"http://127.0.0.1:{rpc_port}"
        saved.write_text(run("save_a_pool_for_localnet.py", engine, quote["pool"], rpc))
        accounts = read_accounts(LocalnetOptions(account_files=(saved,)))
        # The mints are left out, for localnet has them; any token of theirs does for loading.
        for mint in (SOL.mint, USDC.mint):
            assert mint not in accounts
            accounts[mint] = Account(TOKEN_PROGRAM, 1, bytes(44) + bytes([9, 1]) + bytes(36))
        pool = Pubkey.from_string(quote["pool"])
        loaded = VENUES[quote["venue"]].load(pool, accounts, Slot(1))
        assert set(loaded.mints) == {SOL.mint, USDC.mint}


def test_every_example_is_run_by_a_test_of_this_module():
    tested = Path(__file__).read_text()
    assert [p.name for p in EXAMPLES.glob("*.py") if f'run("{p.name}"' not in tested] == []
