"""Every JSON shape clients are answered with.

`wire.py` fills them; `scalars.py` gives the units. Those of the WebSocket are in `frames.py`.
"""

import msgspec

from landfall.api.costs import CostWire, SimulatedWire
from landfall.api.facts import RecordedWire
from landfall.api.route_shapes import RouteWire


class Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all shapes share: immutable, named in camelCase."""


class Accepted(Wire, frozen=True, kw_only=True):
    """The answer to a submitted order."""

    order_id: str
    status: str
    timestamp: str


class TokenWire(Wire, frozen=True, kw_only=True):
    """A mint as orders know it."""

    symbol: str | None
    mint: str
    decimals: int


class QuoteWire(Wire, frozen=True, kw_only=True):
    """One pool's answer.

    `price` is after the pool's fee; `fee` is in units of `feeMint`. `behindBps` is how much worse
    than the best quote it is, and so why it lost: 0 for the best, else rounded up.
    """

    dex: str
    venue: str
    pool: str
    price: str | None
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    fee: str | None
    fee_base_units: str
    fee_mint: str
    price_impact: str
    price_impact_bps: int
    behind_bps: int
    context_slot: int


class RefusedWire(Wire, frozen=True, kw_only=True):
    """A pool that would not do this swap."""

    dex: str
    venue: str
    pool: str
    error: str
    reason: str


class TransactionWire(Wire, frozen=True, kw_only=True):
    """A signed transaction, without its bytes."""

    tx_hash: str
    blockhash: str
    last_valid_block_height: int
    min_context_slot: int


class FillWire(Wire, frozen=True, kw_only=True):
    """What really moved, read from the ledger. `fee` is what the cluster charged, in SOL."""

    slot: int
    executed_price: str | None
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    fee: str
    fee_lamports: str


class FailureWire(Wire, frozen=True, kw_only=True):
    """Why something came to nothing: a machine code and a sentence.

    `programError` is the own name or number that `program` has for it; `pools` are those at fault.
    """

    code: str
    error: str
    program_error: str | None
    program: str | None
    pools: list[str]
    logs: list[str]


class AttemptWire(Wire, frozen=True, kw_only=True):
    """One try at filling the order; fields are null until the attempt gets there.

    `slippageBps` is the one in force, `slippageReason` how it came about where it is automatic.
    `fillVsQuoteBps` is how much better the fill is than the route's quote; negative is worse.
    """

    number: int
    started_at: str
    quotes: list[QuoteWire]
    refused: list[RefusedWire]
    route: RouteWire | None
    reason: str | None
    transaction: TransactionWire | None
    fill: FillWire | None
    failure: FailureWire | None
    fee_lamports: str
    cost: CostWire
    slippage_bps: int
    slippage_reason: str | None
    simulated: SimulatedWire | None
    fill_vs_quote_bps: str | None


class OrderWire(Wire, frozen=True, kw_only=True):
    """An order and how it stands.

    `amount` is what the client fixed; `amountIn` and `amountOut` are what was fixed or what really
    moved, null while unknown.
    """

    order_id: str
    status: str
    version: int
    type: str
    token_in: str
    token_out: str
    token_in_info: TokenWire
    token_out_info: TokenWire
    swap_mode: str
    amount: str
    amount_base_units: str
    amount_in: str | None
    amount_out: str | None
    slippage: str
    slippage_bps: int
    slippage_is_automatic: bool
    max_price_impact_bps: int | None
    max_fee_lamports: str | None
    priority: int
    client_order_id: str | None
    user_id: str | None
    created_at: str
    updated_at: str
    attempt_count: int
    dex: str | None
    venue: str | None
    tx_hash: str | None
    executed_price: str | None
    fill: FillWire | None
    failure: FailureWire | None
    finalized_slot: int | None


class OrderDetail(OrderWire, frozen=True, kw_only=True):
    """An order with its whole story; `cost` is what all its attempts came to."""

    cost: CostWire
    attempts: list[AttemptWire]
    events: list[RecordedWire]


class OrderList(Wire, frozen=True, kw_only=True):
    """One page of orders, newest first; `nextCursor` asks for the page after it."""

    orders: list[OrderWire]
    next_cursor: str | None


class QuoteAnswer(Wire, frozen=True, kw_only=True):
    """What an order would get now. `route` is null where nothing can fill it."""

    token_in: TokenWire
    token_out: TokenWire
    swap_mode: str
    amount: str
    amount_base_units: str
    slippage_bps: int
    quotes: list[QuoteWire]
    refused: list[RefusedWire]
    route: RouteWire | None
    reason: str
    context_slot: int


class QueueWire(Wire, frozen=True, kw_only=True):
    """How the work stands. `rate` is orders started within the last minute.

    `workers` are processes that carry orders; `webSocketConnections` are this process's own.
    """

    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    cancelled: int
    rate: int
    workers: int
    web_socket_connections: int


class QueueCounts(Wire, frozen=True, kw_only=True):
    """The counts as `/api/orders/stats` names them."""

    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int


class Connections(Wire, frozen=True, kw_only=True):
    """Open WebSockets of this process."""

    connections: int


class StatsWire(Wire, frozen=True, kw_only=True):
    """Queue and WebSocket counts in one answer."""

    queue: QueueCounts
    websocket: Connections


class Ticket(Wire, frozen=True, kw_only=True):
    """A ticket for one WebSocket: open it with `?ticket=` before `expiresAt`."""

    ticket: str
    expires_at: str


class VolumeWire(Wire, frozen=True, kw_only=True):
    """So much of one mint; `amount` is null for a mint whose decimals are not known here."""

    mint: str
    symbol: str | None
    amount: str | None
    base_units: str


class VenueWire(Wire, frozen=True, kw_only=True):
    """How one venue did lately.

    `winRate` is the share of the attempts that asked it whose route went through it. Latencies are
    from the market's answer to the confirmation, in milliseconds.
    """

    venue: str
    dex: str
    quotes: int
    refusals: int
    attempts: int
    won: int
    win_rate: str | None
    confirmed: int
    failed: int
    success_rate: str | None
    latency_p50_ms: int | None
    latency_p99_ms: int | None
    volume_in: list[VolumeWire]
    volume_out: list[VolumeWire]


class SpreadWire(Wire, frozen=True, kw_only=True):
    """How far the best quotes of two exchanges lay apart; fractions of the worse one."""

    dex: str
    other: str
    attempts: int
    better: int
    average_spread: str
    max_spread: str


class MarketWire(Wire, frozen=True, kw_only=True):
    """Venues and the spreads between exchanges, over the latest `attempts` attempts."""

    attempts: int
    venues: list[VenueWire]
    spreads: list[SpreadWire]
