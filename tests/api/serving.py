"""The API on a real port, over a desk in memory instead of a database and a chain."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

from landfall.api.app import ApiConfig, create_app
from landfall.api.asgi import App
from landfall.api.server import make_server
from landfall.chain.prices import SeenPrices
from landfall.core.errors import Unavailable
from landfall.core.token import Token
from landfall.core.values import ChainClock, Pubkey, Slot
from landfall.ports import PoolsAt, World
from tests.api.desk import Desk
from tests.api.stories import SOL, STARTED_MS, USDC


class KnownTokens:
    """Two tokens, by symbol or address."""

    async def resolve(self, text: str) -> Token | None:
        for token in (SOL, USDC):
            if text in (token.symbol, str(token.mint)):
                return token
        return None


class NoPools:
    """A cluster on which nothing trades."""

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        clock = ChainClock(slot=Slot(77), epoch=0, unix_timestamp=0)
        return PoolsAt(slot=Slot(77), clock=clock, pools=(), left_out={})

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return await self.trading(mint, other)

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        return await self.trading(SOL.mint, USDC.mint)


class StoppedClock:
    """Always the same instant."""

    def now_ms(self) -> int:
        return STARTED_MS

    async def sleep_ms(self, delay_ms: int) -> None:
        await asyncio.sleep(0)


class NoChain:
    """A node that does not answer."""

    async def accounts(self, addresses: object) -> None:
        raise Unavailable("there is no node")


def world(desk: Desk) -> World:
    """A World with the parts that accepting and pricing use; the others must not be touched."""
    untouched = cast(Any, None)
    return World(
        chain=cast(Any, NoChain()),
        witnesses=(),
        pools=NoPools(),
        sender=untouched,
        signer=untouched,
        tokens=KnownTokens(),
        fees=untouched,
        forms=untouched,
        prices=SeenPrices(),
        log=cast(Any, desk),
        clock=StoppedClock(),
        new_order_id=uuid.uuid4,
        limits=untouched,
    )


@dataclass(frozen=True, slots=True)
class Running:
    """An API served on a real port over a desk in memory."""

    desk: Desk
    http: httpx.AsyncClient
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ws(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def serving(
    desk: Desk, config: ApiConfig | None = None, port: int | None = None
) -> AsyncIterator[Running]:
    """The API of a desk, until the context ends."""

    async def chain() -> None:
        raise Unavailable("no RPC answers")

    health = {"database": desk.ping, "chain": chain}
    app = create_app(world(desk), desk, desk, desk, health, config or ApiConfig())
    port = port or free_port()
    async with (
        running(app, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http,
    ):
        yield Running(desk, http, port)


@asynccontextmanager
async def running(app: App, port: int) -> AsyncIterator[None]:
    """An application served on this port, until the context ends."""
    server = make_server(app, "127.0.0.1", port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield
    server.should_exit = True
    await serving


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
