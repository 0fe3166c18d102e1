"""Which ways back a history took. A way that no history ever takes is not tested by any of them."""

from collections import Counter
from collections.abc import Iterator

from landfall.core.errors import FailureReason
from landfall.core.events import (
    AttemptFailed,
    OrderFailed,
    TransactionConfirmed,
    TransactionExpired,
    TransactionReverted,
)
from tests.simulation.history import History
from tests.simulation.oracle import Story, stories_of

WAYS = (
    "filled at the first attempt",
    "expired, tried again and filled",
    "failed on the ledger, tried again and filled",
    "failed in simulation, tried again",
    "quote too old, asked again",
    "price moved past the bound on the ledger",
    "given up after its attempts",
    "given up when its time was up",
    "taken over from a silent worker while pending",
    "taken over from a silent worker while routing",
    "taken over from a silent worker while building",
    "taken over from a silent worker while submitted",
    "taken over from a silent worker while confirmed",
    "a fenced worker's facts refused",
    "a worker told that its lease is lost",
    "a lost commit ended before it could happen",
    "a lost commit happened after all",
    "same bytes sent again",
    "an order asked for again found the first",
    "a client left not knowing, and not asking again",
    "a second copy ignored by the ledger",
    "bytes refused by the ledger after expiry",
    "landed again after a rollback",
    "told to stop in the middle of an order",
    "a blockhash that would live for ever refused",
    "a blockhash from before what is final refused",
    "verdict withheld: too few",
    "verdict withheld: contradiction",
    "verdict withheld: short history",
)


def recoveries(history: History) -> Counter[str]:
    """How often this history took each way."""
    ways = Counter(history.ways)
    for story in stories_of(history):
        ways.update(_of_order(story))
    database, ledger = history.database, history.ledger
    for claim in database.tables.claims:
        if claim.lapsed_from is not None:
            ways[f"taken over from a silent worker while {claim.status}"] += 1
    ways["a fenced worker's facts refused"] += database.tables.conflicts
    ways["a worker told that its lease is lost"] += database.tables.leases_lost
    ways["a lost commit ended before it could happen"] += database.ended_in_time
    ways["a lost commit happened after all"] += database.straggled - database.ended_in_time
    ways["same bytes sent again"] += sum(sent.times > 1 for sent in history.watch.sent.values())
    for wish in history.wishes:
        ways["an order asked for again found the first"] += wish.replayed
        ways["a client left not knowing, and not asking again"] += wish.done and not wish.told
    ways["a second copy ignored by the ledger"] += ledger.counts.ignored_again
    ways["bytes refused by the ledger after expiry"] += ledger.counts.refused_expired
    ways["landed again after a rollback"] += ledger.counts.landed_again_after_rollback
    return ways


def _of_order(story: Story) -> Iterator[str]:
    expired = reverted = failed = False
    for recorded in story.log:
        match recorded.event:
            case TransactionExpired():
                expired = True
            case TransactionReverted(reason=reason):
                reverted = True
                if reason is FailureReason.SLIPPAGE_EXCEEDED:
                    yield "price moved past the bound on the ledger"
            case AttemptFailed(reason=FailureReason.STALE_QUOTE):
                yield "quote too old, asked again"
            case AttemptFailed():
                failed = True
            case TransactionConfirmed(attempt=number):
                if number == 1:
                    yield "filled at the first attempt"
                if expired:
                    yield "expired, tried again and filled"
                if reverted:
                    yield "failed on the ledger, tried again and filled"
                if failed:
                    yield "failed in simulation, tried again"
            case OrderFailed(reason=FailureReason.ORDER_TIMED_OUT):
                yield "given up when its time was up"
            case OrderFailed():
                yield "given up after its attempts"
            case _:
                continue
