"""What becomes of orders, from the door to their end.

Units: durations are milliseconds in calls and logs, and seconds in metrics.
"""

from collections.abc import Callable, Mapping

from prometheus_client import Counter, Histogram

from landfall.observe.log import log
from landfall.observe.registry import FAST, REGISTRY, SIZES, SLOW

_orders_accepted = Counter(
    "landfall_orders_accepted", "Orders made durable", ["type", "replayed"], registry=REGISTRY
)
_orders_rejected = Counter(
    "landfall_orders_rejected", "Orders refused at the door", ["reason"], registry=REGISTRY
)
_order_moves = Counter(
    "landfall_order_moves", "Commits of orders, by the status after", ["status"], registry=REGISTRY
)
_order_seconds = Histogram(
    "landfall_order_seconds",
    "From acceptance to the end of an order",
    ["status"],
    buckets=SLOW,
    registry=REGISTRY,
)
_stage_seconds = Histogram(
    "landfall_stage_seconds",
    "From one commit of an order to the next, by the status in between",
    ["status"],
    buckets=FAST,
    registry=REGISTRY,
)
_commit_seconds = Histogram(
    "landfall_commit_seconds",
    "Commits to the log, of orders accepted or moved",
    ["kind"],
    buckets=FAST,
    registry=REGISTRY,
)
_commit_orders = Histogram(
    "landfall_commit_orders",
    "Orders that shared a commit",
    ["kind"],
    buckets=SIZES,
    registry=REGISTRY,
)
_attempts_failed = Counter(
    "landfall_attempts_failed", "Attempts that came to nothing", ["reason"], registry=REGISTRY
)
_transactions_sent = Counter(
    "landfall_transactions_sent",
    "Transactions handed to the cluster",
    ["again"],
    registry=REGISTRY,
)
_verdicts_withheld = Counter(
    "landfall_verdicts_withheld",
    "Times that providers did not agree on what became of a transaction",
    ["why"],
    registry=REGISTRY,
)
_worker_errors = Counter(
    "landfall_worker_errors", "Steps that raised", ["error"], registry=REGISTRY
)
_jobs_claimed = Counter("landfall_jobs_claimed", "Jobs leased by workers", registry=REGISTRY)
_hear_of_ends: list[Callable[[object], None]] = []


def order_accepted(order_id: object, order_type: str, replayed: bool) -> None:
    """An order is durable, or was already."""
    _orders_accepted.labels(order_type, str(replayed).lower()).inc()
    log.info("order_accepted", order_id=str(order_id), type=order_type, replayed=replayed)


def order_rejected(reason: str, field: str | None) -> None:
    """An order was refused at the door."""
    _orders_rejected.labels(reason).inc()
    log.info("order_rejected", reason=reason, field=field)


def order_moved(order_id: object, version: int, status: str, attempt: int) -> None:
    """A commit of an order's log, and the status after it."""
    _order_moves.labels(status).inc()
    log.info("order_moved", order_id=str(order_id), version=version, status=status, attempt=attempt)


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
    log.info("order_ended", order_id=str(order_id), status=status, elapsed_ms=elapsed_ms)
    for hear in _hear_of_ends:
        hear(order_id)


def when_order_ends(hear: Callable[[object], None] | None) -> None:
    """Call this with the id of every order that ends in this process; None: nobody any more."""
    _hear_of_ends[:] = [] if hear is None else [hear]


def attempt_failed(order_id: object, attempt: int, reason: str, detail: str) -> None:
    """An attempt came to nothing."""
    _attempts_failed.labels(reason).inc()
    log.warning(
        "attempt_failed", order_id=str(order_id), attempt=attempt, reason=reason, detail=detail
    )


def transaction_sent(order_id: object, attempt: int, signature: object, again: bool) -> None:
    """Signed bytes went to the cluster, for the first time or again."""
    _transactions_sent.labels(str(again).lower()).inc()
    log.info(
        "transaction_sent",
        order_id=str(order_id),
        attempt=attempt,
        signature=str(signature),
        again=again,
    )


def lookup_table_left_out(why: str) -> None:
    """A configured lookup table cannot be used."""
    log.warning("lookup_table_left_out", why=why)


def verdict_withheld(order_id: object, why: str, says: Mapping[str, str]) -> None:
    """Providers have opinions on a transaction and yet there is no verdict.

    `says` is what each provider says. A contradiction needs a human: somebody is wrong, or lies.
    """
    _verdicts_withheld.labels(why).inc()
    tell = log.error if why == "contradiction" else log.info
    tell("verdict_withheld", order_id=str(order_id), why=why, says=dict(says))


def jobs_claimed(count: int) -> None:
    """A worker leased jobs."""
    _jobs_claimed.inc(count)


def worker_error(order_id: object, step: str, error: BaseException) -> None:
    """A step raised what its policy did not foresee, or what a human must look at."""
    _worker_errors.labels(type(error).__name__).inc()
    log.error("worker_error", order_id=str(order_id), step=step, error=error)
