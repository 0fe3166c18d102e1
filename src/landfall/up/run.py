"""`landfall up`: start everything in order, say where it is, and stop everything in order.

This process serves the API. Orders are carried by a worker of its own, so that routing never keeps
a client waiting.

What is started last is stopped first: no more orders, then those in flight, then all requests, then
the chain, then the database. An error on the way stops what runs already.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from socket import socket

import uvloop
from rich.console import Console

from landfall import observe
from landfall.bootstrap.errors import CannotStart
from landfall.bootstrap.join import joined
from landfall.bootstrap.listening import bound
from landfall.bootstrap.parts import Parts
from landfall.bootstrap.processes import ended, stop_signals, until
from landfall.bootstrap.wallet import NoKey, open_wallet
from landfall.core.values import Pubkey
from landfall.settings import Settings
from landfall.store.embedded import EmbeddedPostgres
from landfall.store.errors import DatabaseUnusable
from landfall.store.migrations.migrate import migrate
from landfall.up.banner import Progress, balances, ready
from landfall.up.child_process import ChildError, ChildProcess
from landfall.up.commands import (
    UpOptions,
    console_command,
    localnet_command,
    with_born_tables,
    worker_command,
)
from landfall.up.home import Home, open_home
from landfall.up.worker_metrics import spare_port, worker_metrics
from landfall.wallet.keypair import KeypairSigner, create_file, from_file

_EVERYWHERE = "0.0.0.0"
_PORT_LOOKS_MAX = 40
_PORT_LOOK_SECONDS = 0.1
_KEEP_RUNNING_SECONDS = 0.5


def up(settings: Settings, options: UpOptions) -> None:
    """Run everything until SIGINT or SIGTERM.

    Raises:
        LandfallError: it cannot start; one sentence says why.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_up(settings, options))


async def _up(settings: Settings, options: UpOptions) -> None:
    stop, now = stop_signals()
    console = Console()
    progress = Progress(console)
    async with AsyncExitStack() as stack:
        home = stack.enter_context(open_home(settings.home))
        listener = bound(settings.host, settings.port, "PORT")
        stack.callback(listener.close)
        # It takes as long to start as all the rest, and needs none of it.
        starting = asyncio.create_task(_console(settings, home, stack))
        stack.push_async_callback(ended, starting)
        dsn = await _database(stack, settings, options, home, progress)
        wallet = (open_wallet(settings) or _demo_wallet(home)).address
        rpc_urls = await _chain(stack, settings, options, home, wallet, progress)
        progress.doing("Preparing the database")
        await migrate(dsn)
        progress.doing("Starting API and worker")
        metrics_port = settings.worker_metrics_port or spare_port()
        command = worker_command(home, settings, dsn, rpc_urls, metrics_port)
        worker = ChildProcess(command, logs_here=True)
        stack.push_async_callback(worker.stop)
        beginning = asyncio.create_task(worker.start())
        stack.push_async_callback(ended, beginning)
        parts = await stack.enter_async_context(
            joined(with_born_tables(settings), dsn, rpc_urls, NoKey(wallet))
        )
        await parts.refuse_without_key()
        page = await _page(starting, progress)
        await beginning
        console_port = settings.console_port if page is not None else None
        async with _running(
            parts, worker, listener, now, console_port, partial(worker_metrics, metrics_port)
        ) as serving:
            progress.done("API and worker run")
            ready(
                console,
                api=f"http://{_in_url(settings.host)}:{settings.port}",
                page=page,
                rpc=rpc_urls[0],
                is_localnet=not settings.paths.urls,
                needs_key=parts.key_reason is not None,
                home=str(home.path),
                wallet=wallet,
                held=await balances(parts.chain, wallet),
            )
            await until(stop, serving)
            console.print("\nStopping: orders in flight are followed to their end.")
    console.print("Stopped.")


