"""What the log's two writing statements take: an array for each column, an element for each order,
append or fact of a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core.events import Event, Recorded, TransactionSigned
from landfall.core.execution import Execution
from landfall.core.lifecycle.transitions import TERMINAL
from landfall.core.order import Order
from landfall.ports import Claim, Finished, Held, Next, RunAfter
from landfall.store.hints import write_hint
from landfall.store.projection import columns


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order to be made durable, with its own and its first fact's JSON."""

    order: Order
    request_hash: bytes
    body: str
    fact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFacts:
    """What follows `before`, in one commit.

    `facts` are as they will be recorded, but none later than the database says that it is; `bodies`
    are their JSON.
    """

    claim: Claim
    before: Execution
    after: Execution
    facts: tuple[Recorded, ...]
    bodies: tuple[str, ...]
    then: Next


def accept_arguments(batch: Sequence[NewOrder]) -> tuple[object, ...]:
    """What `accept` takes, in its order."""
    orders = [wanted.order for wanted in batch]
    return (
        [order.order_id for order in orders],
        [order.account for order in orders],
        [order.client_order_id for order in orders],
        [wanted.request_hash for wanted in batch],
        [order.user_id for order in orders],
        [order.order_type.value for order in orders],
        [order.priority for order in orders],
        [wanted.body for wanted in batch],
        [wanted.fact for wanted in batch],
        write_hint((order.order_id, 0) for order in orders),
    )


def append_arguments(batch: Sequence[NewFacts]) -> tuple[object, ...]:
    """What `append` takes, in its order."""
    shown = [columns(append.after) for append in batch]
    facts = [
        (place, fact, body)
        for place, append in enumerate(batch, start=1)
        for fact, body in zip(append.facts, append.bodies, strict=True)
    ]
    return (
        [append.claim.order_id for append in batch],
        [append.claim.fence for append in batch],
        [append.before.version for append in batch],
        [_ends(append) for append in batch],
        [_job(append.then) for append in batch],
        [append.then.delay_ms if isinstance(append.then, RunAfter) else 0 for append in batch],
        *map(list, zip(*shown, strict=True)),
        [place for place, _, _ in facts],
        [fact.version for _, fact, _ in facts],
        [type(fact.event).__name__ for _, fact, _ in facts],
        [getattr(fact.event, "attempt", None) for _, fact, _ in facts],
        [_signature(fact.event) for _, fact, _ in facts],
        [body for _, _, body in facts],
        [fact.ends_commit for _, fact, _ in facts],
        [fact.recorded_at_ms for _, fact, _ in facts],
        write_hint((append.claim.order_id, append.after.version) for append in batch),
    )


def _signature(event: Event) -> str | None:
    return str(event.transaction.signature) if isinstance(event, TransactionSigned) else None


def _ends(append: NewFacts) -> bool:
    return append.after.status in TERMINAL and append.before.status not in TERMINAL


def _job(then: Next) -> str:
    match then:
        case Held.HELD:
            return "held"
        case RunAfter():
            return "run_after"
        case Finished.FINISHED:
            return "finished"
