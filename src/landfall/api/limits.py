"""How often one caller may ask: token buckets, one per name, for keys and for addresses.

A bucket holds a minute's worth and refills steadily, so a burst is fine and a flood is not. Buckets
are this process's own: two API processes allow twice as much. Full buckets say nothing and are
forgotten, so that a flood of names costs no more memory than the busiest of them.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

NAMES_MAX = 50_000
_IPV6_SITE_BITS = 64
_SITES_REMEMBERED_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a limit after one request; times are in seconds.

    `granted` is whether this request was within it; if not, one is again after `retry_after_s`.
    """

    granted: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int

    def headers(self) -> dict[str, str]:
        """The allowance as the `RateLimit` headers of an answer."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_s),
        }


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class Buckets:
    """Buckets by name.

    Args:
        per_minute: what a bucket holds, and what it gains in a minute; 0 for no limit.
        now_s: seconds that only grow.
    """

    def __init__(self, per_minute: int, now_s: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._now_s = now_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str) -> Allowance | None:
        """Take one token out of the bucket of this name; None if there is no limit."""
        if self._per_minute == 0:
            return None
        now_s, per_s = self._now_s(), self._per_minute / 60
        bucket = self._buckets.pop(name, None) or _Bucket(float(self._per_minute), now_s)
        bucket.tokens = min(self._per_minute, bucket.tokens + (now_s - bucket.at_s) * per_s)
        bucket.at_s = now_s
        granted = bucket.tokens >= 1
        if granted:
            bucket.tokens -= 1
        self._buckets[name] = bucket
        self._forget(now_s)
        return Allowance(
            granted=granted,
            limit=self._per_minute,
            remaining=int(bucket.tokens),
            reset_s=math.ceil((self._per_minute - bucket.tokens) / per_s),
            retry_after_s=max(1, math.ceil((1 - bucket.tokens) / per_s)),
        )

    def _forget(self, now_s: float) -> None:
        """Drop the bucket that was used least lately, if it is full again or there are too many."""
        oldest = next(iter(self._buckets))
        is_full = now_s - self._buckets[oldest].at_s >= 60
        if is_full or len(self._buckets) > NAMES_MAX:
            del self._buckets[oldest]


@lru_cache(_SITES_REMEMBERED_MAX)
def site_of(address: str) -> str:
    """The name under which an address is counted: itself, or the network of an IPv6 one.

    >>> site_of("203.0.113.9"), site_of("2001:db8:1:2:3::4"), site_of("a socket")
    ('203.0.113.9', '2001:db8:1:2::', 'a socket')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    network = ipaddress.ip_network((parsed, _IPV6_SITE_BITS), strict=False)
    return str(network.network_address)
