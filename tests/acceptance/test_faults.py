"""An engine on a chain that goes wrong in every way at once, judged by the chain's own ledger.

Of the two RPCs that the engine knows, one lies. Each order has an amount that no other order has,
so the ledger alone says how often it was filled.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from landfall.up.home import open_home
from landfall.wallet.keypair import create_file
from tests.acceptance.conftest import ENDED, STEP_LAMPORTS, Engine

ORDERS = 30
LAMPORTS_PER_SOL = 10**9
SEED = 20
ENDED_SECONDS_MAX = 120
FAULTS = (
    "drop 8%",
    "late 5..60 slots 15%",
    "after-expiry every 11",
    "duplicate 15%",
    "hang sendTransaction 3%",
    "hang every 499",
    "reset every 199",
    "429 1 seconds every 401",
    "429-in-200 every 307",
    "503 every 211",
    "garbage every 409",
    "lie-unknown 10% at liar",
    "lie-confirmed 5% at liar",
    "lie-signature 10% at liar",
    "lie-id every 101 at liar",
    "stale 5..30 slots 2%",
    "rollback 1..2 slots every 17",
    "skip 2..4 slots every 29",
    "ws-close every 89",
    "ws-abort every 97",
    "ws-silence 20 slots every 61",
    "ws-drop 3%",
    "ws-reorder 3%",
    "ws-duplicate 3%",
)


def chain_call(engine: Engine, method: str, *params: Any) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    return httpx.post(f"http://127.0.0.1:{engine.chain_port}", json=body).json()["result"]


@pytest.fixture
def faulty(engine: Engine) -> Iterator[Engine]:
    """An engine over a chain of its own, both ready, and from then on everything goes wrong."""
    with open_home(engine.home):
        pass
    wallet = create_file(engine.home / "wallet.json")
    node = f"http://127.0.0.1:{engine.chain_port}/node"
    engine.variables = {
        "SOLANA_RPC_URL": f"{node}/honest",
        "SOLANA_RPC_URLS": f"{node}/liar",
        "WALLET_KEYPAIR": str(engine.home / "wallet.json"),
        "RPC_TIMEOUT_MS": "2000",
        # Nobody reads what it prints while it runs, and a full pipe would hold it up.
        "LOG_LEVEL": "error",
        "RETRY_BACKOFF_MS": "100",
        "MAX_CONCURRENT_ORDERS": str(ORDERS),
    }
    command = [
        *(sys.executable, "-m", "landfall", "localnet", "--slot-ms", "50"),
        *("--port", str(engine.chain_port), "--fund", str(wallet.address)),
        *("--data", str(engine.home / "localnet"), "--seed", str(SEED)),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as chain:
        try:
            assert chain.stdout is not None
            assert b"ready" in chain.stdout.readline()
            engine.start()
            chain_call(engine, "localnet_setFaults", FAULTS)
            yield engine
        finally:
            chain.terminate()


def until_all_ended(engine: Engine) -> None:
    deadline = time.monotonic() + ENDED_SECONDS_MAX
    statement = "select status, count(*) from executions group by 1"
    while True:
        statuses = dict(engine.database(statement))
        if statuses.keys() <= set(ENDED):
            return
        assert time.monotonic() < deadline, statuses
        time.sleep(0.25)


@pytest.mark.timeout(240)
def test_whatever_goes_wrong_each_order_ends_and_is_filled_at_most_once(faulty: Engine) -> None:
    amounts = [LAMPORTS_PER_SOL // 10 + number * STEP_LAMPORTS for number in range(ORDERS)]
    orders = {
        faulty.submit(amount=f"{amount / LAMPORTS_PER_SOL:.9f}", slippage=0.05): amount
        for amount in amounts
    }
    until_all_ended(faulty)
    # What was kept back is tried before we judge: none of it may fill an order that has failed.
    while chain_call(faulty, "localnet_faults")["late"]["waiting"]:
        time.sleep(0.1)
    time.sleep(0.5)
    counted = chain_call(faulty, "localnet_faults")

    swaps: dict[int, list[tuple[int, str]]] = {}
    for spent, signatures in faulty.swaps().items():
        amount = -(-spent // STEP_LAMPORTS) * STEP_LAMPORTS
        swaps.setdefault(amount, []).extend((spent, signature) for signature in signatures)
    rows = faulty.database("select order_id::text, status, fill_in_amount from executions")
    recorded = dict(
        faulty.database(
            "select signature, order_id::text from order_events where signature is not null"
        )
    )
    told = {order_id: (status, filled) for order_id, status, filled in rows}
    assert told.keys() == orders.keys()
    for order_id, lamports in orders.items():
        on_ledger = swaps.get(lamports, [])
        status, filled = told[order_id]
        assert len(on_ledger) == int(status == "confirmed"), (order_id, status, on_ledger)
        for spent, signature in on_ledger:
            assert recorded[signature] == order_id
            assert filled == spent
    # Nothing left the wallet that was not on record first.
    assert {landed["signature"] for landed in faulty.ledger()} <= recorded.keys()
    # Nothing of this is proven where nothing went wrong, or where everything did.
    struck = {each["rule"]: each["struck"] for each in counted["rules"]}
    assert all(struck.values()), struck
    assert sum(status == "confirmed" for status, _ in told.values()) > ORDERS // 2, told
