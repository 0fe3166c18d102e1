"""The API over the real log, reader, feed and keys on PostgreSQL; a test plays the worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import httpx

from landfall.api.app import ApiConfig, create_app
from landfall.core.events import Event
from landfall.core.lifecycle.evolve import fold
from landfall.ports import Claim, Held
from landfall.store.event_log import PostgresEventLog
from landfall.store.feed import PostgresFeed
from landfall.store.keys import PostgresKeys
from landfall.store.listener import Listener
from landfall.store.reader import PostgresReader
from tests.api.desk import Desk
from tests.api.serving import free_port, running, world

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1.5"}


@dataclass(frozen=True, slots=True)
class Engine:
    """The API on a port, and the log behind it."""

    http: httpx.AsyncClient
    log: PostgresEventLog
    keys: PostgresKeys
    ws: str

    async def place(self, **changes: object) -> UUID:
        """A new order's id."""
        answer = await self.http.post("/api/orders/execute", json={**BODY, **changes})
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["orderId"])

    async def play(self, order_id: UUID, story: list[list[Event]]) -> None:
        """Record these commits as a worker would."""
        execution = fold(await self.log.load(order_id))
        claim = Claim(order_id, 0)
        for commit in story:
            execution = await self.log.append(claim, execution, commit, Held.HELD)


@asynccontextmanager
async def engine_on(
    pool: asyncpg.Pool, dsn: str, config: ApiConfig | None = None
) -> AsyncIterator[Engine]:
    """The API over this database, until the context ends."""
    listener = Listener(dsn)
    feed = PostgresFeed(pool, listener)
    reader = PostgresReader(pool)
    log = PostgresEventLog(pool)
    keys = PostgresKeys(pool)
    await listener.start()
    await feed.start()
    await listener.listening()
    here = replace(world(Desk()), log=log)
    health = {"database": reader.ping}
    app = create_app(here, reader, feed, keys, health, config or ApiConfig())
    port = free_port()
    async with (
        running(app, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http,
    ):
        yield Engine(http, log, keys, f"ws://127.0.0.1:{port}")
    await feed.stop()
    await listener.stop()
