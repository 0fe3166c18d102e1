"""What every handler works with: the ports, the health checks and the limits, joined once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Request, WebSocket
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from landfall.api.guard import LOOPBACK_HOSTS
from landfall.core.values import BasisPoints
from landfall.ports import Feed, Reader, World

HttpRequest = Request[Any, Any, State]
Socket = WebSocket[Any, Any, State]

SLIPPAGE_BPS_DEFAULT = BasisPoints(50)

HealthChecks = Mapping[str, Callable[[], Awaitable[None]]]
"""Parts by name (database, chain, queue, worker); each returns if well and raises if not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiConfig:
    """Limits and names of the API.

    Args:
        allowed_hosts: names this server answers to, without port and in lower case; also the
            hosts whose pages may submit orders.
        account: whose orders these are where no key is needed.
        slippage_bps_default: the bound of an order that names none.
        body_bytes_max: larger bodies are refused unread.
        send_timeout_ms: how long one WebSocket message may wait for a slow reader.
        first_message_timeout_ms: how long a WebSocket may wait before it sends its order.
        health_timeout_ms: how long one health check may take.
    """

    allowed_hosts: frozenset[str] = LOOPBACK_HOSTS
    account: str = "local"
    slippage_bps_default: BasisPoints = SLIPPAGE_BPS_DEFAULT
    body_bytes_max: int = 64 * 1024
    send_timeout_ms: int = 10_000
    first_message_timeout_ms: int = 10_000
    health_timeout_ms: int = 2_000


@dataclass(slots=True)
class Sockets:
    """How many WebSockets this process holds open."""

    open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything a handler may use."""

    world: World
    reader: Reader
    feed: Feed
    health: HealthChecks
    config: ApiConfig
    sockets: Sockets = field(default_factory=Sockets)


GivenParts = NamedDependency[SkipValidation[Parts]]
"""How a handler asks for the parts; they are checked when the application is built."""
