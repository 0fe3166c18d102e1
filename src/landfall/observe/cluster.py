"""How the ways to the cluster do: providers, calls, paths of transactions.

Units: durations are milliseconds in calls and logs, and seconds in metrics.
"""

from prometheus_client import Counter, Gauge, Histogram

from landfall.observe.log import endpoint, log
from landfall.observe.registry import FAST, REGISTRY

_rpc_seconds = Histogram(
    "landfall_rpc_seconds",
    "Calls to the cluster",
    ["method", "outcome"],
    buckets=FAST,
    registry=REGISTRY,
)
_rpc_resting = Gauge(
    "landfall_rpc_breaker_open", "Providers asked last, after failures", ["rpc"], registry=REGISTRY
)
_rpc_latency = Gauge(
    "landfall_rpc_latency_seconds", "How fast providers answer", ["rpc"], registry=REGISTRY
)
_rpc_lag = Gauge(
    "landfall_rpc_lag_slots", "Slots a provider is behind the best", ["rpc"], registry=REGISTRY
)
_rpc_limited = Counter(
    "landfall_rpc_limited", "Times a provider told us to slow down", ["rpc"], registry=REGISTRY
)
_rpc_failed_over = Counter(
    "landfall_rpc_failed_over", "Reads a provider could not answer", ["rpc"], registry=REGISTRY
)
_rpc_floor_gave_way = Counter(
    "landfall_rpc_floor_gave_way",
    "Times nobody was as far as somebody had been",
    registry=REGISTRY,
)
_path_sends = Counter(
    "landfall_path_sends", "Sends of bytes by path", ["path", "outcome"], registry=REGISTRY
)
_bundle_hints = Counter(
    "landfall_bundle_hints", "What block engines say of bundles", ["status"], registry=REGISTRY
)


def rpc_call(method: str, url: str, elapsed_ms: float, outcome: str = "ok") -> None:
    """One call to the cluster; `outcome` is ok, or a word for what went wrong."""
    _rpc_seconds.labels(method, outcome).observe(elapsed_ms / 1000)
    if outcome != "ok":
        log.warning(
            "rpc_failed",
            method=method,
            endpoint=endpoint(url),
            outcome=outcome,
            elapsed_ms=round(elapsed_ms, 1),
        )


def rpc_breaker(name: str, is_open: bool) -> None:
    """A provider failed too often and is asked last from now on; or it answers again."""
    _rpc_resting.labels(name).set(is_open)
    tell = log.warning if is_open else log.info
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
    log.warning("rpc_limited", endpoint=name, pause_ms=pause_ms)


def rpc_lifetime_made_up(name: str, last_valid_height: int) -> None:
    """A provider says that a blockhash lives longer than any does; it is not signed with."""
    log.error("rpc_lifetime_made_up", endpoint=name, last_valid_height=last_valid_height)


def rpc_blockhash_too_old(name: str, slot: int) -> None:
    """A provider gives a blockhash from before what is final; it is not signed with."""
    log.warning("rpc_blockhash_too_old", endpoint=name, slot=slot)


def rpc_failed_over(name: str) -> None:
    """A provider could not answer a read, and another is asked if there is one."""
    _rpc_failed_over.labels(name).inc()


def rpc_wrong_cluster(name: str, genesis_hash: str) -> None:
    """A provider is on another cluster than ours, and is not used any more."""
    log.error("rpc_wrong_cluster", endpoint=name, genesis_hash=genesis_hash)


def rpc_floor_gave_way(slot: int) -> None:
    """Nobody answers from as new a slot as somebody once did: that one was wrong, or lied."""
    _rpc_floor_gave_way.inc()
    log.error("rpc_floor_gave_way", slot=slot)


def path_sent(name: str, outcome: str) -> None:
    """One path was handed signed bytes; `outcome` is ok, refused, unknown or abandoned."""
    _path_sends.labels(name, outcome).inc()


def bundle_hinted(status: str) -> None:
    """What a block engine says of a bundle. It decides nothing."""
    _bundle_hints.labels(status).inc()


def tips_unknown(why: str) -> None:
    """What to tip could not be learned; what was known before, or the least, is tipped."""
    log.warning("tips_unknown", why=why)
