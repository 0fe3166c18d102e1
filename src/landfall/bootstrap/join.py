"""Join everything: the parts of one process, over a database and a chain that exist."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import aiohttp
import uvicorn

from landfall.api.app import create_app
from landfall.api.parts import ClusterFacts, HealthChecks
from landfall.api.server import make_server
from landfall.bootstrap.api_access import api_config, cluster_facts, no_key_yet, why_a_key_is_needed
from landfall.bootstrap.errors import CannotStart
from landfall.bootstrap.garbage import settle
from landfall.bootstrap.paths import Paths, join_paths
from landfall.bootstrap.pools import live_pools
from landfall.bootstrap.tracing import Placed, tracing
from landfall.bootstrap.wallet import UNKNOWN_WALLET
from landfall.chain.endpoints import WrongCluster
from landfall.chain.forms import ChainForms
from landfall.chain.history import wallet_history
from landfall.chain.prices import SeenPrices
from landfall.chain.tokens import ChainTokens
from landfall.clock import SharedClock, new_order_id
from landfall.core.errors import Unavailable
from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.token_list import tokens_of
from landfall.core.values import Commitment, Lamports
from landfall.core.venues import venues_of
from landfall.pipeline.recovery import check_record, cleared
from landfall.pipeline.run import carry
from landfall.ports import (
    ChainClient,
    Clock,
    EventLog,
    History,
    Limits,
    Pools,
    Reader,
    Signer,
    Tokens,
    WalletRecord,
    World,
)
from landfall.queue.postgres import PostgresQueue
from landfall.queue.worker import Worker
from landfall.settings import Settings
from landfall.store.cluster import claim_cluster
from landfall.store.connection import connect
from landfall.store.event_log import PostgresEventLog
from landfall.store.feed import PostgresFeed
from landfall.store.keys import PostgresKeys
from landfall.store.listener import Listener
from landfall.store.pool_book import PostgresPoolBook
from landfall.store.reader import PostgresReader
from landfall.store.wallet_record import PostgresWalletRecord

_CONNECTIONS_SPARE = 10
_FORMS_REMEMBERED_MS = 60_000
_TOLD_AFTER_MS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The parts of one process."""

    settings: Settings
    world: World
    queue: PostgresQueue
    reader: Reader
    feed: PostgresFeed
    keys: PostgresKeys
    chain: ChainClient
    history: History
    record: WalletRecord
    key_reason: str | None
    cluster: ClusterFacts
    placed: Placed | None

    def worker(self) -> Worker:
        """A worker over these parts, not yet running."""
        worker: Worker = Worker(
            self.queue,
            partial(carry, self.world, self.queue, stopping=lambda: worker.is_draining),
            concurrency=self.settings.concurrency,
            lease_ms=self.settings.lease_ms,
        )
        return worker

    async def work(self, worker: Worker) -> None:
        """Run the worker once nothing speaks against signing, until it is drained."""
        await cleared(self.world, self.history, self.record)
        await worker.run()

    async def refuse_without_key(self) -> None:
        """Return if somebody may use the API.

        Raises:
            CannotStart: callers need an API key, and there is none.
            Unavailable: the database does not answer.
        """
        if self.key_reason is not None and not await self.keys.any_good():
            raise no_key_yet(self.key_reason)

    def server(
        self,
        worker_runs: Callable[[], bool] | None = None,
        console_port: int | None = None,
        is_draining: Callable[[], bool] = lambda: False,
        worker_metrics: Callable[[], Awaitable[bytes | None]] | None = None,
    ) -> uvicorn.Server:
        """The API over these parts, not yet serving.

        Args:
            worker_runs: of a worker that is started and stopped with this process.
            console_port: of a console beside it.
            is_draining: whether this process has been told to stop, and takes no more orders.
            worker_metrics: asks a worker that is started with this process; None if it is silent.
        """
        address = self.world.signer.address
        config = replace(
            api_config(self.settings, key_needed=self.key_reason is not None),
            wallet=None if address == UNKNOWN_WALLET else address,
            cluster=self.cluster,
            rate_limit=self.settings.rate_limit,
            concurrency=self.settings.concurrency,
            console_port=console_port,
            is_draining=is_draining,
            worker_metrics=worker_metrics,
            placed=self.placed,
        )
        health = self._health(worker_runs)
        app = create_app(self.world, self.reader, self.feed, self.keys, health, config)
        return make_server(app, self.settings.host, self.settings.port)

    def _health(self, worker_runs: Callable[[], bool] | None) -> HealthChecks:
        async def chain() -> None:
            await self.chain.latest_blockhash()

        async def queue() -> None:
            await self.reader.stats()

        async def worker() -> None:
            if worker_runs is None or not worker_runs():
                raise Unavailable("the worker does not run")

        checks: dict[str, Callable[[], Awaitable[None]]] = {
            "database": self.reader.ping,
            "chain": chain,
            "queue": queue,
            "record": partial(check_record, self.record),
        }
        return checks if worker_runs is None else {**checks, "worker": worker}


