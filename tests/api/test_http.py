"""What happens before and around the handlers: hosts, origins, sizes, encodings, upgrades."""

import asyncio
import json
import re
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landfall.api.aliases import CANONICAL
from landfall.api.guard import host_of
from landfall.api.protocols import Gathered
from tests.api.serving import Running

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}
JSON_TYPE = {"content-type": "application/json"}


async def raw(api: Running, request: bytes) -> bytes:
    """Bytes over a fresh connection, and all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(request)
    async with asyncio.timeout(5):
        answer = await reader.read(65536)
    writer.close()
    return answer


async def test_a_client_that_hangs_up_in_the_middle_is_no_fault_of_ours(
    api: Running, capsys: pytest.CaptureFixture[str]
):
    for _ in range(5):
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write(
            b"POST /api/orders/execute HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.1)
    told = capsys.readouterr()
    assert "request_failed" not in told.out + told.err


async def test_what_is_no_http_is_counted_and_not_logged(
    api: Running, caplog: pytest.LogCaptureFixture
):
    def counted(text: str) -> float:
        found = re.search(r'http_responses_total{method="UNKNOWN",status="400"} (.*)', text)
        return 0.0 if found is None else float(found[1])

    before = counted((await api.http.get("/metrics")).text)
    for nonsense in (b"NONSENSE\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n"):
        assert (await raw(api, nonsense)).startswith(b"HTTP/1.1 400 ")
    assert counted((await api.http.get("/metrics")).text) == before + 3
    assert not caplog.records


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("localhost:1", True),
        ("LOCALHOST", True),
        ("[::1]:3000", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.", False),
        ("user@localhost", False),
        ("localhost:port", False),
        ("localhost/x", False),
        ("", False),
    ],
)
async def test_only_known_hosts_are_answered(api: Running, host: str, allowed: bool):
    answer = await api.http.get("/health", headers={"host": host})
    assert answer.status_code == (200 if allowed else 421)
    if not allowed:
        assert answer.json()["error"]["code"] == "host_not_allowed"


async def test_a_second_host_header_is_refused(api: Running):
    answer = await raw(api, b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421")
    none = await raw(api, b"GET /health HTTP/1.0\r\n\r\n")
    assert none.split(b" ", 2)[1] in (b"400", b"421")


async def test_an_absolute_target_does_not_get_around_the_host(api: Running):
    answer = await raw(api, b"GET http://localhost/health HTTP/1.1\r\nHost: evil\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421")


@given(st.text(max_size=30))
def test_no_host_header_breaks_the_check(header: str):
    host_of(header)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "file://", "localhost"])
async def test_a_page_of_another_site_cannot_place_an_order(api: Running, origin: str):
    answer = await api.http.post("/api/orders/execute", json=BODY, headers={"origin": origin})
    assert answer.status_code == 403
    assert not api.desk.logs


async def test_a_page_of_this_host_can(api: Running):
    headers = {"origin": f"http://localhost:{api.port}"}
    answer = await api.http.post("/api/orders/execute", json=BODY, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "",
        "application/jsonx",
    ],
)
async def test_what_a_form_could_send_is_not_json(api: Running, media_type: str):
    answer = await api.http.post(
        "/api/orders/execute", content=json.dumps(BODY), headers={"content-type": media_type}
    )
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"
    assert not api.desk.logs


async def test_a_compressed_body_is_refused_unread(api: Running):
    answer = await api.http.post(
        "/api/orders/execute", content=b"\x1f\x8b", headers=JSON_TYPE | {"content-encoding": "gzip"}
    )
    assert answer.status_code == 415


async def test_a_body_over_64_kib_is_refused(api: Running):
    large = b'{"userId":"' + b"a" * 65536 + b'"}'
    answer = await api.http.post("/api/orders/execute", content=large, headers=JSON_TYPE)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "body_too_large"

    async def in_chunks():
        for _ in range(70):
            yield b" " * 1024

    chunked = await api.http.post("/api/orders/execute", content=in_chunks(), headers=JSON_TYPE)
    assert chunked.status_code == 413


@pytest.mark.parametrize("body", [BODY, {"tokenIn": "SOL"}])
async def test_an_order_is_answered_alike_past_the_framework_and_through_it(
    api: Running, body: dict[str, str]
):
    own_page = {"origin": f"http://127.0.0.1:{api.port}"}
    past = await api.http.post("/api/orders/execute", json=body)
    through = [
        await api.http.post("/api/orders/execute/", json=body),
        await api.http.post("/api/orders/execute", json=body, headers=own_page),
    ]
    own = {"date", "location"}
    for answer in through:
        assert answer.status_code == past.status_code
        assert answer.json().keys() == past.json().keys()
        assert answer.headers.keys() == past.headers.keys()
        assert all(answer.headers[name] == past.headers[name] for name in past.headers.keys() - own)
    assert {"cache-control", "x-content-type-options"} <= past.headers.keys()
    assert len(api.desk.logs) == (3 if past.is_success else 0)


async def test_head_and_body_of_an_answer_are_sent_at_once():
    sent: list[bytes] = []

    class Wire:
        write = sent.append

        def close(self) -> None:
            sent.append(b"closed")

    wire = Gathered(cast(asyncio.Transport, Wire()))
    wire.write(b"head, ")
    wire.write(b"body")
    assert sent == []
    await asyncio.sleep(0)
    assert sent == [b"head, body"]
    wire.write(b"last words")
    wire.close()
    assert sent[1:] == [b"last words", b"closed"]


@pytest.mark.parametrize("connection", [b"", b"Connection: Upgrade\r\n"])
async def test_a_post_that_asks_for_a_websocket_is_told_to_use_get(api: Running, connection: bytes):
    answer = await raw(
        api,
        b"POST /api/orders/execute HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        + connection
        + b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    )
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"websocket_needs_get" in answer
    assert b"GET" in answer
    assert not api.desk.logs


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/orders/execute/x/y", 404, "not_found"),
        ("DELETE", "/api/orders", 405, "method_not_allowed"),
        ("PUT", "/api/orders/execute", 405, "method_not_allowed"),
    ],
)
async def test_every_error_has_one_shape(
    api: Running, method: str, path: str, status: int, code: str
):
    answer = await api.http.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"code", "message", "field"}
    assert answer.json()["error"]["code"] == code


async def test_health_needs_nobody_and_detail_asks_everybody(api: Running):
    for path in ("/health", "/api/health"):
        assert (await api.http.get(path)).json() == {"status": "ok"}
    detail = await api.http.get("/api/health/detailed")
    assert detail.status_code == 503
    checks = detail.json()["checks"]
    assert checks["database"]["ok"] is True
    assert checks["chain"] == {
        "ok": False,
        "latencyMs": checks["chain"]["latencyMs"],
        "error": "Unavailable",
    }


async def test_counts_come_under_every_name(api: Running):
    await api.http.post("/api/orders/execute", json=BODY)
    stats = (await api.http.get("/api/queue/stats")).json()
    assert stats == (await api.http.get("/api/orders/queue/metrics")).json()
    assert (stats["waiting"], stats["webSocketConnections"]) == (1, 0)
    nested = (await api.http.get("/api/orders/stats")).json()
    assert set(nested) == {"queue", "websocket"}
    assert nested["queue"]["waiting"] == 1


async def test_prometheus_metrics_count_what_happened(api: Running):
    await api.http.post("/api/orders/execute", json=BODY)
    text = (await api.http.get("/metrics")).text
    assert 'landfall_orders_accepted_total{replayed="false",type="market"}' in text


async def test_the_description_is_complete_and_needs_no_network(api: Running):
    document = (await api.http.get("/openapi.json")).json()
    assert {
        "/api/orders/execute",
        "/api/orders/quote",
        "/api/orders/{order_id}",
        "/api/orders",
        "/api/queue/stats",
        "/api/orders/stats",
        "/api/orders/queue/metrics",
        "/health",
        "/api/health",
        "/api/health/detailed",
        "/metrics",
    } <= set(document["paths"])
    body = document["paths"]["/api/orders/execute"]["post"]["requestBody"]
    properties = body["content"]["application/json"]["schema"]["properties"]
    assert set(properties) == set(CANONICAL)
    page = (await api.http.get("/docs")).text
    assert "/api/orders/execute" in page
    assert "<script" not in page
    assert "//cdn" not in page


HOSTILE = st.binary(max_size=300) | st.dictionaries(
    st.sampled_from([*CANONICAL]),
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=80)
    | st.floats()
    | st.sampled_from(["SOL", "USDC", "1.5", "1e400", "-1", "0.01", "ExactOut", "market"]),
).map(lambda body: json.dumps(body).encode("utf-8", "surrogatepass"))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=HOSTILE)
async def test_no_body_makes_the_engine_fail(api: Running, body: bytes):
    for path in ("/api/orders/execute", "/api/orders/quote"):
        answer = await api.http.post(path, content=body, headers=JSON_TYPE)
        assert answer.status_code in (200, 201, 400, 422)
        if answer.status_code >= 400:
            assert answer.json()["error"]["code"]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    parameters=st.dictionaries(
        st.sampled_from(["status", "limit", "offset", "cursor", "userId", "type", "x"]),
        st.text(max_size=20) | st.integers().map(str),
    )
)
async def test_no_query_makes_the_engine_fail(api: Running, parameters: dict[str, str]):
    answer = await api.http.get("/api/orders", params=parameters)
    assert answer.status_code in (200, 400)
