"""The engine's answers about itself: its queue, its chain, its wallet, its tokens.

Units: amounts are exact `Decimal`s in the tokens' own units; latencies are milliseconds.
"""

from datetime import datetime
from decimal import Decimal

from landfall.client.answer import Answer
from landfall.client.answers import Token


class Queue(Answer, frozen=True, kw_only=True):
    """How the work stands: orders by what is happening to them.

    `rate` counts orders started in the last minute, and `workers` those that lately did something;
    None where the engine does not say.
    """

    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    rate: int
    web_socket_connections: int
    cancelled: int = 0
    workers: int | None = None


class Ticket(Answer, frozen=True, kw_only=True):
    """Opens one WebSocket as `?ticket=`, for whoever cannot send a key with it."""

    ticket: str
    expires_at: datetime


class Worker(Answer, frozen=True, kw_only=True):
    """A process that carries orders; `silent_ms` is how long it was not heard of."""

    name: str
    orders: int
    silent_ms: int


class Workers(Answer, frozen=True, kw_only=True):
    """The workers and their limits: orders at once for each, starts a minute for all (0: none)."""

    workers: list[Worker]
    concurrency: int
    rate: int
    rate_limit: int


class Cluster(Answer, frozen=True, kw_only=True):
    """The chain behind the engine, at commitment confirmed.

    `rpc_url` is None unless everybody may know it; `slot_age_ms` is how far the chain's own clock
    is behind the engine's.
    """

    name: str
    genesis_hash: str
    rpc_url: str | None
    slot: int
    slot_age_ms: int
    latency_ms: float


class Balance(Answer, frozen=True, kw_only=True):
    """What the wallet holds of a token, and what open orders may still take of it."""

    token: Token
    amount: Decimal
    reserved: Decimal
    open_orders: int


class Wallet(Answer, frozen=True, kw_only=True):
    """The wallet that trades; `address` is None where the engine's API holds none."""

    address: str | None
    balances: list[Balance]


class TokenList(Answer, frozen=True, kw_only=True):
    """The tokens that go by a symbol."""

    tokens: list[Token]


class TokenRisks(Answer, frozen=True, kw_only=True):
    """What to know of a mint before buying it: `risks` are sentences, empty if none was found."""

    token: Token
    is_known: bool
    risks: list[str]


class Venue(Answer, frozen=True, kw_only=True):
    """How a venue did in the latest attempts; rates are fractions, None where nothing is known."""

    venue: str
    dex: str
    quotes: int
    refusals: int
    attempts: int
    won: int
    win_rate: Decimal | None
    confirmed: int
    failed: int
    success_rate: Decimal | None
    latency_p50_ms: int | None
    latency_p99_ms: int | None


class Spread(Answer, frozen=True, kw_only=True):
    """How far the best pools of two exchanges were apart; spreads are fractions of the output."""

    dex: str
    other: str
    attempts: int
    better: int
    average_spread: Decimal
    max_spread: Decimal


class Market(Answer, frozen=True, kw_only=True):
    """How venues did in the engine's latest attempts, and how far exchanges were apart."""

    attempts: int
    venues: list[Venue]
    spreads: list[Spread]
