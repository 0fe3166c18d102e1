"""`landfall up` told to stop with an order in flight: it says so, takes nothing more, and waits."""

import signal
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import END_SECONDS_MAX, Engine

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1.3", "slippage": 0.01}


def in_flight(engine: Engine) -> str:
    """An order whose bytes are on record, and which the ledger takes a while to confirm."""
    engine.variables["LOCALNET_SLOT_MS"] = "1500"
    engine.start()
    order_id = engine.submit(amount="1.2")
    deadline = time.monotonic() + END_SECONDS_MAX
    while engine.order(order_id)["status"] != "submitted":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return order_id


def heard_while_stopping(engine: Engine, order_id: str) -> tuple[set[Any], set[str]]:
    """What the API answers, from the signal until it is gone; and the order's statuses."""
    heard: set[Any] = set()
    statuses: set[str] = set()
    assert engine.process is not None
    while engine.process.poll() is None:
        with suppress(httpx.TransportError):
            health = httpx.get(f"{engine.url}/health")
            heard.add(("health", health.status_code, health.json()["status"]))
            refused = httpx.post(f"{engine.url}/api/orders/execute", json=BODY)
            code = refused.json()["error"]["code"] if refused.status_code >= 400 else None
            heard.add(("order", refused.status_code, code, "retry-after" in refused.headers))
            statuses.add(engine.order(order_id)["status"])
        time.sleep(0.02)
    return heard, statuses


@pytest.mark.timeout(240)
def test_it_says_that_it_drains_and_ends_what_is_in_flight(engine: Engine) -> None:
    order_id = in_flight(engine)
    assert engine.process is not None
    engine.process.send_signal(signal.SIGTERM)
    heard, _ = heard_while_stopping(engine, order_id)
    assert ("health", 503, "draining") in heard
    assert ("order", 503, "draining", True) in heard
    assert engine.process.returncode == 0
    engine.process.communicate()
    engine.variables["LOCALNET_SLOT_MS"] = "200"
    engine.start()
    log = engine.order(order_id)["events"]
    assert engine.order(order_id)["status"] == "confirmed"
    # It was the draining process that saw it through: a new one would have claimed the order again.
    assert engine.database(f"select fence from jobs where order_id = '{order_id}'") in ([(1,)], [])
    assert log
    assert len(engine.filled()[1_200_000_000]) == 1


@pytest.mark.timeout(240)
def test_a_second_signal_does_not_wait_and_the_next_start_goes_on(engine: Engine) -> None:
    order_id = in_flight(engine)
    assert engine.process is not None
    engine.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    engine.process.send_signal(signal.SIGTERM)
    engine.process.communicate(timeout=END_SECONDS_MAX)
    engine.variables["LOCALNET_SLOT_MS"] = "200"
    engine.start()
    assert engine.ended(order_id)["status"] == "confirmed"
    assert len(engine.filled()[1_200_000_000]) == 1
