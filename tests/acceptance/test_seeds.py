"""Clients written from each of five older descriptions of this API, each from that one alone.

They use other paths, other fields and other ways to a WebSocket; a real engine serves them all.
"""

import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.acceptance.conftest import Engine, free_ports

STATUSES = ["pending", "routing", "building", "submitted", "confirmed"]
ENVIRONMENT = {
    "NODE_ENV": "development",
    "MAX_CONCURRENT_ORDERS": "10",
    "ORDER_RATE_LIMIT": "100",
    "RETRY_MAX_ATTEMPTS": "3",
    "RETRY_BACKOFF_MS": "1000",
    "MOCK_MODE": "true",
    "MOCK_DELAY_MIN_MS": "600",
    "MOCK_DELAY_MAX_MS": "1000",
    "LOCALNET_SLOT_MS": "100",
    "LOG_LEVEL": "info",
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all of them, with the first one's environment."""
    with TemporaryDirectory(prefix="landfall-test-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        engine = Engine(Path(directory) / "home", *free_ports(), variables=ENVIRONMENT)
        engine.start()
        yield engine
        engine.stop()


@pytest.fixture
def http(engine: Engine) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=engine.url, timeout=30) as client:
        yield client


def socket_to(engine: Engine, path: str) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{engine.port}{path}")


def updates(socket: ClientConnection) -> list[dict[str, Any]]:
    """Messages until the order has ended."""
    found = []
    while not found or found[-1]["status"] not in ("confirmed", "failed"):
        found.append(json.loads(socket.recv(timeout=30)))
    return found


def test_seed_000_one_path_for_http_and_websocket_and_slippage(engine: Engine, http: httpx.Client):
    order = {
        "type": "market",
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amountIn": 100,
        "slippage": 0.01,
    }
    upgrading = http.post("/api/orders/execute", json=order, headers={"Upgrade": "websocket"})
    assert upgrading.status_code == 400
    assert "GET" in upgrading.json()["error"]["message"]

    with socket_to(engine, "/api/orders/execute") as socket:
        socket.send(json.dumps(order))
        first = json.loads(socket.recv(timeout=30))
        assert first["status"] == "pending"
        told = updates(socket)
    assert [each["status"] for each in told] == STATUSES[1:]
    assert {each["orderId"] for each in told} == {first["orderId"]}
    dexes = {quote["dex"] for quote in told[0]["data"]["quotes"]}
    assert {"raydium", "meteora"} <= dexes
    assert told[1]["data"]["selectedDex"] in dexes
    assert told[-1]["data"]["txHash"]
    kept = http.get(f"/api/orders/{first['orderId']}").json()
    assert kept["status"] == "confirmed"
    at = {each["type"]: each["recordedAtMs"] for each in kept["events"]}
    # The mock delay is the chain's: in whole slots, some of which may have passed before sending.
    assert at["TransactionConfirmed"] - at["TransactionSigned"] >= 600
    listed = http.get("/api/orders?status=confirmed&limit=50&offset=0").json()["orders"]
    assert first["orderId"] in [each["orderId"] for each in listed]
    assert {"waiting", "active", "completed", "failed"} <= set(
        http.get("/api/orders/queue/metrics").json()
    )
    assert http.get("/api/health/detailed").json()["status"] == "ok"

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: http.post("/api/orders/execute", json=order), range(5)))
    assert [answer.status_code for answer in answers] == [201] * 5
    order_ids = {answer.json()["orderId"] for answer in answers}
    assert len(order_ids) == 5
    for order_id in order_ids:
        engine.ended(order_id)
    for wrong in ({"amountIn": -1}, {"tokenOut": "SOL"}, {"slippage": 2}, {"amountIn": "abc"}):
        refused = http.post("/api/orders/execute", json={**order, **wrong})
        assert 400 <= refused.status_code < 500
        assert refused.json()["error"]["message"]


def test_seed_001_a_page_and_one_stream_of_all_orders(engine: Engine, http: httpx.Client):
    page = http.get("/", follow_redirects=False)
    if page.is_redirect:
        page = http.get(page.headers["location"])
    assert page.status_code == 200
    plain = (Path(__file__).parents[2] / "src/landfall/api/page.html").read_text()
    for words in ("Token In", "Token Out", "Amount", "Execute Order", "Live Updates"):
        assert words in plain
    with socket_to(engine, "/api/orders/ws") as socket:
        time.sleep(0.3)
        order = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 2}
        placed = http.post("/api/orders/execute", json=order).json()
        mine: list[str] = []
        while "confirmed" not in mine:
            told = json.loads(socket.recv(timeout=30))
            if told["orderId"] == placed["orderId"]:
                mine.append(told["status"])
    assert mine == STATUSES


def test_seed_002_submit_then_upgrade_and_counts_in_two_groups(engine: Engine, http: httpx.Client):
    order = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 1.5, "slippage": 0.01}
    answer = http.post("/api/orders/execute", json=order)
    assert answer.status_code == 201
    placed = answer.json()
    assert placed["status"] == "pending"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", placed["timestamp"])
    with socket_to(engine, f"/api/orders/execute?orderId={placed['orderId']}") as socket:
        stats = http.get("/api/orders/stats").json()
        told = updates(socket)
    assert [each["status"] for each in told] == STATUSES
    assert told[-1]["data"]["txHash"]
    assert {"waiting", "active", "completed", "failed"} <= set(stats["queue"])
    assert stats["websocket"]["connections"] >= 1
    assert http.get("/health").status_code == 200


def test_seed_003_quote_execute_track_and_a_stream_per_order(engine: Engine, http: httpx.Client):
    order = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": 100, "maxSlippage": 0.05}
    quoted = http.post("/api/orders/quote", json=order)
    assert quoted.status_code == 200
    assert float(quoted.json()["route"]["amountOut"]) > 0
    assert {"raydium", "meteora"} <= {each["dex"] for each in quoted.json()["quotes"]}
    order_id = http.post("/api/orders/execute", json=order).json()["orderId"]
    assert http.get(f"/api/orders/{order_id}").json()["orderId"] == order_id
    with socket_to(engine, f"/api/orders/{order_id}/ws") as socket:
        assert [each["status"] for each in updates(socket)] == STATUSES
    assert order_id in [each["orderId"] for each in http.get("/api/orders").json()["orders"]]
    stats = http.get("/api/queue/stats").json()
    assert stats["workers"] >= 1
    assert stats["completed"] >= 1
    metrics = http.get("/api/metrics").json()
    assert {each["dex"] for each in metrics["venues"]} >= {"raydium", "meteora"}
    assert sum(each["won"] for each in metrics["venues"]) >= 1
    assert sum(each["confirmed"] for each in metrics["venues"]) >= 1
    (spread,) = [each for each in metrics["spreads"] if each["dex"] == "raydium"]
    assert (spread["other"], float(spread["averageSpread"]) >= 0) == ("meteora", True)


def test_seed_004_another_pair_with_a_user_and_history_first(engine: Engine, http: httpx.Client):
    order = {
        "type": "market",
        "tokenIn": "USDC",
        "tokenOut": "ETH",
        "amountIn": 1000,
        "userId": "user123",
    }
    placed = http.post("/api/orders/execute", json=order).json()
    with socket_to(engine, f"/api/orders/execute?orderId={placed['orderId']}") as socket:
        told = updates(socket)
    assert [each["status"] for each in told] == STATUSES
    done = told[-1]["data"]
    assert done["txHash"]
    assert float(done["executedPrice"]) > 0
    kept = http.get(f"/api/orders/{placed['orderId']}").json()
    assert (kept["status"], kept["userId"]) == ("confirmed", "user123")
