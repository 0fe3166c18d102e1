"""What every handler works with: the ports, the health checks and the limits, joined once."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from litestar import Request, WebSocket
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from landfall.api.access import Access
from landfall.api.admission import Admission
from landfall.api.guard import LOOPBACK_HOSTS
from landfall.api.market_wire import LatestMarket
from landfall.api.shared_frames import SharedFrames
from landfall.api.welcome import Welcome
from landfall.core.values import BasisPoints, Pubkey
from landfall.ports import Feed, Reader, World

HttpRequest = Request[Any, Any, State]
Socket = WebSocket[Any, Any, State]

SLIPPAGE_BPS_DEFAULT = BasisPoints(50)

HealthChecks = Mapping[str, Callable[[], Awaitable[None]]]
"""Parts by name (database, chain, queue, worker); each returns if well and raises if not."""


def _always() -> bool:
    return True


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """The chain behind the engine. `rpc_url` is None unless it may be shown."""

    name: str
    genesis_hash: str
    rpc_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """Limits and names of the API. A limit of 0 is none.

    Args:
        allowed_hosts: names this server answers to, without port and in lower case.
        allowed_origins: pages that may use this API from elsewhere, as `scheme://host[:port]`; a
            page of the very host and port it talks to always may.
        anonymous: the account of callers without a key; None if every caller needs one.
        wallet: the address that trades; None where this process does not know it.
        cluster: the chain behind the engine.
        slippage_bps_default: the bound of an order that names none.
        body_bytes_max: larger bodies are refused unread.
        requests_per_key, requests_per_address: requests a minute.
        sockets_per_key, sockets_per_address: open WebSockets.
        waiting_orders_max: orders never started, of everybody; beyond it new ones are refused.
        open_orders_max: orders of one key's account that have not ended.
        paced_from: from how many waiting orders on accepting keeps pace with completing.
        busy_from: with how many orders in hand a worker is busy.
        has_room: whether there is room on the disk for new orders.
        is_draining: whether this process has been told to stop.
        worker_metrics: asks the worker beside this process for its metrics; None if it is silent.
        placed: is told of each request that placed an order: its id, the request's headers, and
            when it began, in nanoseconds since the Unix epoch.
        send_timeout_ms: how long one WebSocket message may wait for a slow reader.
        first_message_timeout_ms: how long a WebSocket may wait before it sends its order.
        recheck_ms: how often the key of an open WebSocket is looked at again.
        health_timeout_ms: how long one health check may take.
        rate_limit, concurrency: of the workers, as far as this process knows; for people.
        console_port: where, on this host, browsers are sent that ask for `/`; None for nowhere.
    """

    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS
    allowed_origins: frozenset[str] = frozenset()
    anonymous: str | None = "local"
    wallet: Pubkey | None = None
    cluster: ClusterFacts = ClusterFacts(name="unknown", genesis_hash="", rpc_url=None)
    slippage_bps_default: BasisPoints = SLIPPAGE_BPS_DEFAULT
    body_bytes_max: int = 64 * 1024
    requests_per_key: int = 0
    requests_per_address: int = 0
    sockets_per_key: int = 0
    sockets_per_address: int = 0
    waiting_orders_max: int = 0
    open_orders_max: int = 0
    paced_from: int = 0
    busy_from: int = 1
    has_room: Callable[[], bool] = _always
    is_draining: Callable[[], bool] = _never
    worker_metrics: Callable[[], Awaitable[bytes | None]] | None = None
    placed: Callable[[UUID, Mapping[str, str], int], None] | None = None
    send_timeout_ms: int = 10_000
    first_message_timeout_ms: int = 10_000
    recheck_ms: int = 2_000
    health_timeout_ms: int = 2_000
    rate_limit: int = 0
    concurrency: int = 0
    console_port: int | None = None


@dataclass(slots=True)
class Sockets:
    """The WebSockets this process holds open: how many, and by whom."""

    open: int = 0
    by_key: Counter[str] = field(default_factory=Counter)
    by_address: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a handler may use."""

    world: World
    reader: Reader
    feed: Feed
    frames: SharedFrames
    access: Access
    welcome: Welcome
    admission: Admission
    market: LatestMarket
    health: HealthChecks
    config: ApiConfig
    sockets: Sockets = field(default_factory=Sockets)


GivenParts = NamedDependency[SkipValidation[Parts]]
"""How a handler asks for the parts; they are checked when the application is built."""
