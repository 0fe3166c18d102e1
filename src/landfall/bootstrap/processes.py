"""Run one part of the program alone, until told to stop.

The first SIGINT or SIGTERM stops in order, the second at once. A database or a chain that does not
answer yet is waited for.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from landfall import observe
from landfall.bootstrap.errors import CannotStart
from landfall.bootstrap.join import joined
from landfall.bootstrap.listening import bound
from landfall.bootstrap.parts import Parts
from landfall.bootstrap.wallet import NoKey, open_wallet
from landfall.core.errors import Unavailable
from landfall.ports import Signer
from landfall.queue.worker import Worker
from landfall.settings import Secret, Settings
from landfall.store.migrations.migrate import migrate

WORKER_READY = "worker is ready"
_TRY_AGAIN_S = 1.0
_PARENT_LOOK_S = 0.2


async def run_api(settings: Settings) -> None:
    """Serve the API alone until told to stop; it holds no wallet."""
    stop, now = stop_signals()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(bound(settings.host, settings.port, "PORT"))
        parts = await stack.enter_async_context(_joined_in_time(settings, NoKey(), stop))
        if parts is None:
            return
        await parts.refuse_without_key()
        server = parts.server()
        listener.listen()
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        observe.started("api", host=settings.host, port=settings.port)
        await until(stop, asyncio.shield(serving))
        server.should_exit = True
        await until(now, serving)


async def run_worker(settings: Settings, parent: int | None = None) -> None:
    """Carry orders until told to stop, or until the parent process is gone."""
    signer = open_wallet(settings)
    if signer is None:
        raise CannotStart("A worker needs a wallet; set WALLET_KEYPAIR to a key file.")
    stop, now = stop_signals()
    _tell_metrics(settings)
    async with _joined_in_time(settings, signer, stop) as parts:
        if parts is None:
            return
        worker = parts.worker()
        working = asyncio.create_task(parts.work(worker))
        orphaned = asyncio.create_task(_orphaned(parent))
        print(WORKER_READY, flush=True)  # noqa: T201 — a parent reads it.
        await until(stop, asyncio.shield(working), asyncio.shield(orphaned))
        # Who starts again in the place of the parent brings a worker along.
        if not orphaned.done():
            await drained(worker, settings.drain_ms, now)
        orphaned.cancel()
        working.cancel()


def _tell_metrics(settings: Settings) -> None:
    port = settings.worker_metrics_port
    if port == 0:
        return
    try:
        observe.serve_metrics(settings.host, port)
    except OSError as error:
        raise CannotStart(
            f"Port {port} cannot be used ({error.strerror}); set WORKER_METRICS_PORT to another."
        ) from None


async def run_migrations(settings: Settings) -> None:
    """Bring the database of the settings to the newest revision."""
    await migrate(_needed(settings.database_url, "DATABASE_URL").reveal())


def stop_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second SIGINT or SIGTERM."""
    first, second = asyncio.Event(), asyncio.Event()

    def heard() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, heard)
    return first, second


async def until(stop: asyncio.Event, *works: Awaitable[object]) -> None:
    """Run until told to stop, or until one of the works ends; its error is raised."""
    tasks = [asyncio.ensure_future(work) for work in (stop.wait(), *works)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def ended(task: "asyncio.Task[str | None] | asyncio.Task[None]") -> None:
    """Cancel a task that runs for ever, and wait until it is gone."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def drained(worker: Worker, drain_ms: int, now: asyncio.Event) -> None:
    """Let the worker end what it carries, at most `drain_ms`, or until `now` is set."""
    draining = asyncio.create_task(worker.drain(drain_ms))
    await until(now, draining)


async def _orphaned(parent: int | None) -> None:
    """Return once the parent is gone; it is told by number, for it may be gone already."""
    while parent is None or os.getppid() == parent:  # noqa: ASYNC110 — nothing announces it.
        await asyncio.sleep(_PARENT_LOOK_S)


@asynccontextmanager
async def _joined_in_time(
    settings: Settings, signer: Signer, stop: asyncio.Event
) -> AsyncIterator[Parts | None]:
    """The parts, once database and chain answer; None if told to stop before they do."""
    dsn, rpc_urls = _addresses(settings)
    async with AsyncExitStack() as stack:
        parts = None
        while parts is None and not stop.is_set():
            try:
                await migrate(dsn)
                parts = await stack.enter_async_context(joined(settings, dsn, rpc_urls, signer))
            except Unavailable as error:
                observe.waiting_to_start(str(error))
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _TRY_AGAIN_S)
        yield parts


def _addresses(settings: Settings) -> tuple[str, tuple[str, ...]]:
    dsn = _needed(settings.database_url, "DATABASE_URL").reveal()
    if not settings.paths.urls:
        raise _missing("SOLANA_RPC_URL")
    return dsn, settings.paths.urls


def _needed(value: Secret | None, name: str) -> Secret:
    if value is None:
        raise _missing(name)
    return value


def _missing(name: str) -> CannotStart:
    return CannotStart(
        f"{name} is not set. Set it, or use `landfall up`, which brings everything along."
    )
