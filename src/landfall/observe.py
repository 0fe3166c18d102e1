"""One function per event worth knowing: it logs and it counts. The only logger, the only metrics.

Nothing secret passes through here: callers give ids, names and numbers, and a URL is cut down to
its scheme and host before it is written. Units: durations are milliseconds in calls and logs, and
seconds in metrics, as Prometheus wants them.
"""

import logging
import sys
from collections.abc import Mapping
from typing import TextIO, cast
from urllib.parse import urlsplit

import structlog
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from structlog.types import EventDict, WrappedLogger

from landfall.log_stream import LogStream

METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# They double the number of series and say nothing that anybody asks.
disable_created_metrics()  # type: ignore[no-untyped-call]
_registry = CollectorRegistry()
_log = structlog.get_logger("landfall")

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)

_orders_accepted = Counter(
    "landfall_orders_accepted", "Orders made durable", ["type", "replayed"], registry=_registry
)
_orders_rejected = Counter(
    "landfall_orders_rejected", "Orders refused at the door", ["reason"], registry=_registry
)
_order_moves = Counter(
    "landfall_order_moves", "Commits of orders, by the status after", ["status"], registry=_registry
)
_order_seconds = Histogram(
    "landfall_order_seconds",
    "From acceptance to the end of an order",
    ["status"],
    buckets=_SLOW,
    registry=_registry,
)
_stage_seconds = Histogram(
    "landfall_stage_seconds",
    "From one commit of an order to the next, by the status in between",
    ["status"],
    buckets=_FAST,
    registry=_registry,
)
_commit_seconds = Histogram(
    "landfall_commit_seconds",
    "Commits to the log, of orders accepted or moved",
    ["kind"],
    buckets=_FAST,
    registry=_registry,
)
_commit_orders = Histogram(
    "landfall_commit_orders",
    "Orders that shared a commit",
    ["kind"],
    buckets=_SIZES,
    registry=_registry,
)
_attempts_failed = Counter(
    "landfall_attempts_failed", "Attempts that came to nothing", ["reason"], registry=_registry
)
_transactions_sent = Counter(
    "landfall_transactions_sent",
    "Transactions handed to the cluster",
    ["again"],
    registry=_registry,
)
_verdicts_withheld = Counter(
    "landfall_verdicts_withheld",
    "Times that providers did not agree on what became of a transaction",
    ["why"],
    registry=_registry,
)
_rpc_seconds = Histogram(
    "landfall_rpc_seconds",
    "Calls to the cluster",
    ["method", "outcome"],
    buckets=_FAST,
    registry=_registry,
)
_rpc_resting = Gauge(
    "landfall_rpc_breaker_open", "Providers asked last, after failures", ["rpc"], registry=_registry
)
_rpc_latency = Gauge(
    "landfall_rpc_latency_seconds", "How fast providers answer", ["rpc"], registry=_registry
)
_rpc_lag = Gauge(
    "landfall_rpc_lag_slots", "Slots a provider is behind the best", ["rpc"], registry=_registry
)
_rpc_limited = Counter(
    "landfall_rpc_limited", "Times a provider told us to slow down", ["rpc"], registry=_registry
)
_rpc_failed_over = Counter(
    "landfall_rpc_failed_over", "Reads a provider could not answer", ["rpc"], registry=_registry
)
_rpc_floor_gave_way = Counter(
    "landfall_rpc_floor_gave_way",
    "Times nobody was as far as somebody had been",
    registry=_registry,
)
_path_sends = Counter(
    "landfall_path_sends", "Sends of bytes by path", ["path", "outcome"], registry=_registry
)
_bundle_hints = Counter(
    "landfall_bundle_hints", "What block engines say of bundles", ["status"], registry=_registry
)
_worker_errors = Counter(
    "landfall_worker_errors", "Steps that raised", ["error"], registry=_registry
)
_jobs_claimed = Counter("landfall_jobs_claimed", "Jobs leased by workers", registry=_registry)
_requests = Counter(
    "landfall_http_responses", "HTTP responses", ["method", "status"], registry=_registry
)
_mirror = Gauge(
    "landfall_mirror",
    "Pools and accounts in the mirror, those the stream keeps true, and slots behind",
    ["what"],
    registry=_registry,
)
_stream_ends = Counter(
    "landfall_stream_ends", "Account streams given up", ["reason"], registry=_registry
)
_stream_missed = Counter(
    "landfall_stream_missed", "Account changes that the stream did not tell", registry=_registry
)
_subscriptions_refused = Counter(
    "landfall_subscriptions_refused", "Accounts no stream is had of", ["code"], registry=_registry
)
_searches_refused = Counter(
    "landfall_searches_refused", "Searches for pools that the node refused", registry=_registry
)
_pools_left_out = Counter(
    "landfall_pools_left_out",
    "Pools left out of routing because not fresh",
    ["reason"],
    registry=_registry,
)
_sockets = Gauge("landfall_websockets", "Open WebSockets", registry=_registry)
_sockets_slow = Counter(
    "landfall_websockets_too_slow", "WebSockets closed on slow readers", registry=_registry
)


