"""Who may try again, and when: a table over every reason, and a doubling delay.

Units: delays and time-outs are milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from landfall.core.errors import FailureReason
from landfall.core.events import OrderFailed, RetryScheduled
from landfall.core.execution import Attempt, Execution, Failure
from landfall.core.quote import Quote
from landfall.core.values import Pubkey, Slot

RETRYABLE: Mapping[FailureReason, bool] = {
    # Nothing about the same question would change within seconds.
    FailureReason.NO_ROUTE: False,
    FailureReason.INSUFFICIENT_FUNDS: False,
    FailureReason.TRANSACTION_TOO_LARGE: False,
    FailureReason.PRICE_IMPACT_EXCEEDED: False,
    FailureReason.FEE_LIMIT_EXCEEDED: False,
    FailureReason.ORDER_TIMED_OUT: False,
    # What became of earlier attempts is not known any more.
    FailureReason.RECORD_LOST: False,
    # Another question may be answered: the pools at fault are set aside. See `set_aside`.
    FailureReason.POOL_REFUSED: True,
    FailureReason.PROGRAM_ERROR: True,
    FailureReason.QUOTE_MISMATCH: True,
    # A fresh quote may succeed; the client's own slippage bound stays as it was.
    FailureReason.STALE_QUOTE: True,
    FailureReason.SLIPPAGE_EXCEEDED: True,
    # Another pool may be open, or this one open again.
    FailureReason.POOL_CLOSED: True,
    # The ledger never took it; new bytes may land.
    FailureReason.BLOCKHASH_EXPIRED: True,
}


NEEDS_A_CULPRIT = frozenset(
    {FailureReason.POOL_REFUSED, FailureReason.PROGRAM_ERROR, FailureReason.QUOTE_MISMATCH}
)
"""Tried again only where the failure names pools, for without them it would fail the same way."""

UNCOUNTED = frozenset({FailureReason.STALE_QUOTE})
"""Nothing was tried: a fresh quote follows at once, and the attempt does not count. Only time
bounds these.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLimits:
    """At most `attempts_max` attempts; the n-th retry waits `delay_first_ms` × 2^(n-1).

    No attempt starts later than `order_timeout_ms` after the first one did.
    """

    attempts_max: int
    delay_first_ms: int
    order_timeout_ms: int


def after_failure(
    execution: Execution, failure: Failure, now_ms: int, limits: RetryLimits
) -> RetryScheduled | OrderFailed:
    """What follows when the current attempt has failed: another one, or the end of the order."""
    earlier = [a.failure for a in execution.attempts[:-1] if a.failure]
    counted = sum(f.reason not in UNCOUNTED for f in (*earlier, failure))
    hopeless = failure.reason in NEEDS_A_CULPRIT and not failure.pools
    if not RETRYABLE[failure.reason] or hopeless or counted >= limits.attempts_max:
        return OrderFailed(reason=failure.reason, detail=failure.detail)
    delay_ms = 0 if failure.reason in UNCOUNTED else limits.delay_first_ms << (counted - 1)
    if is_timed_out(execution, now_ms + delay_ms, limits):
        return timed_out(limits, failure)
    return RetryScheduled(next_attempt=len(execution.attempts) + 1, delay_ms=delay_ms)


def set_aside(execution: Execution) -> Mapping[Pubkey, str]:
    """Pools that the next attempt goes without, each with a sentence on why.

    A pool whose program refused, or that does not do what it quotes, is out for the rest of the
    order. One that had only moved, or was closed, is asked again; but not when the same thing
    happened to it twice on the same quote, for then nothing moves.
    """
    aside: dict[Pubkey, str] = {}
    seen: set[tuple[Pubkey, FailureReason, Quote | None]] = set()
    for attempt in execution.attempts:
        failure = attempt.failure
        if failure is None:
            continue
        for pool in failure.pools:
            same = (pool, failure.reason, _quote_of(attempt, pool))
            if failure.reason in NEEDS_A_CULPRIT or same in seen:
                aside.setdefault(
                    pool, f"Set aside since attempt {attempt.number}: {failure.detail}."
                )
            seen.add(same)
    return aside


def _quote_of(attempt: Attempt, pool: Pubkey) -> Quote | None:
    """What the pool had answered, whenever that was: the same answer means the same state."""
    legs = attempt.route.legs if attempt.route else ()
    quotes = (leg.quote for leg in legs if leg.quote.pool == pool)
    return next((replace(quote, context_slot=Slot(0)) for quote in quotes), None)


def is_timed_out(execution: Execution, now_ms: int, limits: RetryLimits) -> bool:
    """Is it too late for a new attempt? An order that never left the queue has all the time it
    needs.
    """
    if not execution.attempts:
        return False
    return now_ms - execution.attempts[0].started_at_ms > limits.order_timeout_ms


def timed_out(limits: RetryLimits, last: Failure | None) -> OrderFailed:
    """The order's end when its time is up, with what went wrong last."""
    after = f"; the last attempt ended with {last.reason.value}: {last.detail}" if last else ""
    return OrderFailed(
        reason=FailureReason.ORDER_TIMED_OUT,
        detail=f"no new attempt may start {limits.order_timeout_ms} ms after the first{after}",
    )
