"""The facts an order's log is made of. A fact only ever gains fields, with defaults.

Events say what happened, in the past tense, with everything needed to go on after a crash. They are
written before anyone hears of them. `Recorded` is an event with its place in the log.
"""

from dataclasses import dataclass
from uuid import UUID

from landfall.core.errors import FailureReason
from landfall.core.execution import NO_LAMPORTS, Fill, SignedTransaction, Simulated
from landfall.core.order import Order
from landfall.core.quote import Quote, Refused, Route
from landfall.core.values import BasisPoints, BlockHeight, Lamports, Pubkey, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccepted:
    """The order is durable; the client may be told."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingStarted:
    """Every pool of the pair has been asked. `quotes` are best first; `refused` would not trade.

    `slippage_bps` is what an automatic slippage came to, for the reason beside it.
    """

    attempt: int
    quotes: tuple[Quote, ...]
    refused: tuple[Refused, ...]
    context_slot: Slot
    slippage_bps: BasisPoints | None = None
    slippage_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSelected:
    """This route, for this reason (a sentence for people)."""

    attempt: int
    route: Route
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionSigned:
    """From here on the transaction may reach the ledger, whatever happens to us."""

    attempt: int
    transaction: SignedTransaction
    simulated: Simulated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionConfirmed:
    """The ledger executed it; `fill` is what moved."""

    attempt: int
    fill: Fill
    tip_lamports: Lamports = NO_LAMPORTS
    rent_lamports: Lamports = NO_LAMPORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionReverted:
    """The ledger executed it, the program refused, the fee was paid and nothing else moved."""

    attempt: int
    slot: Slot
    fee_lamports: Lamports
    reason: FailureReason
    detail: str
    error: str | None = None
    logs: tuple[str, ...] = ()
    program: Pubkey | None = None
    pools: tuple[Pubkey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionExpired:
    """It can never land: a finalized block is past its last valid height, and the ledger does not
    know it.

    `finalized_slot` and `finalized_height` are one answer; `context_slot` is the slot at which the
    signature was unknown, and is never before `finalized_slot`.
    """

    attempt: int
    finalized_slot: Slot
    finalized_height: BlockHeight
    context_slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFinalized:
    """The confirmed transaction is now final."""

    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed:
    """This attempt is over before anything was signed."""

    attempt: int
    reason: FailureReason
    detail: str
    error: str | None = None
    logs: tuple[str, ...] = ()
    program: Pubkey | None = None
    pools: tuple[Pubkey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryScheduled:
    """A new attempt will start after this delay."""

    next_attempt: int
    delay_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFailed:
    """Given up; nothing of it can land."""

    reason: FailureReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """Withdrawn by the client while nothing was in flight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired:
    """Its time in force ran out while nothing was in flight."""


Event = (
    OrderAccepted
    | RoutingStarted
    | RouteSelected
    | TransactionSigned
    | TransactionConfirmed
    | TransactionReverted
    | TransactionExpired
    | TransactionFinalized
    | AttemptFailed
    | RetryScheduled
    | OrderFailed
    | OrderCancelled
    | OrderExpired
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event in one order's log. Versions count from 0 without gaps.

    `ends_commit` marks the last event of a step: clients hear of steps, not of single events, and
    of each by itself, however many went to the record together.
    """

    order_id: UUID
    version: int
    recorded_at_ms: int
    event: Event
    ends_commit: bool
