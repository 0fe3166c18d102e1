"""Join everything: the parts of one process, over a database and a chain that exist.

The order is that of what needs what; whatever runs by itself is stopped when the context ends.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import asyncpg

from landfall.bootstrap.api_access import cluster_facts, why_a_key_is_needed
from landfall.bootstrap.errors import CannotStart
from landfall.bootstrap.garbage import settle
from landfall.bootstrap.parts import Parts
from landfall.bootstrap.paths import Paths, join_paths
from landfall.bootstrap.pools import live_pools
from landfall.bootstrap.tracing import tracing
from landfall.chain.endpoints import WrongCluster
from landfall.chain.forms import ChainForms
from landfall.chain.history import wallet_history
from landfall.chain.prices import SeenPrices
from landfall.chain.tokens import ChainTokens
from landfall.clock import SharedClock, SteadyClock, new_order_id
from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.token_list import tokens_of
from landfall.core.values import Commitment, Lamports, Pubkey
from landfall.core.venues import venues_of
from landfall.ports import (
    Clock,
    EventLog,
    Forms,
    History,
    Limits,
    Pools,
    Signer,
    Tokens,
    World,
)
from landfall.queue.postgres import PostgresQueue
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


@asynccontextmanager
async def joined(
    settings: Settings, dsn: str, rpc_urls: Sequence[str], signer: Signer
) -> AsyncIterator[Parts]:
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
        clock = await _clock(stack, reader)
        steady = SteadyClock(clock.now_ms())
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        )
        paths, genesis_hash = await _paths(stack, session, settings, rpc_urls, steady)
        await claim_cluster(pool, genesis_hash)
        listener = Listener(dsn)
        queue = _queue(settings, pool, listener)
        feed = PostgresFeed(pool, listener)
        await listener.start()
        stack.push_async_callback(listener.stop)
        await feed.start()
        stack.push_async_callback(feed.stop)
        known, venues = tokens_of(genesis_hash), venues_of(genesis_hash)
        book = PostgresPoolBook(pool)
        pools = await stack.enter_async_context(
            live_pools(settings.pools, rpc_urls, paths.chain, book, steady, known, venues)
        )
        tokens = ChainTokens(paths.chain, known)
        log = PostgresEventLog(pool)
        forms = _forms(settings, paths, steady)
        placed = await stack.enter_async_context(tracing(settings, reader))
        settle()
        yield Parts(
            settings=settings,
            world=_world(settings, paths, pools, tokens, forms, signer, log, clock),
            queue=queue,
            reader=reader,
            feed=feed,
            keys=PostgresKeys(pool),
            chain=paths.chain,
            history=_history(session, settings, rpc_urls, paths, signer.address),
            record=PostgresWalletRecord(pool, signer.address),
            key_reason=why_a_key_is_needed(settings, genesis_hash, rpc_urls),
            cluster=cluster_facts(genesis_hash, rpc_urls[0]),
            placed=placed,
        )


async def _clock(stack: AsyncExitStack, reader: PostgresReader) -> SharedClock:
    """The database's clock, kept until the stack unwinds."""
    clock = SharedClock(reader.now_ms)
    await clock.synchronise()
    keeping = asyncio.create_task(clock.keep_synchronised())
    stack.callback(keeping.cancel)
    return clock


def _queue(settings: Settings, pool: asyncpg.Pool, listener: Listener) -> PostgresQueue:
    return PostgresQueue(
        pool,
        listener,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        lease_ms=settings.lease_ms,
        starts_per_minute_max=settings.rate_limit,
    )


def _history(
    session: aiohttp.ClientSession,
    settings: Settings,
    rpc_urls: Sequence[str],
    paths: Paths,
    wallet: Pubkey,
) -> History:
    nodes = zip(rpc_urls, paths.endpoints.all, strict=True)
    asked = [(url, endpoint.check_ours) for url, endpoint in nodes]
    return wallet_history(session, asked, settings.paths.rpc_timeout_ms, wallet)


def _forms(settings: Settings, paths: Paths, clock: Clock) -> ChainForms:
    return ChainForms(
        paths.chain,
        clock,
        settings.paths.lookup_tables,
        allows_v1=settings.paths.v1_transactions,
        remembered_ms=_FORMS_REMEMBERED_MS,
    )


def _world(
    settings: Settings,
    paths: Paths,
    pools: Pools,
    tokens: Tokens,
    forms: Forms,
    signer: Signer,
    log: EventLog,
    clock: Clock,
) -> World:
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
