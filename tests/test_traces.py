"""Orders as traces: in the SDK's own memory, and as a collector gets them over HTTP."""

import asyncio
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from uuid import UUID, uuid4

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from landfall import observe
from landfall.api.app import ApiConfig
from landfall.traces import Traces, exporter_to
from tests.api.desk import Desk
from tests.api.serving import serving
from tests.api.stories import confirmed, reverted_then_failed

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}
STAGES = ["pending", "routing", "building", "submitted"]


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


async def told(desk: Desk, order_id: UUID, memory: InMemorySpanExporter) -> list[ReadableSpan]:
    """The spans of an order that ends now, in the order of their beginning."""
    traces = Traces(memory, desk.log)
    await traces.start()
    observe.order_ended(order_id, "confirmed", 1)
    await traces.stop()
    return sorted(
        memory.get_finished_spans(), key=lambda span: (span.start_time, span.name != "order")
    )


async def test_an_order_is_one_trace_with_a_span_for_each_status(memory: InMemorySpanExporter):
    desk, order_id = Desk(), uuid4()
    await desk.play(order_id, confirmed(order_id))
    whole, *stages = await told(desk, order_id, memory)
    assert [stage.name for stage in stages] == STAGES
    assert {span.context.trace_id for span in (whole, *stages)} == {order_id.int}
    assert whole.parent is None
    assert {stage.parent.span_id for stage in stages} == {whole.context.span_id}
    log = desk.logs[order_id]
    assert whole.start_time == log[0].recorded_at_ms * 1_000_000
    assert whole.end_time == stages[-1].end_time
    for stage, following in pairwise(stages):
        assert stage.start_time < stage.end_time == following.start_time
    assert whole.attributes["landfall.status"] == "confirmed"
    assert stages[-1].attributes["landfall.signature"]
    assert whole.status.is_ok is True
    assert not whole.status.description


async def test_an_attempt_that_came_to_nothing_is_an_error_with_its_reason(
    memory: InMemorySpanExporter,
):
    desk, order_id = Desk(), uuid4()
    await desk.play(order_id, reverted_then_failed(order_id))
    whole, *stages = await told(desk, order_id, memory)
    reasons = [stage.status.description for stage in stages if not stage.status.is_ok]
    assert reasons == ["slippage_exceeded", "blockhash_expired", "no_route"]
    assert whole.status.description == "failed"


async def test_the_request_is_in_its_clients_trace_and_linked_to_the_orders(
    memory: InMemorySpanExporter,
):
    desk = Desk()
    traces = Traces(memory, desk.log)
    await traces.start()
    theirs = "0af7651916cd43dd8448eb211c80319c"
    async with serving(desk, ApiConfig(placed=traces.placed)) as api:
        headers = {"traceparent": f"00-{theirs}-b7ad6b7169203331-01"}
        answer = await api.http.post("/api/orders/execute", json=BODY, headers=headers)
        refused = await api.http.post("/api/orders/execute", json={}, headers=headers)
    await traces.stop()
    assert (answer.status_code, refused.status_code) == (201, 422)
    (span,) = memory.get_finished_spans()
    order_id = UUID(answer.json()["orderId"])
    assert span.context.trace_id == int(theirs, 16)
    assert span.parent.span_id == 0xB7AD6B7169203331
    assert [link.context.trace_id for link in span.links] == [order_id.int]
    assert span.start_time < span.end_time


async def test_a_log_that_cannot_be_read_loses_its_trace_alone(memory: InMemorySpanExporter):
    desk, lost, order_id = Desk(), uuid4(), uuid4()
    await desk.play(order_id, confirmed(order_id))
    traces = Traces(memory, desk.log)
    await traces.start()
    desk.down = True
    observe.order_ended(lost, "confirmed", 1)
    await asyncio.sleep(0.05)
    desk.down = False
    observe.order_ended(order_id, "confirmed", 1)
    await traces.stop()
    assert {span.context.trace_id for span in memory.get_finished_spans()} == {order_id.int}


class Collector:
    """A collector that takes OTLP over HTTP and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[tuple[str, ExportTraceServiceRequest]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                request = ExportTraceServiceRequest.FromString(body)
                collector.got.append((self.path, request))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    serving = Thread(target=collector.server.serve_forever)
    serving.start()
    yield collector
    collector.server.shutdown()
    serving.join()
    collector.server.server_close()


async def test_a_collector_gets_the_trace_over_http(collector: Collector):
    desk, order_id = Desk(), uuid4()
    await desk.play(order_id, confirmed(order_id))
    traces = Traces(exporter_to(f"{collector.url}/"), desk.log)
    await traces.start()
    observe.order_ended(order_id, "confirmed", 1)
    await traces.stop()
    ((path, request),) = collector.got
    assert path == "/v1/traces"
    (resource,) = request.resource_spans
    spans = resource.scope_spans[0].spans
    assert sorted(span.name for span in spans) == sorted(["order", *STAGES])
    assert {span.trace_id for span in spans} == {order_id.bytes}
    names = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert names["service.name"] == "landfall"
