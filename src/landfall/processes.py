"""Run one part of the program alone, until told to stop.

The first SIGINT or SIGTERM stops in order, the second at once.
"""

import asyncio
import signal
from collections.abc import Awaitable

from landfall.bootstrap import NoKey, joined, open_wallet
from landfall.doors import CannotStart
from landfall.queue.worker import Worker
from landfall.settings import Secret, Settings
from landfall.store.migrations.migrate import migrate


async def run_api(settings: Settings) -> None:
    """Serve the API alone until told to stop; it holds no wallet."""
    dsn, rpc_urls = _addresses(settings)
    await migrate(dsn)
    stop, _ = stop_signals()
    async with joined(settings, dsn, rpc_urls, NoKey()) as parts:
        await parts.refuse_without_key()
        server = parts.server()
        serving = asyncio.create_task(server.serve())
        await until(stop, asyncio.shield(serving))
        server.should_exit = True
        await serving


async def run_worker(settings: Settings) -> None:
    """Carry orders until told to stop."""
    dsn, rpc_urls = _addresses(settings)
    signer = open_wallet(settings)
    if signer is None:
        raise CannotStart("A worker needs a wallet; set WALLET_KEYPAIR to a key file.")
    await migrate(dsn)
    stop, now = stop_signals()
    async with joined(settings, dsn, rpc_urls, signer) as parts:
        worker = parts.worker()
        working = asyncio.create_task(worker.run())
        await until(stop, asyncio.shield(working))
        await drained(worker, settings.drain_ms, now)


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
