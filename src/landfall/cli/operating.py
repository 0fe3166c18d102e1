"""Looking after an engine: how it is, what it lacks, how fast it is, and what a backup forgot."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from landfall.cli.environment import engine, read_settings
from landfall.cli.exits import Exit, finish
from landfall.cli.json_lines import echo_json
from landfall.cli.options import URL, Json, Url

commands = typer.Typer()


@commands.command()
def health(json: Json = False, url: Url = URL) -> None:
    """Ask every part of the engine how it is."""
    from landfall.cli import terminal

    async def ask() -> bool:
        async with engine(url) as client:
            answer = await client.health()
        if json:
            echo_json(answer)
        else:
            terminal.console().print(terminal.health_table(answer))
        return answer.status == "ok"

    finish(ask())


@commands.command()
def doctor(json: Json = False) -> None:
    """Look at everything the engine needs, with this environment, and say what to do."""
    from landfall import observe
    from landfall.cli import terminal
    from landfall.up import findings
    from landfall.up.doctor import examine

    # What parts log of their failures is told in the findings.
    observe.configure("error")
    seen = asyncio.run(examine(os.environ))
    if json:
        for each in seen:
            echo_json(each)
    else:
        terminal.console().print(findings.table(seen))
    if not findings.is_well(seen):
        raise typer.Exit(Exit.NOT_DONE)


@commands.command()
def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; all but load without a name.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write the figures there, too.")
    ] = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="Just enough to see that all run.")] = False,
    rate: Annotated[float, typer.Option(help="For load: orders a second.", min=0.1)] = 50,
    duration: Annotated[float, typer.Option(help="For load: seconds.", min=0.1)] = 30,
    api_key: Annotated[
        str | None, typer.Option(envvar="LANDFALL_API_KEY", help="For load: where one is needed.")
    ] = None,
    url: Url = URL,
) -> None:
    """Measure the engine against its budgets; `landfall bench load` puts load on one that runs."""
    from landfall.bench.load import LoadTest
    from landfall.bench.run import measure, measure_load, this_machine, write_json
    from landfall.bench.scale import FULL, TINY
    from landfall.cli import terminal

    machine, shown = this_machine(), terminal.console()
    shown.print(machine.sentence)
    if names == ["load"]:
        test = LoadTest(url=url, rate=rate, duration=duration, api_key=api_key)
        measured = {"load": measure_load(test, shown)}
    else:
        measured = measure(names or [], TINY if tiny else FULL, shown)
    if json is not None:
        write_json(json, measured, machine)


@commands.command()
def recover(
    accept: Annotated[
        bool,
        typer.Option("--accept", help="End every open order untried, and let workers go on."),
    ] = False,
) -> None:
    """After a restored backup: show what the wallet traded that the database does not know."""
    from landfall.up import recover as recovering

    if accept:
        ended = asyncio.run(recovering.accept(read_settings()))
        if not ended:
            typer.echo("Nothing is missing, or no order was open; none was ended.")
            return
        typer.echo(f"{len(ended)} open orders have ended; workers go on within seconds.")
        return
    state = asyncio.run(recovering.state(read_settings()))
    for landing in state.strangers:
        typer.echo(f"not on record: {landing.signature} in slot {landing.slot}")
    for order_id in state.open_orders:
        typer.echo(f"open, and may have been filled: {order_id}")
    if not state.strangers:
        typer.echo("Every trade of the wallet is on record; nothing needs to be done.")
        return
    typer.echo(
        "The database is older than the chain. Compare these trades with the open orders; then "
        "`landfall recover --accept` ends those orders as record_lost, with no new attempt."
    )
    raise typer.Exit(Exit.NOT_DONE)
