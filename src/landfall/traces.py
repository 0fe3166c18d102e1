"""Orders as traces of OpenTelemetry, told after they have ended from what is on record of them.

The trace of an order has the order's id, and one span for each status it went through; nothing of
it is made while the order is under way. The request that placed it is a span of its client's own
trace, linked to the order's. The library is an extra, so this is imported only where traces are
wanted. Units: instants on record are milliseconds since the Unix epoch, those of spans nanoseconds.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from uuid import UUID

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from landfall import observe
from landfall.core.errors import Unavailable
from landfall.core.events import Recorded
from landfall.core.execution import Execution, Status
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.pipeline.history import Commit, commits
from landfall.pipeline.stories import LogOf

_WAITING_MAX = 1_000
_NS_PER_MS = 1_000_000
_SPAN_ID_MAX = 2**64 - 1
_SAMPLED = trace.TraceFlags(trace.TraceFlags.SAMPLED)


def exporter_to(endpoint: str) -> SpanExporter:
    """What sends spans to a collector at a URL, OTLP over HTTP."""
    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


class Traces:
    """Tells of orders as they end, between `start` and `stop`. What cannot be told is dropped.

    Args:
        exporter: where spans go, in batches, from a thread of its own.
        log_of: an order's whole log.
    """

    def __init__(self, exporter: SpanExporter, log_of: LogOf) -> None:
        self._log_of = log_of
        self._ended: asyncio.Queue[UUID] = asyncio.Queue(_WAITING_MAX)
        self._ids = _OrderIds()
        self._provider = TracerProvider(
            resource=Resource.create({SERVICE_NAME: "landfall"}),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("landfall")
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to hear of orders that end in this process."""
        observe.when_order_ends(self._hear)
        self._task = asyncio.create_task(self._tell_for_ever())

    async def stop(self) -> None:
        """Tell of what has ended until now, and hear no more."""
        observe.when_order_ends(None)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Unavailable):
            while not self._ended.empty():
                self.tell(await self._log_of(self._ended.get_nowait()))
        await asyncio.to_thread(self._provider.shutdown)

    def tell(self, log: Sequence[Recorded]) -> None:
        """The trace of an order, from its log."""
        story = list(_until_end(commits(log)))
        ended = story[-1].execution
        self._ids.begin(ended.order.order_id)
        whole = self._tracer.start_span(
            "order",
            context=trace.set_span_in_context(trace.INVALID_SPAN),
            start_time=_at_ns(story[0]),
            attributes=_of_order(ended),
        )
        inside = trace.set_span_in_context(whole)
        for commit, following in pairwise(story):
            span = self._tracer.start_span(
                commit.execution.status.value,
                context=inside,
                start_time=_at_ns(commit),
                attributes=_of_stage(commit.execution),
            )
            failure = _failed_in(commit.execution, following.execution)
            if failure is not None:
                span.set_status(trace.StatusCode.ERROR, failure)
            span.end(_at_ns(following))
        if ended.status is not Status.CONFIRMED:
            whole.set_status(trace.StatusCode.ERROR, ended.status.value)
        whole.end(_at_ns(story[-1]))

    def placed(self, order_id: UUID, headers: Mapping[str, str], began_ns: int) -> None:
        """A request placed an order; its headers may say which trace it belongs to."""
        of_order = trace.SpanContext(
            order_id.int, _first_span_of(order_id), is_remote=True, trace_flags=_SAMPLED
        )
        self._tracer.start_span(
            "POST /api/orders/execute",
            context=TraceContextTextMapPropagator().extract(headers),
            kind=trace.SpanKind.SERVER,
            links=[trace.Link(of_order)],
            start_time=began_ns,
            attributes={"landfall.order_id": str(order_id)},
        ).end()

    def _hear(self, order_id: object) -> None:
        with suppress(asyncio.QueueFull):
            self._ended.put_nowait(UUID(str(order_id)))

    async def _tell_for_ever(self) -> None:
        while True:
            order_id = await self._ended.get()
            with suppress(Unavailable):
                self.tell(await self._log_of(order_id))


class _OrderIds(RandomIdGenerator):
    """Ids by chance, but for a trace that begins as an order's: those follow from its id."""

    def __init__(self) -> None:
        self._order_id: UUID | None = None

    def begin(self, order_id: UUID) -> None:
        """The next trace, and its first span, are this order's."""
        self._order_id = order_id

    def generate_trace_id(self) -> int:
        """The order's, or one by chance."""
        return super().generate_trace_id() if self._order_id is None else self._order_id.int

    def generate_span_id(self) -> int:
        """The order's, or one by chance."""
        order_id, self._order_id = self._order_id, None
        return super().generate_span_id() if order_id is None else _first_span_of(order_id)


def _first_span_of(order_id: UUID) -> int:
    return order_id.int & _SPAN_ID_MAX


def _until_end(story: Iterator[Commit]) -> Iterator[Commit]:
    for commit in story:
        yield commit
        if commit.execution.status in TERMINAL:
            return


def _at_ns(commit: Commit) -> int:
    return commit.events[-1].recorded_at_ms * _NS_PER_MS


def _of_order(ended: Execution) -> dict[str, str | int]:
    order = ended.order
    return {
        "landfall.order_id": str(order.order_id),
        "landfall.order_type": order.order_type.value,
        "landfall.token_in": str(order.token_in.mint),
        "landfall.token_out": str(order.token_out.mint),
        "landfall.status": ended.status.value,
        "landfall.attempts": len(ended.attempts),
    }


def _of_stage(execution: Execution) -> dict[str, str | int]:
    if not execution.attempts:
        return {}
    attempt = execution.attempts[-1]
    told: dict[str, str | int] = {
        "landfall.attempt": attempt.number,
        "landfall.quotes": len(attempt.quotes),
    }
    if attempt.route is not None:
        told["landfall.venues"] = ",".join(leg.quote.venue for leg in attempt.route.legs)
    if attempt.transaction is not None:
        told["landfall.signature"] = str(attempt.transaction.signature)
    return told


def _failed_in(before: Execution, after: Execution) -> str | None:
    """Why the attempt that was under way came to nothing; None if it did not."""
    if not before.attempts or before.attempts[-1].failure is not None:
        return None
    failure = after.attempts[before.attempts[-1].number - 1].failure
    return None if failure is None else failure.reason.value
