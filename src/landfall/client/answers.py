"""The engine's answers as frozen, typed values; fields a newer engine adds are passed over.

Units: amounts, prices and fractions are exact `Decimal`s in the tokens' own units.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from landfall.client.answer import Answer
from landfall.client.route_answers import Route

TERMINAL = frozenset({"confirmed", "failed", "cancelled", "expired"})
"""Statuses after which nothing more is to be waited for."""


class Accepted(Answer, frozen=True, kw_only=True):
    """The order is durable; `replayed` if it already was, under the same client order id."""

    order_id: UUID
    status: str
    timestamp: datetime
    replayed: bool = False


class Token(Answer, frozen=True, kw_only=True):
    """A mint."""

    symbol: str | None
    mint: str
    decimals: int

    @property
    def name(self) -> str:
        """What to call it: the symbol, or the mint's address."""
        return self.symbol or self.mint


class Quote(Answer, frozen=True, kw_only=True):
    """One pool's answer.

    `fee` is None if it is in neither token; `behind_bps` is how much worse than the best it is.
    """

    dex: str
    venue: str
    pool: str
    price: Decimal | None
    amount_in: Decimal
    amount_out: Decimal
    fee: Decimal | None
    fee_mint: str
    price_impact: Decimal
    behind_bps: int
    context_slot: int


class Refused(Answer, frozen=True, kw_only=True):
    """A pool that would not do the swap."""

    dex: str
    venue: str
    pool: str
    error: str
    reason: str


class Preview(Answer, frozen=True, kw_only=True):
    """What an order would get now; `route` is None where no pool can fill it."""

    token_in: Token
    token_out: Token
    swap_mode: str
    amount: Decimal
    slippage_bps: int
    quotes: list[Quote]
    refused: list[Refused]
    route: Route | None
    reason: str
    context_slot: int


class Transaction(Answer, frozen=True, kw_only=True):
    """A signed transaction."""

    tx_hash: str
    last_valid_block_height: int


class Fill(Answer, frozen=True, kw_only=True):
    """What really moved; `fee` is in SOL."""

    slot: int
    executed_price: Decimal | None
    amount_in: Decimal
    amount_out: Decimal
    fee: Decimal


class Cost(Answer, frozen=True, kw_only=True):
    """What was paid beside the amount, in lamports; `total` is the sum in SOL."""

    fee_lamports: Decimal
    tip_lamports: Decimal
    rent_lamports: Decimal
    total: Decimal


class Simulated(Answer, frozen=True, kw_only=True):
    """What the route moved in simulation; `vs_quote_bps` above 0 is better than the quote."""

    slot: int
    amount_in: Decimal
    amount_out: Decimal
    vs_quote_bps: Decimal


class Failure(Answer, frozen=True, kw_only=True):
    """Why something came to nothing."""

    code: str
    error: str
    program_error: str | None
    program: str | None = None
    pools: list[str] = msgspec.field(default_factory=list)


class Attempt(Answer, frozen=True, kw_only=True):
    """One try at filling an order."""

    number: int
    started_at: datetime
    quotes: list[Quote]
    refused: list[Refused]
    route: Route | None
    reason: str | None
    transaction: Transaction | None
    fill: Fill | None
    failure: Failure | None
    cost: Cost | None = None
    slippage_bps: int | None = None
    slippage_reason: str | None = None
    simulated: Simulated | None = None
    fill_vs_quote_bps: Decimal | None = None


class LogEvent(Answer, frozen=True, kw_only=True):
    """One fact of an order's log, as recorded."""

    version: int
    type: str
    recorded_at_ms: int
    ends_commit: bool
    data: dict[str, Any]


class Order(Answer, frozen=True, kw_only=True):
    """An order and how it stands."""

    order_id: UUID
    status: str
    version: int
    type: str
    token_in: str
    token_out: str
    swap_mode: str
    amount: Decimal
    amount_in: Decimal | None
    amount_out: Decimal | None
    slippage: Decimal
    priority: int
    client_order_id: str | None
    user_id: str | None
    created_at: datetime
    updated_at: datetime
    attempt_count: int
    dex: str | None
    venue: str | None
    tx_hash: str | None
    executed_price: Decimal | None
    fill: Fill | None
    failure: Failure | None
    finalized_slot: int | None


class OrderDetail(Order, frozen=True, kw_only=True):
    """An order with its attempts, its log, and what all of it cost."""

    cost: Cost
    attempts: list[Attempt]
    events: list[LogEvent]


class OrderPage(Answer, frozen=True, kw_only=True):
    """One page of orders, newest first."""

    orders: list[Order]
    next_cursor: str | None


class Update(Answer, frozen=True, kw_only=True):
    """One change of an order; what `data` holds depends on `status`.

    `cursor` is where to resume the stream of all orders.
    """

    order_id: UUID
    status: str
    version: int
    timestamp: datetime
    data: dict[str, Any]
    cursor: str | None = None

    @property
    def ends_the_order(self) -> bool:
        """Whether nothing more is to be waited for."""
        return self.status in TERMINAL


class Start(Answer, frozen=True, forbid_unknown_fields=True):
    """Where a stream of all orders begins; said first where it was asked for from now on."""

    cursor: str


class PartHealth(Answer, frozen=True, kw_only=True):
    """How one part of the engine is."""

    ok: bool
    latency_ms: float
    error: str | None


class Health(Answer, frozen=True, kw_only=True):
    """How the engine is; `status` is ok only if every part is."""

    status: str
    checks: dict[str, PartHealth]
