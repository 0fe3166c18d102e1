"""What clients read: orders, the work and the workers. Never part of an order's story."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from landfall.core.events import Recorded
from landfall.core.execution import OrderSummary, Status
from landfall.core.order import OrderType
from landfall.core.token import Token
from landfall.core.values import Pubkey
from landfall.ports.market_record import MarketRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders to list, newest first unless it is to be `oldest_first`.

    `token` is the mint on either side of an order. Orders were accepted from `since_ms` on and
    before `until_ms`, in milliseconds since the epoch. `search` is an order's id, its client order
    id, or the signature of one of its transactions. `cursor` is opaque and comes from an earlier
    page of the same list.
    """

    account: str | None = None
    status: Status | None = None
    order_type: OrderType | None = None
    user_id: str | None = None
    token: Pubkey | None = None
    token_in: Pubkey | None = None
    token_out: Pubkey | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    search: str | None = None
    oldest_first: bool = False
    limit: int = 50
    offset: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPage:
    """One page of orders, in the order that was asked for."""

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


class Reader(Protocol):
    """Reading orders.

    Never part of an order's story, so never a reason for anything to fail there.
    """

    async def log(self, order_id: UUID) -> tuple[Recorded, ...]: ...

    async def orders(self, wanted: OrderFilter) -> OrderPage: ...

    async def stats(self) -> QueueStats: ...

    async def load(self, account: str, most: int) -> Load:
        """What there is to do, counted up to `most`."""
        ...

    async def reserved(self) -> tuple[Reserved, ...]:
        """What open orders of all accounts may still take, by token."""
        ...

    async def workers(self) -> tuple[WorkerSeen, ...]:
        """The processes that carry orders, or did until some minutes ago."""
        ...

    async def market(self) -> MarketRecord: ...

    async def ping(self) -> None:
        """Return if the database answers."""
        ...
