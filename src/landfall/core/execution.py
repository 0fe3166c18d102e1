"""What became of an order: its attempts, its fill and its status, folded from its events.

An Attempt is one pass routing → building → submitted with at most one signature. Everything here is
rebuilt by `lifecycle/evolve.py` from the log and from nothing else.
"""

from dataclasses import dataclass
from enum import Enum

from landfall.core.errors import FailureReason
from landfall.core.order import Order
from landfall.core.quote import Quote, Refused, Route
from landfall.core.values import (
    BaseUnits,
    BasisPoints,
    BlockHeight,
    Lamports,
    Pubkey,
    Signature,
    Slot,
)

NO_LAMPORTS = Lamports(0)


class Status(Enum):
    """Where an order stands. A status says what to do next; see `lifecycle/transitions.py`."""

    PENDING = "pending"
    ROUTING = "routing"
    BUILDING = "building"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an order costs besides its amount.

    `fee_lamports` is what the cluster charged, landed well or badly; `tip_lamports` what was paid
    to have it land; `rent_lamports` what the wallet's new token accounts hold, and give back when
    they are closed.
    """

    fee_lamports: Lamports = NO_LAMPORTS
    tip_lamports: Lamports = NO_LAMPORTS
    rent_lamports: Lamports = NO_LAMPORTS

    @property
    def total_lamports(self) -> Lamports:
        """All of it."""
        return Lamports(self.fee_lamports + self.tip_lamports + self.rent_lamports)

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            fee_lamports=Lamports(self.fee_lamports + other.fee_lamports),
            tip_lamports=Lamports(self.tip_lamports + other.tip_lamports),
            rent_lamports=Lamports(self.rent_lamports + other.rent_lamports),
        )


NO_COST = Cost()


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the route moved when it was simulated, before it was signed.

    `quoted_in_amount` and `quoted_out_amount` are what the route's pools said of the same trade on
    the newest state they were seen in; `quoted_slot` is its slot. Where they are not the route's
    own amounts, the pools have moved since it was chosen.
    """

    slot: Slot
    in_amount: BaseUnits
    out_amount: BaseUnits
    quoted_slot: Slot
    quoted_in_amount: BaseUnits
    quoted_out_amount: BaseUnits
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedTransaction:
    """The exact bytes that may be sent, and until which block height the ledger would take them.

    `min_context_slot` is the slot at which the blockhash was read: a node behind it does not know
    the hash. `tip_lamports` is what the bytes pay, on top of fees, if they succeed; `cost_most` is
    the most that they can cost.
    """

    signature: Signature
    raw: bytes
    blockhash: str
    last_valid_block_height: BlockHeight
    min_context_slot: Slot
    tip_lamports: Lamports = NO_LAMPORTS
    cost_most: Cost = NO_COST


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What really moved, read from the transaction's own balance changes on chain.

    `in_amount` left the wallet's accounts, `out_amount` reached them; `fee_lamports` is what the
    cluster charged for the transaction, on top.
    """

    slot: Slot
    in_amount: BaseUnits
    out_amount: BaseUnits
    fee_lamports: Lamports


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt or an order came to nothing.

    `error` is the own name or number that `program` has for it, if any. `pools` are those at fault:
    the next attempt goes without them where that is sensible.
    """

    reason: FailureReason
    detail: str
    error: str | None = None
    logs: tuple[str, ...] = ()
    program: Pubkey | None = None
    pools: tuple[Pubkey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at filling the order. Fields appear in the order in which the attempt learns them.

    `slippage_bps` and its reason are what an automatic slippage came to, else None.
    """

    number: int
    started_at_ms: int
    quotes: tuple[Quote, ...]
    refused: tuple[Refused, ...]
    slippage_bps: BasisPoints | None = None
    slippage_reason: str | None = None
    route: Route | None = None
    route_reason: str | None = None
    simulated: Simulated | None = None
    transaction: SignedTransaction | None = None
    fill: Fill | None = None
    failure: Failure | None = None
    cost: Cost = NO_COST


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """An order and everything that has happened to it, as of `version` (the number of its last
    event).
    """

    order: Order
    status: Status
    version: int
    accepted_at_ms: int
    updated_at_ms: int
    attempts: tuple[Attempt, ...] = ()
    fill: Fill | None = None
    failure: Failure | None = None
    finalized_slot: Slot | None = None

    @property
    def attempt(self) -> Attempt:
        """The attempt in progress, or the last one."""
        return self.attempts[-1]

    @property
    def cost(self) -> Cost:
        """What all attempts together have cost."""
        return sum((attempt.cost for attempt in self.attempts), NO_COST)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """An Execution without its story: what a list of orders shows of each.

    `signature`, `dex` and `venue` are of the last attempt that got so far.
    """

    order: Order
    status: Status
    version: int
    accepted_at_ms: int
    updated_at_ms: int
    attempts: int
    signature: Signature | None = None
    dex: str | None = None
    venue: str | None = None
    fill: Fill | None = None
    failure: Failure | None = None
    finalized_slot: Slot | None = None


def summarize(execution: Execution) -> OrderSummary:
    """The summary of an Execution as it stands."""
    attempt = execution.attempts[-1] if execution.attempts else None
    leg = attempt.route.legs[0].quote if attempt and attempt.route else None
    return OrderSummary(
        order=execution.order,
        status=execution.status,
        version=execution.version,
        accepted_at_ms=execution.accepted_at_ms,
        updated_at_ms=execution.updated_at_ms,
        attempts=len(execution.attempts),
        signature=attempt.transaction.signature if attempt and attempt.transaction else None,
        dex=leg.dex if leg else None,
        venue=leg.venue if leg else None,
        fill=execution.fill,
        failure=execution.failure,
        finalized_slot=execution.finalized_slot,
    )
