"""The processes of the engine: all of them in one command, or each alone."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from landfall.cli.environment import read_settings

commands = typer.Typer()


@commands.command()
def up(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the embedded orders and chain first.")
    ] = False,
    account: Annotated[
        list[Path] | None,
        typer.Option(help="For the local chain: a file of `solana account --output json`."),
    ] = None,
    program: Annotated[
        list[str] | None, typer.Option(help="For the local chain: ID=FILE.so, the real program.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help='For the local chain: what is to go wrong, as in "drop 10%".'),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the faults: the same seed, the same faults.", min=0)
    ] = None,
) -> None:
    """Run everything: database, local chain, API, worker and console, until Ctrl-C."""
    from landfall.up.commands import UpOptions
    from landfall.up.run import up as run

    options = UpOptions(
        fresh=fresh,
        accounts=tuple(account or ()),
        programs=tuple(program or ()),
        faults=tuple(fault or ()),
        seed=seed,
    )
    run(read_settings(), options)


@commands.command()
def api() -> None:
    """Serve the API alone, over DATABASE_URL and SOLANA_RPC_URL."""
    from landfall.bootstrap.processes import run_api

    _run(run_api(read_settings()))


@commands.command()
def worker(
    exit_with_parent: Annotated[int | None, typer.Option(metavar="PID", hidden=True)] = None,
) -> None:
    """Carry orders, over DATABASE_URL and SOLANA_RPC_URL; as many as you like may run."""
    from landfall.bootstrap.processes import run_worker

    _run(run_worker(read_settings(), exit_with_parent))


@commands.command()
def migrate() -> None:
    """Bring the database named by DATABASE_URL to the newest revision."""
    from landfall.bootstrap.processes import run_migrations

    _run(run_migrations(read_settings()))


@commands.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def console(context: typer.Context) -> None:
    """Serve the console for an engine: `landfall console --api URL`; `--help` lists its options."""
    from landfall.console.__main__ import main as run

    raise typer.Exit(run(context.args))


@commands.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def localnet(context: typer.Context) -> None:
    """Run a local Solana cluster alone; `landfall localnet --help` lists its options."""
    from landfall.localnet.__main__ import main as run

    raise typer.Exit(run(context.args))


def _run(process: Coroutine[Any, Any, None]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(process)
