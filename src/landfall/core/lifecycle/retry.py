"""Who may try again, and when: a table over every reason, and a doubling delay.

Units: delays and time-outs are milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from landfall.core.errors import FailureReason
from landfall.core.events import OrderFailed, RetryScheduled
from landfall.core.execution import Failure

RETRYABLE: Mapping[FailureReason, bool] = {
    # Nothing about the same question would change within seconds.
    FailureReason.NO_ROUTE: False,
    FailureReason.POOL_REFUSED: False,
    FailureReason.INSUFFICIENT_FUNDS: False,
    FailureReason.PROGRAM_ERROR: False,
    FailureReason.TRANSACTION_TOO_LARGE: False,
    FailureReason.ORDER_TIMED_OUT: False,
    # A fresh quote may succeed; the client's own slippage bound stays as it was.
    FailureReason.STALE_QUOTE: True,
    FailureReason.SLIPPAGE_EXCEEDED: True,
    # Another pool may be open, or this one open again.
    FailureReason.POOL_CLOSED: True,
    # The ledger never took it; new bytes may land.
    FailureReason.BLOCKHASH_EXPIRED: True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLimits:
    """At most `attempts_max` attempts; the n-th retry waits `delay_first_ms` × 2^(n-1)."""

    attempts_max: int
    delay_first_ms: int


def after_failure(
    failure: Failure, attempts: int, limits: RetryLimits
) -> RetryScheduled | OrderFailed:
    """What follows a failed attempt: another one, or the end of the order.

    Args:
        failure: why the attempt failed.
        attempts: how many attempts have been made, this one included; at least 1.
        limits: how often, how soon.

    >>> failure = Failure(reason=FailureReason.SLIPPAGE_EXCEEDED, detail="moved")
    >>> after_failure(failure, 2, RetryLimits(attempts_max=3, delay_first_ms=1000))
    RetryScheduled(next_attempt=3, delay_ms=2000)
    """
    assert attempts >= 1
    if RETRYABLE[failure.reason] and attempts < limits.attempts_max:
        delay_ms = limits.delay_first_ms << (attempts - 1)
        return RetryScheduled(next_attempt=attempts + 1, delay_ms=delay_ms)
    return OrderFailed(reason=failure.reason, detail=failure.detail)
