"""The engine's parts as `bootstrap` joins them, over the simulated outside world."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from random import Random
from types import ModuleType
from typing import Any
from unittest.mock import patch
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from landfall.bootstrap.paths import Paths, join_paths
from landfall.chain.forms import ChainForms
from landfall.chain.prices import SeenPrices
from landfall.chain.tokens import ChainTokens
from landfall.clock import uuid7
from landfall.core.errors import Unavailable
from landfall.core.lifecycle.retry import RetryLimits
from landfall.core.values import Commitment, Lamports
from landfall.core.venues.raydium_cpmm import RAYDIUM_CPMM
from landfall.observe import clients, cluster, orders, process
from landfall.observe import pools as pools_told
from landfall.ports import Limits, World
from landfall.queue import worker
from landfall.queue.postgres import PostgresQueue
from landfall.settings import read_settings
from landfall.store.event_log import PostgresEventLog
from landfall.wallet.keypair import KeypairSigner
from tests.fresh_pools import fresh_pools
from tests.simulation.bank import WALLET
from tests.simulation.database import Database
from tests.simulation.ledger import SLOT_MS
from tests.simulation.network import Network

LEASE_MS = 5_000
DRAIN_MS = 8_000
CONCURRENCY = 4
ATTEMPTS_MAX = 3
QUOTE_AGE_SLOTS_MAX = 10
_START_AGAIN_S = 1.0
_IDLE_MS = 5_000
_PATHS = replace(read_settings({}).paths, rpc_timeout_ms=1_000, rpc_probe_ms=10_000)


class _Unread:
    """The logger and every metric. Nobody reads them here, and they take a tenth of the time."""

    def labels(self, *_: object) -> "_Unread":
        return self

    def tell(self, *_: object, **__: object) -> None:
        return None

    debug = info = warning = error = inc = set = observe = tell


_UNREAD = _Unread()

_ONE_VENUE = {RAYDIUM_CPMM.name: RAYDIUM_CPMM}
"""The others would be asked for pools, and have none."""


def _telling(module: ModuleType) -> dict[str, _Unread]:
    return {
        name: _UNREAD
        for name, known in vars(module).items()
        if name == "log" or isinstance(known, Counter | Gauge | Histogram)
    }


_TELLING = {module: _telling(module) for module in (clients, cluster, orders, pools_told, process)}


def small_world(stack: ExitStack) -> None:
    """What is beside the point is left out, because histories are many: what is told to people, and
    most looks of a worker that has nothing to do.
    """
    stack.enter_context(patch.object(worker, "WAIT_MAX_MS", _IDLE_MS))
    for told, names in _TELLING.items():
        stack.enter_context(patch.multiple(told, **names))


class WorkerClock:
    """The `Clock` port of one process: right, or an hour off."""

    def __init__(self, now_ms: Callable[[], int], wrong_by_ms: int) -> None:
        self._now_ms = now_ms
        self._wrong_by_ms = wrong_by_ms

    def now_ms(self) -> int:
        return self._now_ms() + self._wrong_by_ms

    async def sleep_ms(self, delay_ms: int) -> None:
        await asyncio.sleep(delay_ms / 1_000)


class Engine:
    """Makes the parts of a process, as that process."""

    def __init__(
        self, network: Network, database: Database, limits: Limits, chance: Random
    ) -> None:
        self._network = network
        self._database = database
        self._limits = limits
        self._chance = chance
        self._background: list[asyncio.Task[None]] = []

    async def world(self, wrong_by_ms: int) -> World:
        """A process's World, once the cluster answers. Its clock is this much ahead."""
        clock = WorkerClock(self._database.now_ms, wrong_by_ms)
        paths = self._paths(clock)
        while not await _answers(paths):
            await asyncio.sleep(_START_AGAIN_S)
        if len(self._network.urls) > 1:
            self._background.append(asyncio.create_task(paths.endpoints.watch(_PATHS.rpc_probe_ms)))
        return self._joined(paths, clock)

    def door(self) -> World:
        """The World of a process that only takes orders in, which asks nothing of the cluster."""
        clock = WorkerClock(self._database.now_ms, wrong_by_ms=0)
        return self._joined(self._paths(clock), clock)

    def _paths(self, clock: WorkerClock) -> Paths:
        session: Any = self._network.session()
        return join_paths(session, self._network.urls, _PATHS, clock, self._limits.rebroadcast_ms)

    def _joined(self, paths: Paths, clock: WorkerClock) -> World:
        return World(
            chain=paths.chain,
            witnesses=paths.witnesses,
            pools=fresh_pools(
                paths.chain, clock, remembered_ms=30_000, thirds=(), venues=_ONE_VENUE
            ),
            sender=paths.sender,
            signer=KeypairSigner(WALLET),
            tokens=ChainTokens(paths.chain),
            fees=paths.fees,
            forms=ChainForms(paths.chain, clock, (), allows_v1=True, remembered_ms=60_000),
            prices=SeenPrices(),
            log=PostgresEventLog(self._database.pool()),
            clock=clock,
            new_order_id=self._new_order_id,
            limits=self._limits,
        )

    def queue(self, worker: str) -> PostgresQueue:
        """A process's Queue."""
        return PostgresQueue(
            self._database.pool(),
            self._database,
            worker=worker,
            lease_ms=LEASE_MS,
            starts_per_minute_max=0,
        )

    def _new_order_id(self) -> UUID:
        return uuid7(self._database.now_ms(), self._chance.getrandbits(74))


async def _answers(paths: Paths) -> bool:
    try:
        await paths.endpoints.verify()
    except Unavailable:
        return False
    return True


def draw_limits(chance: Random) -> Limits:
    """Limits as people set them. Most orders have more time here, so that more happens to them."""
    poll_ms = chance.choice((5, 10)) * SLOT_MS
    return Limits(
        retry=RetryLimits(
            attempts_max=ATTEMPTS_MAX,
            delay_first_ms=1_000,
            order_timeout_ms=chance.choice((30_000, 90_000, 90_000)),
        ),
        quote_age_slots_max=QUOTE_AGE_SLOTS_MAX,
        status_poll_ms=poll_ms,
        rebroadcast_ms=2 * poll_ms,
        finality_poll_ms=3_000,
        told_after_ms=chance.choice((0, 50, 50)),
        agreement_above_lamports=Lamports(0),
        failure_counts_at=chance.choice((Commitment.CONFIRMED, Commitment.FINALIZED)),
    )