def configure(level: str = "info", json: bool = True) -> None:
    """Set up logging for the process, to standard error; it never waits for whoever reads there.

    Libraries' own loggers are kept at warnings: some of them write URLs with their queries.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr)
    renderer = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _plain_error,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, LogStream(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def metrics() -> bytes:
    """All metrics in Prometheus's text format."""
    return generate_latest(_registry)


def started(part: str, **where: str | int) -> None:
    """A part of the program is up."""
    _log.info("started", part=part, **where)


def waiting_to_start(why: str) -> None:
    """A part of the program cannot start yet, and tries again."""
    _log.warning("waiting_to_start", why=why)


def record_behind(trades: int, newest: str) -> None:
    """The wallet traded on chain what this database does not know: nothing is signed."""
    _log.error(
        "record_behind",
        trades=trades,
        newest=newest,
        what_to_do="see `landfall recover`; nothing is signed until then",
    )


def stopped(part: str) -> None:
    """A part of the program has ended in good order."""
    _log.info("stopped", part=part)


def order_accepted(order_id: object, order_type: str, replayed: bool) -> None:
    """An order is durable, or was already."""
    _orders_accepted.labels(order_type, str(replayed).lower()).inc()
    _log.info("order_accepted", order_id=str(order_id), type=order_type, replayed=replayed)


def order_rejected(reason: str, field: str | None) -> None:
    """An order was refused at the door."""
    _orders_rejected.labels(reason).inc()
    _log.info("order_rejected", reason=reason, field=field)


def order_moved(
    order_id: object, version: int, status: str, attempt: int, venue: str | None = None
) -> None:
    """A commit of an order's log, and the status after it."""
    _order_moves.labels(status).inc()
    _log.info(
        "order_moved",
        order_id=str(order_id),
        version=version,
        status=status,
        attempt=attempt,
        venue=venue,
    )


def stage_ended(status: str, elapsed_ms: int) -> None:
    """An order left a status, or moved on within it, this long after it got there."""
    _stage_seconds.labels(status).observe(elapsed_ms / 1000)


def committed(kind: str, orders: int, elapsed_ms: float) -> None:
    """The log recorded facts of so many orders at once; `kind` is accepted or moved."""
    _commit_seconds.labels(kind).observe(elapsed_ms / 1000)
    _commit_orders.labels(kind).observe(orders)


def order_ended(order_id: object, status: str, elapsed_ms: int) -> None:
    """An order reached a status that it cannot leave."""
    _order_seconds.labels(status).observe(elapsed_ms / 1000)
    _log.info("order_ended", order_id=str(order_id), status=status, elapsed_ms=elapsed_ms)


def attempt_failed(order_id: object, attempt: int, reason: str, detail: str) -> None:
    """An attempt came to nothing."""
    _attempts_failed.labels(reason).inc()
    _log.warning(
        "attempt_failed", order_id=str(order_id), attempt=attempt, reason=reason, detail=detail
    )


def transaction_sent(order_id: object, attempt: int, signature: object, again: bool) -> None:
    """Signed bytes went to the cluster, for the first time or again."""
    _transactions_sent.labels(str(again).lower()).inc()
    _log.info(
        "transaction_sent",
        order_id=str(order_id),
        attempt=attempt,
        signature=str(signature),
        again=again,
    )


def lookup_table_left_out(why: str) -> None:
    """A configured lookup table cannot be used."""
    _log.warning("lookup_table_left_out", why=why)


def verdict_withheld(order_id: object, why: str, says: Mapping[str, str]) -> None:
    """Providers have opinions on a transaction and yet there is no verdict.

    `says` is what each provider says. A contradiction needs a human: somebody is wrong, or lies.
    """
    _verdicts_withheld.labels(why).inc()
    tell = _log.error if why == "contradiction" else _log.info
    tell("verdict_withheld", order_id=str(order_id), why=why, says=dict(says))


def rpc_call(method: str, url: str, elapsed_ms: float, outcome: str = "ok") -> None:
    """One call to the cluster; `outcome` is ok, or a word for what went wrong."""
    _rpc_seconds.labels(method, outcome).observe(elapsed_ms / 1000)
    if outcome != "ok":
        _log.warning(
            "rpc_failed",
            method=method,
            endpoint=endpoint(url),
            outcome=outcome,
            elapsed_ms=round(elapsed_ms, 1),
        )


def rpc_breaker(name: str, is_open: bool) -> None:
    """A provider failed too often and is asked last from now on; or it answers again."""
    _rpc_resting.labels(name).set(is_open)
    tell = _log.warning if is_open else _log.info
    tell("rpc_breaker_opened" if is_open else "rpc_breaker_closed", endpoint=name)