@asynccontextmanager
async def joined(
    settings: Settings, dsn: str, rpc_urls: Sequence[str], signer: Signer
) -> AsyncIterator[Joined]:
    """The parts over a migrated database and a chain that answers, until the context ends.

    Raises:
        DatabaseUnusable: the database belongs to another chain, or refuses the connection.
        CannotStart: the RPCs are on different clusters.
        Unavailable: the database or the chain does not answer.
    """
    async with AsyncExitStack() as stack:
        pool = await connect(dsn, size=_CONNECTIONS_SPARE)
        stack.callback(pool.terminate)
        reader = PostgresReader(pool)
        clock = SharedClock(reader.now_ms)
        await clock.synchronise()
        keeping = asyncio.create_task(clock.keep_synchronised())
        stack.callback(keeping.cancel)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        paths, genesis_hash = await _paths(stack, session, settings, rpc_urls, clock)
        await claim_cluster(pool, genesis_hash)
        listener = Listener(dsn)
        queue = PostgresQueue(
            pool,
            listener,
            worker=f"{socket.gethostname()}:{os.getpid()}",
            lease_ms=settings.lease_ms,
            starts_per_minute_max=settings.rate_limit,
        )
        feed = PostgresFeed(pool, listener)
        await listener.start()
        stack.push_async_callback(listener.stop)
        await feed.start()
        stack.push_async_callback(feed.stop)
        known, venues = tokens_of(genesis_hash), venues_of(genesis_hash)
        book = PostgresPoolBook(pool)
        pools = await stack.enter_async_context(
            live_pools(settings.pools, rpc_urls, paths.chain, book, clock, known, venues)
        )
        tokens = ChainTokens(paths.chain, known)
        log = PostgresEventLog(pool)
        placed = await stack.enter_async_context(tracing(settings, reader))
        settle()
        yield Joined(
            settings=settings,
            world=_world(settings, paths, pools, tokens, signer, log, clock),
            queue=queue,
            reader=reader,
            feed=feed,
            keys=PostgresKeys(pool),
            chain=paths.chain,
            history=wallet_history(
                session,
                [
                    (url, each.check_ours)
                    for url, each in zip(rpc_urls, paths.endpoints.all, strict=True)
                ],
                settings.paths.rpc_timeout_ms,
                signer.address,
            ),
            record=PostgresWalletRecord(pool, signer.address),
            key_reason=_key_reason(settings, genesis_hash, rpc_urls),
            cluster=cluster_facts(genesis_hash, rpc_urls[0]),
            placed=placed,
        )


def _world(
    settings: Settings,
    paths: Paths,
    pools: Pools,
    tokens: Tokens,
    signer: Signer,
    log: EventLog,
    clock: Clock,
) -> World:
    forms = ChainForms(
        paths.chain,
        clock,
        settings.paths.lookup_tables,
        allows_v1=settings.paths.v1_transactions,
        remembered_ms=_FORMS_REMEMBERED_MS,
    )
    return World(
        chain=paths.chain,
        witnesses=paths.witnesses,
        pools=pools,
        sender=paths.sender,
        signer=signer,
        tokens=tokens,
        fees=paths.fees,
        forms=forms,
        prices=SeenPrices(),
        log=log,
        clock=clock,
        new_order_id=new_order_id,
        limits=_limits(settings),
    )


def _key_reason(settings: Settings, genesis_hash: str, rpc_urls: Sequence[str]) -> str | None:
    reasons = (why_a_key_is_needed(settings, genesis_hash, url) for url in rpc_urls)
    return next((reason for reason in reasons if reason is not None), None)


async def _paths(
    stack: AsyncExitStack,
    session: aiohttp.ClientSession,
    settings: Settings,
    rpc_urls: Sequence[str],
    clock: Clock,
) -> tuple[Paths, str]:
    """The ways to the cluster, watched until the stack unwinds, and its genesis hash."""
    paths = join_paths(session, rpc_urls, settings.paths, clock, settings.rebroadcast_ms)
    try:
        genesis_hash = await paths.endpoints.verify()
    except WrongCluster as error:
        raise CannotStart(f"{error} All of them must be on one.") from None
    if len(rpc_urls) > 1:
        watching = asyncio.create_task(paths.endpoints.watch(settings.paths.rpc_probe_ms))
        stack.callback(watching.cancel)
    return paths, genesis_hash


def _limits(settings: Settings) -> Limits:
    return Limits(
        retry=RetryLimits(
            attempts_max=settings.attempts_max,
            delay_first_ms=settings.retry_delay_ms,
            order_timeout_ms=settings.order_timeout_ms,
        ),
        quote_age_slots_max=settings.quote_age_slots,
        status_poll_ms=settings.status_poll_ms,
        rebroadcast_ms=settings.rebroadcast_ms,
        finality_poll_ms=settings.finality_poll_ms,
        told_after_ms=_TOLD_AFTER_MS,
        agreement_above_lamports=Lamports(settings.paths.agreement_above),
        failure_counts_at=Commitment[settings.paths.revert_commitment.upper()],
    )
