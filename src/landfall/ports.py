"""The outside world on one page: everything the pipeline may ask for, and nothing it may do itself.

Each port is what the story of an order needs, not what a technology offers. The adapters are in
`chain/`, `wallet/`, `store/` and `queue/`; `bootstrap.py` joins them. Every method may raise
`Unavailable` (nothing happened, ask again later) unless it says otherwise.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol
from uuid import UUID

from landfall.access import ApiKey
from landfall.core.events import Event, Recorded
from landfall.core.execution import Execution, OrderSummary, SignedTransaction, Status
from landfall.core.ledger.answers import (
    AccountsAt,
    Evidence,
    Finalized,
    LandedTransaction,
    Landing,
    LatestBlockhash,
    Simulation,
)
from landfall.core.ledger.tips import Tip
from landfall.core.ledger.transaction import Form
from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.order import Order, OrderType
from landfall.core.quote import Quote, Refused
from landfall.core.routing.supplies import Supplies
from landfall.core.slippage import PriceAt
from landfall.core.token import Token
from landfall.core.values import (
    ChainClock,
    Commitment,
    Lamports,
    ProgramAccountsFilter,
    Pubkey,
    Signature,
    Slot,
)
from landfall.core.venue import AnyVenue, Pool

# ── The chain ────────────────────────────────────────────────────────────────────────────────────


class ChainClient(Protocol):
    """Reading the cluster. Reads are at `confirmed` unless the method says otherwise."""

    async def genesis_hash(self) -> str: ...

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt: ...

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        """Addresses of the accounts that match, in no particular order."""
        ...

    async def latest_blockhash(self) -> LatestBlockhash: ...

    async def simulate(self, raw: bytes) -> Simulation:
        """Run a transaction without recording it; its signatures are not checked."""
        ...


class Witness(Protocol):
    """One provider of the chain, asked alone, so that its answers can be held against one another
    and against those of others. Its `name` holds no secret.

    Each method answers or raises Unavailable within about a second, so that one that is silent
    keeps nobody from hearing the others.
    """

    @property
    def name(self) -> str: ...

    async def testify(self, signature: Signature) -> Evidence:
        """What it knows of a signature, searched in its whole history, and how far it is final."""
        ...

    async def transaction(self, signature: Signature) -> LandedTransaction | None: ...


@dataclass(frozen=True, slots=True)
class LoadedPool:
    """A pool together with the venue that understands it."""

    venue: AnyVenue
    pool: Pool


@dataclass(frozen=True, slots=True)
class PoolsAt:
    """Pools, each whole as of one slot, and the cluster's newest clock.

    `slot` is the oldest of theirs. `left_out` are not tradable, and say why. `supplies` is what
    the pools offer, for the router.
    """

    slot: Slot
    clock: ChainClock
    pools: tuple[LoadedPool, ...]
    left_out: tuple[Refused, ...]
    supplies: Supplies = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "supplies", Supplies(self.pools, self.clock))


class History(Protocol):
    """What the wallet has done on chain, whoever made it do so."""

    async def finalized(self) -> Finalized: ...

    async def since(self, slot: Slot) -> tuple[Landing, ...]:
        """Confirmed transactions that name the wallet and landed after `slot`, newest first."""
        ...

    async def programs_called(self, signature: Signature) -> frozenset[Pubkey] | None:
        """The programs that a transaction calls; None if the wallet has not signed it."""
        ...


class Pools(Protocol):
    """The pools of every venue, as fresh as this cluster lets us see them."""

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools that trade the two mints against one another."""
        ...

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools that lead from one mint to the other in one swap or two.

        Those that trade the two, and those that trade either of them against a third mint which
        both have a pool with.
        """
        ...

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        """These pools, wherever they trade."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPools:
    """The answer to a search of a program's accounts, and when it was given (database time)."""

    addresses: tuple[Pubkey, ...]
    found_at_ms: int


class PoolBook(Protocol):
    """What searches for pools found, and how far the chain has got; shared by all workers and
    outliving them.
    """

    async def found(
        self, questions: Sequence[ProgramAccountsFilter]
    ) -> Mapping[ProgramAccountsFilter, FoundPools]:
        """The newest answers to these questions, however old; none where none was recorded."""
        ...

    async def record(self, question: ProgramAccountsFilter, found: FoundPools) -> None:
        """Replace an older answer."""
        ...

    async def newest_slot(self, seen: Slot) -> Slot:
        """The newest slot that any worker has seen of late, given the newest one seen here."""
        ...


