"""How well the pools are known: the mirror, the streams that keep it true, searches."""

from prometheus_client import Counter, Gauge

from landfall.observe.log import endpoint, log
from landfall.observe.registry import REGISTRY

_mirror = Gauge(
    "landfall_mirror",
    "Pools and accounts in the mirror, those the stream keeps true, and slots behind",
    ["what"],
    registry=REGISTRY,
)
_stream_ends = Counter(
    "landfall_stream_ends", "Account streams given up", ["reason"], registry=REGISTRY
)
_stream_missed = Counter(
    "landfall_stream_missed", "Account changes that the stream did not tell", registry=REGISTRY
)
_subscriptions_refused = Counter(
    "landfall_subscriptions_refused", "Accounts no stream is had of", ["code"], registry=REGISTRY
)
_searches_refused = Counter(
    "landfall_searches_refused", "Searches for pools that the node refused", registry=REGISTRY
)
_pools_left_out = Counter(
    "landfall_pools_left_out",
    "Pools left out of routing because not fresh",
    ["reason"],
    registry=REGISTRY,
)


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
    log.warning("stream_ended", endpoint=endpoint(url), reason=reason)


def stream_missed(accounts: int) -> None:
    """A read showed changes that the stream had not told of."""
    _stream_missed.inc(accounts)
    log.warning("stream_missed", accounts=accounts)


def subscription_refused(code: int) -> None:
    """A node would not tell of an account."""
    _subscriptions_refused.labels(str(code)).inc()


def search_refused(program: object, answer: str) -> None:
    """A node does not search a program's accounts."""
    _searches_refused.inc()
    log.warning("search_refused", program=str(program), answer=answer)


def pool_left_out(reason: str) -> None:
    """A pool is not offered, because it is not known well enough."""
    _pools_left_out.labels(reason).inc()