async def _database(
    stack: AsyncExitStack, settings: Settings, options: UpOptions, home: Home, progress: Progress
) -> str:
    """Your database, or the embedded one, running until the stack unwinds."""
    if settings.database_url is not None:
        if options.fresh:
            raise CannotStart("--fresh deletes embedded data only; DATABASE_URL names your own.")
        return settings.database_url.reveal()
    postgres = EmbeddedPostgres(home.database)
    if options.fresh:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(home.start_over)
    progress.doing("Starting PostgreSQL")
    stack.push_async_callback(asyncio.to_thread, postgres.stop)
    dsn = await asyncio.to_thread(postgres.start)
    stack.push_async_callback(ended, asyncio.create_task(_keep_running(postgres)))
    progress.done("PostgreSQL runs")
    return dsn


async def _keep_running(postgres: EmbeddedPostgres) -> None:
    """Start the server again if it dies. What it has committed is still there."""
    while True:
        await asyncio.sleep(_KEEP_RUNNING_SECONDS)
        if await asyncio.to_thread(postgres.is_running):
            continue
        observe.child_died("postgres")
        # The processes of a killed server take a moment to go; the next round tries again.
        with suppress(DatabaseUnusable):
            await asyncio.to_thread(postgres.start)


async def _chain(
    stack: AsyncExitStack,
    settings: Settings,
    options: UpOptions,
    home: Home,
    wallet: Pubkey,
    progress: Progress,
) -> tuple[str, ...]:
    """Your cluster's addresses, or that of the local chain, running until the stack unwinds."""
    if settings.paths.urls:
        return settings.paths.urls
    progress.doing("Starting the local chain")
    rpc_url = f"http://127.0.0.1:{settings.localnet_port}"
    await _until_free(settings.localnet_port)
    localnet = ChildProcess(localnet_command(home, settings, options, wallet))
    stack.push_async_callback(localnet.stop)
    await localnet.start()
    progress.done("The local chain runs")
    return (rpc_url,)


async def _console(settings: Settings, home: Home, stack: AsyncExitStack) -> str | None:
    """The console's address, once it runs; None if none is wanted.

    Raises:
        CannotStart, ChildError: it does not run. Orders do not need it.
    """
    if settings.console_port == 0:
        return None
    bound(settings.host, settings.console_port, "CONSOLE_PORT").close()
    host = _in_url("127.0.0.1" if settings.host == _EVERYWHERE else settings.host)
    api = f"http://{host}:{settings.port}"
    console = ChildProcess(console_command(home, settings, api))
    stack.push_async_callback(console.stop)
    await console.start()
    return f"http://{host}:{settings.console_port}"


async def _page(starting: "asyncio.Task[str | None]", progress: Progress) -> str | None:
    """The console's address; None if there is none, and then why."""
    try:
        page = await starting
    except (CannotStart, ChildError) as error:
        progress.failed(str(error))
        return None
    if page is not None:
        progress.done("The console runs")
    return page


def _demo_wallet(home: Home) -> KeypairSigner:
    return from_file(home.wallet) if home.wallet.exists() else create_file(home.wallet)


async def _until_free(port: int) -> None:
    """Wait for the local chain of a program that was killed: it notices, and ends by itself."""
    for _ in range(_PORT_LOOKS_MAX):
        try:
            return bound("127.0.0.1", port, "LOCALNET_PORT").close()
        except CannotStart:
            await asyncio.sleep(_PORT_LOOK_SECONDS)
    bound("127.0.0.1", port, "LOCALNET_PORT").close()


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@asynccontextmanager
async def _running(
    parts: Parts,
    worker: ChildProcess,
    listener: socket,
    now: asyncio.Event,
    console_port: int | None,
    metrics: Callable[[], Awaitable[bytes | None]],
) -> AsyncIterator[asyncio.Future[None]]:
    """The API, served, and then the worker and it stopped in order when the context ends.

    Yields what ends if the API does by itself; a worker that does is started again.
    """
    stopping = asyncio.Event()
    server = parts.server(lambda: worker.is_running, console_port, stopping.is_set, metrics)
    # Whoever connects from here on is served as soon as the server is.
    listener.listen()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield asyncio.shield(serving)
    finally:
        # Orders can be looked up and followed while the last ones end; none is taken any more.
        stopping.set()
        await worker.stop(parts.settings.drain_ms, now)
        server.should_exit = True
        await until(now, serving)
