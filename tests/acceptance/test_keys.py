"""A key where one is needed: the refusal names the command, the command makes the key, it opens."""

import re
import shlex
import subprocess
import time

import httpx

from tests.acceptance.conftest import END_SECONDS_MAX, Engine

ORDER = {"tokenIn": "SOL", "tokenOut": "USDC", "amount": "1.5", "slippage": "0.05"}


def run(engine: Engine, *command: str) -> str:
    """A command of the program with the engine's environment; what it printed."""
    done = subprocess.run(
        command, env=engine.environment(), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_other_machines_get_in_with_a_key_and_nobody_without(engine: Engine) -> None:
    engine.variables["HOST"] = "0.0.0.0"
    refusing = engine.launch()
    said, _ = refusing.communicate(timeout=END_SECONDS_MAX)
    assert refusing.returncode == 1
    assert engine.processes() == []
    command = re.search(r"^  (.* keys create .*)$", said.decode(), re.MULTILINE)
    assert command is not None, said.decode()
    key = run(engine, *shlex.split(command[1]))

    engine.start()
    bearer = {"authorization": f"Bearer {key}"}
    assert httpx.post(f"{engine.url}/api/orders/execute", json=ORDER).status_code == 401
    placed = httpx.post(f"{engine.url}/api/orders/execute", json=ORDER, headers=bearer)
    assert placed.status_code == 201
    url = f"{engine.url}/api/orders/{placed.json()['orderId']}"
    assert httpx.get(url, headers=bearer).status_code == 200

    # The old key lasts for the overlap; the new one sees the same orders.
    program = [*shlex.split(command[1])][: shlex.split(command[1]).index("keys") + 1]
    key_id = key.partition(".")[0]
    newer = run(engine, *program, "rotate", key_id, "--overlap-hours", "1")
    for each in (key, newer):
        assert httpx.get(url, headers={"x-api-key": each}).status_code == 200
    listed = run(engine, *program, "list", "--json")
    assert key_id in listed
    assert key.partition(".")[2] not in listed

    run(engine, *program, "revoke", key_id)
    answer = httpx.get(url, headers=bearer)
    for _ in range(100):
        if answer.status_code == 401:
            break
        answer = httpx.get(url, headers=bearer)
        time.sleep(0.05)
    assert answer.json()["error"]["code"] == "invalid_key"
    assert httpx.get(url, headers={"x-api-key": newer}).status_code == 200
    _, printed = engine.stop()
    assert key not in printed + said.decode()
