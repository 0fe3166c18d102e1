"""The parts of one process, and what can be run over them: a worker, and a server for the API."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

import uvicorn

from landfall.api.app import create_app
from landfall.api.parts import ClusterFacts, HealthChecks
from landfall.api.server import make_server
from landfall.bootstrap.api_access import api_config, no_key_yet
from landfall.bootstrap.tracing import Placed
from landfall.bootstrap.wallet import UNKNOWN_WALLET
from landfall.core.errors import Unavailable
from landfall.pipeline.recovery import check_record, cleared, kept_clear
from landfall.pipeline.run import carry
from landfall.ports import ChainClient, History, Reader, WalletRecord, World
from landfall.queue.postgres import PostgresQueue
from landfall.queue.worker import Worker
from landfall.settings import Settings
from landfall.store.feed import PostgresFeed
from landfall.store.keys import PostgresKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What one process has, over a database and a chain that answer."""

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
        watched = self.world, self.history, self.record
        await cleared(*watched)
        keeping = asyncio.create_task(kept_clear(*watched))
        try:
            await worker.run()
        finally:
            keeping.cancel()

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