class Sender(Protocol):
    """The only way out for bytes.

    Given the same bytes any number of times, the ledger takes them once.
    """

    async def send(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the cluster. Returning says nothing about landing.

        Raises:
            Unavailable: they surely did not leave.
            OutcomeUnknown: they may have arrived.
        """
        ...


class Fees(Protocol):
    """What it takes at the moment to be taken early. A hint about the market: neither raises."""

    async def compute_unit_price(self, writable: Sequence[Pubkey]) -> int:
        """Micro-lamports per compute unit, by what others lately paid to write these accounts."""
        ...

    async def tip(self) -> Tip | None:
        """The tip to put among the bytes (`tip_step`), or None where nobody is to be tipped."""
        ...


class Prices(Protocol):
    """What pools' prices were in the last slots, as far as this process asked. Neither raises."""

    def note(self, quotes: Iterable[Quote]) -> None:
        """Remember what these quotes say about prices."""
        ...

    def seen(self, quote: Quote) -> tuple[PriceAt, ...]:
        """What is remembered of this quote's pool, oldest first, in the quote's direction."""
        ...


class Forms(Protocol):
    """What transactions may be made of on this cluster. A hint: does not raise."""

    async def current(self) -> Form:
        """The active lookup tables among ours, and whether v1 transactions are taken."""
        ...


class Signer(Protocol):
    """The wallet: an address and a signature, never a key."""

    @property
    def address(self) -> Pubkey: ...

    def sign(self, message: bytes) -> Signature: ...


class Tokens(Protocol):
    """What a client's word for a token means on this cluster."""

    async def resolve(self, text: str) -> Token | None:
        """A known symbol, or a mint address that exists on chain; None for anything else."""
        ...


# ── The store ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased job: this worker alone may record events of this order until the lease ends.

    `fence` grows with every claim of the order; the log refuses an append under an old one.
    """

    order_id: UUID
    fence: int


class Finished(Enum):
    """Nothing more to do for this order; see `Next`."""

    FINISHED = "finished"


class Held(Enum):
    """The claim is kept, the next step follows at once; see `Next`."""

    HELD = "held"


@dataclass(frozen=True, slots=True)
class RunAfter:
    """The claim is given back and the job may be claimed again after this delay (database time)."""

    delay_ms: int


Next = Held | RunAfter | Finished
"""What becomes of the job in the commit that records the events."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A durable order. `replayed` is true when the same request had been accepted before."""

    execution: Execution
    replayed: bool


class EventLog(Protocol):
    """The log of every order, and the jobs that follow from it, changed in the same commits."""

    async def accept(self, order: Order) -> Acceptance:
        """Record `OrderAccepted` and the order's job in one commit.

        An order with the account and client order id of an earlier one is that earlier one, if what
        it asks is the same.

        Raises:
            OrderRejected: IDEMPOTENCY_CONFLICT, the same client order id with another request.
            OutcomeUnknown: the commit may have happened; asking again with the same order id is
            safe.
        """
        ...

    async def load(self, order_id: UUID) -> tuple[Recorded, ...]:
        """The order's whole log; empty if there is no such order."""
        ...

    async def standing(self, order_id: UUID) -> Claim | None:
        """The claim under which an append would pass just now, whoever holds it; None if the order
        has no job.

        For withdrawing an order: the next claim, or the next append, makes this one stale.
        """
        ...

    async def append(
        self, claim: Claim, execution: Execution, events: Sequence[Event], then: Next
    ) -> Execution:
        """Record events that follow `execution`, with what becomes of the job; return the new
        Execution.

        Raises:
            VersionConflict: somebody recorded version + 1 already, or the claim's fence is old.
            OutcomeUnknown: the commit may have happened; load the log to see.
        """
        ...


class Queue(Protocol):
    """Which orders have something to do. Leases are in database time, so clocks need not agree."""

    async def claim(self, limit: int) -> tuple[Claim, ...]:
        """Lease up to `limit` due jobs, by priority and then age, within the rate limit for new
        orders.
        """
        ...

    async def renew(self, claims: Sequence[Claim]) -> tuple[Claim, ...]:
        """Extend leases; the answer holds those that are still ours."""
        ...

    async def release(self, claim: Claim, delay_ms: int) -> None:
        """Give a claim back, to be claimed again after the delay.

        Harmless if it is no longer ours.
        """
        ...

    async def wait(self, timeout_ms: int) -> None:
        """Return when there may be something to claim, or after the time-out."""
        ...


class WalletRecord(Protocol):
    """What this database knows of the wallet's trades, to be held against the chain's history."""

    async def mark(self) -> Slot | None:
        """Up to which slot the wallet's history is accounted for."""
        ...

    async def set_mark(self, slot: Slot) -> None:
        """Account for everything up to this slot; a mark never goes back."""
        ...

    async def unknown(self, signatures: Sequence[Signature]) -> frozenset[Signature]:
        """Those that no attempt on record has."""
        ...

    async def open_orders(self) -> tuple[UUID, ...]:
        """Orders that have not ended, oldest first."""
        ...

    async def silence_ms(self) -> int | None:
        """For how long no worker has shown itself here; None if none ever did."""
        ...


# ── What clients read ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders to list, newest first. `cursor` is opaque and comes from an earlier page.

    `search` is an order's id, its client order id, or the signature of one of its transactions.
    """

    account: str | None = None
    status: Status | None = None
    order_type: OrderType | None = None
    user_id: str | None = None
    search: str | None = None
    limit: int = 50
    offset: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page of orders, newest first."""

    orders: tuple[OrderSummary, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """How the work stands: counts of orders by what is happening to them.

    `workers` have claimed or renewed something lately.
    """

    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    cancelled: int
    started_last_minute: int
    workers: int


class Reader(Protocol):
    """Reading orders.

    Never part of an order's story, so never a reason for anything to fail there.
    """

    async def log(self, order_id: UUID) -> tuple[Recorded, ...]: ...

    async def orders(self, wanted: OrderFilter) -> OrderPage: ...

    async def stats(self) -> QueueStats: ...

    async def load(self, account: str, most: int) -> "Load":
        """What there is to do, counted up to `most`."""
        ...

    async def reserved(self) -> tuple["Reserved", ...]:
        """What open orders of all accounts may still take, by token."""
        ...

    async def workers(self) -> tuple["WorkerSeen", ...]:
        """The processes that carry orders, or did until some minutes ago."""
        ...

    async def market(self) -> "MarketRecord": ...

    async def ping(self) -> None:
        """Return if the database answers."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """A process that carries orders: how many it holds, and for how long it was not heard of."""

    name: str
    orders: int
    silent_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What open orders may still take of one token: `amount` sums the inputs that are fixed."""

    token: Token
    orders: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What there is to do: orders never started, of everybody; and open orders of one account.

    `active` are in some worker's hands just now; `ended` counts every order that ever did,
    `workers` those who have shown themselves lately.
    """

    waiting: int
    open_of_account: int
    active: int
    ended: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRecord:
    """How one venue did in the latest attempts.

    `quotes` and `refusals` count its pools' answers, `asked` the attempts in which it gave any, and
    `won` those whose route went through it; of these, `confirmed` and `failed` have ended.
    Latencies are from the market's answer to the confirmation, in milliseconds; None without one.
    Volumes are what its legs of confirmed routes were quoted to move, by mint, in base units.
    """

    venue: str
    dex: str
    quotes: int
    refusals: int
    asked: int
    won: int
    confirmed: int
    failed: int
    latency_p50_ms: int | None
    latency_p99_ms: int | None
    volume_in: Mapping[Pubkey, int]
    volume_out: Mapping[Pubkey, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How far the best quotes of two exchanges lay apart, in the attempts in which both had one.

    `better` counts those in which `dex` was better than `other`. The averages are parts per million
    of the worse quote, rounded down: what routing won over always taking the wrong one.
    """

    dex: str
    other: str
    attempts: int
    better: int
    average_ppm: int
    max_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketRecord:
    """How venues did in the latest `attempts` attempts."""

    attempts: int
    venues: tuple[VenueRecord, ...]
    spreads: tuple[Spread, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A commit, and the cursor to follow on from there."""

    cursor: str
    commit: tuple[Recorded, ...]


class Feed(Protocol):
    """Following an order: what was missed first, then what comes, each commit once and in order."""

    def follow(self, order_id: UUID, after: int) -> AsyncGenerator[tuple[Recorded, ...], None]:
        """Commits whose last version is above `after` (-1 for all). Ends after a terminal status.

        A reader too slow to keep up is not waited for: it gets what it missed from the log.
        """
        ...

    def follow_all(self, account: str | None, after: str | None) -> AsyncGenerator[Told, None]:
        """Every commit of an account's orders, or of all orders (None), as they are recorded.

        Never ends. `after` is the cursor of an earlier one; without it, from now on.

        Raises:
            OrderRejected: `after` is no cursor.
        """
        ...


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A ticket was good; `key_id` is whose it was, None where no key is needed."""

    key_id: str | None


class Keys(Protocol):
    """API keys, and the tickets with which a browser opens a WebSocket."""

    async def find(self, key_id: str) -> ApiKey | None:
        """The key with this id, good or not."""
        ...

    async def used(self, key_id: str) -> None:
        """Note that the key was used."""
        ...

    async def add_ticket(self, ticket: str, key_id: str | None, lifetime_ms: int) -> None:
        """Make a ticket good, once and for this long."""
        ...

    async def redeem(self, ticket: str) -> Redeemed | None:
        """Use a ticket up; None if there is no such ticket any more."""
        ...


# ── Time, limits, and all of it together ─────────────────────────────────────────────────────────


class Clock(Protocol):
    """Wall-clock milliseconds and sleeping; virtual in simulations."""

    def now_ms(self) -> int: ...

    async def sleep_ms(self, delay_ms: int) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, how often, how much. Units are in the names; slots are slots, never seconds.

    Above `agreement_above_lamports` two providers must agree on what became of an order. A landed
    failure counts, so that another transaction may be signed, at `failure_counts_at`.
    """

    retry: RetryLimits
    quote_age_slots_max: int
    status_poll_ms: int
    rebroadcast_ms: int
    finality_poll_ms: int
    agreement_above_lamports: Lamports
    failure_counts_at: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything an order's story may touch.

    `new_order_id` gives UUIDs in the order of their making.
    """

    chain: ChainClient
    witnesses: tuple[Witness, ...]
    pools: Pools
    sender: Sender
    signer: Signer
    tokens: Tokens
    fees: Fees
    forms: Forms
    prices: Prices
    log: EventLog
    clock: Clock
    new_order_id: Callable[[], UUID]
    limits: Limits
