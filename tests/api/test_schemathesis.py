"""The API against its own description: whatever a machine makes of it, nothing of ours breaks."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.desk import Desk
from tests.api.serving import serving
from tests.api.stories import confirmed

EXAMPLES = 25
UNEXPECTED = frozenset({500, 501, 502, 504})
MUST_NOT_BE_MISSING = frozenset(
    {
        ("POST", "/api/orders/execute"),
        ("POST", "/api/orders/quote"),
        ("POST", "/api/orders/{order_id}/cancel"),
        ("DELETE", "/api/orders/{order_id}"),
        ("GET", "/api/orders/{order_id}"),
        ("GET", "/api/orders"),
        ("POST", "/api/ws-ticket"),
        ("GET", "/api/queue/stats"),
        ("GET", "/api/orders/queue/metrics"),
        ("GET", "/api/orders/stats"),
        ("GET", "/api/metrics"),
        ("GET", "/metrics"),
        ("GET", "/health"),
        ("GET", "/api/health"),
        ("GET", "/api/health/detailed"),
    }
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An API on a port, served by a thread of its own while these tests block theirs."""
    ready: list[str] = []
    is_ready, is_over = threading.Event(), threading.Event()

    async def serve() -> None:
        desk = Desk()
        for number in range(1, 4):
            order_id = UUID(int=number)
            await desk.play(order_id, confirmed(order_id)[:number])
        async with serving(desk) as api:
            ready.append(api.url)
            is_ready.set()
            await asyncio.to_thread(is_over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert is_ready.wait(30)
    yield ready[0]
    is_over.set()
    thread.join()


def test_no_request_that_the_description_allows_or_forbids_breaks_anything(url: str):
    document = httpx.get(f"{url}/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    seen: set[tuple[str, str]] = set()
    with httpx.Client(base_url=url) as client:
        for result in schema.get_all_operations():
            operation = result.ok()
            seen.add((operation.method.upper(), operation.path))
            for mode in schemathesis.GenerationMode:
                _try(operation, mode, client)
    assert seen >= MUST_NOT_BE_MISSING


def _try(operation: Any, mode: schemathesis.GenerationMode, client: httpx.Client) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        response = case.call()
        assert response.status_code not in UNEXPECTED, response.text
        # A desk without pools or chain is not well, and says so.
        if response.status_code == 503:
            return
        case.validate_response(
            response,
            checks=[status_code_conformance, response_schema_conformance],
            excluded_checks=[negative_data_rejection],
        )

    try:
        asked()
    except Unsatisfiable:
        return  # Nothing about this operation can be wrong.


def test_the_description_tells_every_machine_code_and_how_to_bring_a_key(url: str):
    document = httpx.get(f"{url}/openapi.json").json()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    execute = document["paths"]["/api/orders/execute"]["post"]
    assert {"401", "403", "409", "413", "415", "421", "422", "429", "503"} <= set(
        execute["responses"]
    )
    for status in ("409", "422", "429", "503"):
        content = execute["responses"][status]["content"]["application/json"]
        for code, example in content["examples"].items():
            assert example["value"]["error"]["code"] == code
    assert "security" not in document["paths"]["/health"]["get"]
    assert [each["name"] for each in execute["parameters"]] == ["Idempotency-Key"]
    assert json.dumps(document)
