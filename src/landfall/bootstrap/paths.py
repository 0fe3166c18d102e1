"""Join the ways to the cluster: every RPC that is named, a block engine, and what they share.

The parts are in `chain/`; this knows which settings make which of them.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from landfall import observe
from landfall.chain.endpoints import Endpoint, Endpoints
from landfall.chain.failover import Failover
from landfall.chain.fees import REMEMBERED_MS, MarketFees
from landfall.chain.floor import Floor
from landfall.chain.health import Health
from landfall.chain.jito import (
    BUNDLES_PATH,
    TIP_FLOOR_PATH,
    BlockEngine,
    TipFloor,
    TipRule,
    Tips,
)
from landfall.chain.jsonrpc import JsonRpc, get
from landfall.chain.paths import AllPaths, EndpointPath, Path
from landfall.chain.pubsub import CONNECT_SECONDS, streams_of
from landfall.chain.rpc import RpcChain
from landfall.chain.witness import ProviderWitness
from landfall.core.errors import Unavailable
from landfall.core.ledger.fees import PriceRule
from landfall.core.values import Lamports
from landfall.ports import Clock
from landfall.settings import PathSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """All that is needed to read, to send, and to know what became of it."""

    chain: Failover
    endpoints: Endpoints
    witnesses: tuple[ProviderWitness, ...]
    sender: AllPaths
    fees: MarketFees


def join_paths(
    session: aiohttp.ClientSession,
    urls: Sequence[str],
    settings: PathSettings,
    clock: Clock,
    rebroadcast_ms: int,
    blockhash_ms: int = REMEMBERED_MS,
) -> Paths:
    """The ways to the cluster that is reached at these URLs; nothing is asked yet."""
    floor = Floor(clock.now_ms)
    endpoints = Endpoints(
        [
            _endpoint(session, url, name, settings, clock, floor)
            for url, name in zip(urls, _names(urls), strict=True)
        ],
        clock,
        settings.rpc_lag_slots,
    )
    chain = Failover(endpoints, clock, settings.rpc_failover_ms, blockhash_ms)
    ways: list[Path] = [EndpointPath(endpoint) for endpoint in endpoints.all]
    tip = None
    if settings.jito_url is not None:
        engine = _engine(session, settings.jito_url.reveal(), settings, clock)
        ways.append(engine)
        tip = _tips(session, engine, settings, clock).tip
    return Paths(
        chain=chain,
        endpoints=endpoints,
        witnesses=tuple(
            ProviderWitness(endpoint, settings.rpc_failover_ms) for endpoint in endpoints.all
        ),
        sender=AllPaths(ways, clock, rebroadcast_ms),
        fees=MarketFees(chain.unit_prices_paid, _price_rule(settings), clock, tip),
    )


@dataclass(frozen=True, slots=True)
class Node:
    """One node by itself, to be looked at."""

    chain: RpcChain
    _session: aiohttp.ClientSession
    _url: str

    async def streams(self, urls: Sequence[str]) -> bool:
        """Whether one of these WebSockets opens; without any, one where it is expected."""
        for url in urls or streams_of(self._url):
            with suppress(aiohttp.ClientError, TimeoutError, OSError, ValueError):
                async with asyncio.timeout(CONNECT_SECONDS), self._session.ws_connect(url):
                    return True
        return False


@asynccontextmanager
async def look_at(url: str, timeout_ms: int) -> AsyncIterator[Node]:
    """The node at a URL, without any of what makes several of them one."""
    async with aiohttp.ClientSession() as session:
        yield Node(RpcChain(JsonRpc(session, url, timeout_ms)), session, url)


def _endpoint(
    session: aiohttp.ClientSession,
    url: str,
    name: str,
    settings: PathSettings,
    clock: Clock,
    floor: Floor,
) -> Endpoint:
    health = Health(name, clock)
    node = JsonRpc(session, url, settings.rpc_timeout_ms, health)
    return Endpoint(RpcChain(node, floor), health)


def _engine(
    session: aiohttp.ClientSession, url: str, settings: PathSettings, clock: Clock
) -> BlockEngine:
    health = Health(f"{observe.endpoint(url)} (block engine)", clock)
    return BlockEngine(JsonRpc(session, _below(url, BUNDLES_PATH), settings.rpc_timeout_ms, health))


def _tips(
    session: aiohttp.ClientSession, engine: BlockEngine, settings: PathSettings, clock: Clock
) -> Tips:
    assert settings.jito_url is not None
    floor_url = (
        _below(settings.jito_url.reveal(), TIP_FLOOR_PATH)
        if settings.jito_tip_floor_url is None
        else settings.jito_tip_floor_url.reveal()
    )

    async def floor() -> TipFloor:
        told = await get(session, floor_url, settings.rpc_timeout_ms, list[TipFloor])
        if not told:
            raise Unavailable("the tip floor is empty")
        return told[0]

    rule = TipRule(
        percentile=settings.jito_tip_percentile,
        least=Lamports(settings.jito_tip_min),
        most=Lamports(settings.jito_tip_max),
        guards_front=settings.jito_dont_front,
    )
    return Tips(engine.tip_accounts, floor, rule, clock, settings.rpc_failover_ms)


def _price_rule(settings: PathSettings) -> PriceRule:
    return PriceRule(
        percentile=settings.unit_price_percentile,
        floor=settings.unit_price_floor,
        cap=settings.unit_price_cap,
    )


def _names(urls: Sequence[str]) -> list[str]:
    """What each may be called: its host, and a number where two share one."""
    hosts = [observe.endpoint(url) for url in urls]
    shared = {host for host, times in Counter(hosts).items() if times > 1}
    return [
        f"{host} #{hosts[:place].count(host) + 1}" if host in shared else host
        for place, host in enumerate(hosts)
    ]


def _below(url: str, path: str) -> str:
    """A path below a URL, whose query (it may be a key) stays."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))