def rpc_latency(name: str, latency_ms: int) -> None:
    """How fast a provider answers lately."""
    _rpc_latency.labels(name).set(latency_ms / 1000)


def rpc_lag(name: str, slots: int) -> None:
    """How far a provider is behind the best."""
    _rpc_lag.labels(name).set(slots)


def rpc_limited(name: str, pause_ms: int) -> None:
    """A provider told us to slow down, and is left alone for this long."""
    _rpc_limited.labels(name).inc()
    _log.warning("rpc_limited", endpoint=name, pause_ms=pause_ms)


def rpc_failed_over(name: str) -> None:
    """A provider could not answer a read, and another is asked if there is one."""
    _rpc_failed_over.labels(name).inc()


def rpc_wrong_cluster(name: str, genesis_hash: str) -> None:
    """A provider is on another cluster than ours, and is not used any more."""
    _log.error("rpc_wrong_cluster", endpoint=name, genesis_hash=genesis_hash)


def rpc_floor_gave_way(slot: int) -> None:
    """Nobody answers from as new a slot as somebody once did: that one was wrong, or lied."""
    _rpc_floor_gave_way.inc()
    _log.error("rpc_floor_gave_way", slot=slot)


def path_sent(name: str, outcome: str) -> None:
    """One path was handed signed bytes; `outcome` is ok, refused, unknown or abandoned."""
    _path_sends.labels(name, outcome).inc()


def bundle_hinted(status: str) -> None:
    """What a block engine says of a bundle. It decides nothing."""
    _bundle_hints.labels(status).inc()


def tips_unknown(why: str) -> None:
    """What to tip could not be learned; what was known before, or the least, is tipped."""
    _log.warning("tips_unknown", why=why)


def mirror(*, pools: int, accounts: int, covered: int, slots_behind: int, flowing: bool) -> None:
    """How the mirror of the pools' accounts stands."""
    _mirror.labels("pools").set(pools)
    _mirror.labels("accounts").set(accounts)
    _mirror.labels("accounts_covered").set(covered)
    _mirror.labels("slots_behind").set(slots_behind)
    _mirror.labels("stream_flowing").set(flowing)


def stream_ended(url: str, reason: str) -> None:
    """A stream of accounts was given up; another is tried."""
    _stream_ends.labels(reason).inc()
    _log.warning("stream_ended", endpoint=endpoint(url), reason=reason)


def stream_missed(accounts: int) -> None:
    """A read showed changes that the stream had not told of."""
    _stream_missed.inc(accounts)
    _log.warning("stream_missed", accounts=accounts)


def subscription_refused(code: int) -> None:
    """A node would not tell of an account."""
    _subscriptions_refused.labels(str(code)).inc()


def search_refused(program: object, answer: str) -> None:
    """A node does not search a program's accounts."""
    _searches_refused.inc()
    _log.warning("search_refused", program=str(program), answer=answer)


def pool_left_out(reason: str) -> None:
    """A pool is not offered, because it is not known well enough."""
    _pools_left_out.labels(reason).inc()


def jobs_claimed(count: int) -> None:
    """A worker leased jobs."""
    _jobs_claimed.inc(count)


def worker_error(order_id: object, step: str, error: BaseException) -> None:
    """A step raised what its policy did not foresee, or what a human must look at."""
    _worker_errors.labels(type(error).__name__).inc()
    _log.error("worker_error", order_id=str(order_id), step=step, error=error)


def child_died(name: str) -> None:
    """A child process ended by itself; it is started again."""
    _log.error("child_died", name=name)


def http_response(method: str, status: int) -> None:
    """One HTTP response went out."""
    _requests.labels(method, str(status)).inc()


def request_failed(method: str, path: str, error: BaseException) -> None:
    """A request met an error that is ours."""
    _log.error("request_failed", method=method, path=path, error=error)


def socket_opened() -> None:
    """A WebSocket was accepted."""
    _sockets.inc()


def socket_closed(too_slow: bool = False) -> None:
    """A WebSocket is gone; `too_slow` if we closed it on a reader that fell behind."""
    _sockets.dec()
    if too_slow:
        _sockets_slow.inc()


def endpoint(url: str) -> str:
    """A URL's scheme, host and port: paths and queries of RPC URLs carry API keys.

    >>> endpoint("https://user:pw@rpc.example.org:8443/v2/KEY?api-key=KEY")
    'https://rpc.example.org:8443'
    """
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _plain_error(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception as its type and the places it passed, without its message or any locals.

    Messages of foreign exceptions quote requests, and requests carry keys.
    """
    error = event.pop("error", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["at"] = _places(error)
    return event


def _places(error: BaseException) -> list[str]:
    places: list[str] = []
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places
