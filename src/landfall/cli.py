"""The command line: a client for orders, and the doors to every process of the engine.

Each command imports what it needs when it runs, so that placing an order does not wait for parts
that it does not use. `Exit` is what scripts may rely on. The API key comes from the
environment alone: what is typed is seen by every process of the machine and kept by the shell.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from landfall.client.asynchronous import AsyncClient
    from landfall.settings import Settings
    from landfall.up.keys import MadeKey


class Exit(IntEnum):
    """How a command ended, for scripts."""

    DONE = 0
    """What was asked for happened; an order that is watched: it was confirmed."""
    NOT_DONE = 1
    """It did not: refused, failed, or not well. The reason is on standard error."""
    WRONG_USE = 2
    """The command line itself cannot be understood."""
    UNREACHABLE = 3
    """No engine answers. An order may have been taken: send it again with its client order id."""


app = typer.Typer(
    help="Landfall: an order execution engine for Solana DEXs.",
    epilog="Exit codes: 0 done (an order: confirmed), 1 not done, 2 wrong use, 3 no engine "
    "answers. LANDFALL_URL and LANDFALL_API_KEY name the engine and the key.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

keys = typer.Typer(help="Make, list, replace and end API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Url = Annotated[
    str, typer.Option("--url", envvar="LANDFALL_URL", help="Where the engine's API is.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one value per line.")]
OrderId = Annotated[str, typer.Argument(help="The order's id.")]
SomeOrder = Annotated[str | None, typer.Argument(help="The order's id; without it, all orders.")]
TokenIn = Annotated[str, typer.Argument(help="What is paid: a symbol or a mint address.")]
TokenOut = Annotated[str, typer.Argument(help="What is bought: a symbol or a mint address.")]
Amount = Annotated[str, typer.Argument(help="How much, in the token's own unit, such as 1.5.")]
Slippage = Annotated[str | None, typer.Option(help="A fraction, 0.01 is 1 %; or auto.")]
MaxSlippage = Annotated[str | None, typer.Option(help="With auto: the most, a fraction.")]
ExactOut = Annotated[bool, typer.Option("--exact-out", help="The amount is of what is bought.")]

URL = "http://127.0.0.1:3000"


def main() -> None:
    """Run a command; whatever the engine or a part refuses becomes one sentence and a code."""
    from landfall.client.errors import ClientError, Unreachable
    from landfall.core.errors import LandfallError, Unavailable

    try:
        app()
    except Unreachable as error:
        sentence = f"{error} Start one with `make run`, or name yours with --url."
        code = Exit.UNREACHABLE
    except Unavailable as error:
        sentence = f"{error} `landfall doctor`, with the same settings, says what to do."
        code = Exit.NOT_DONE
    except (ClientError, LandfallError) as error:
        sentence, code = str(error), Exit.NOT_DONE
    typer.echo(sentence, err=True)
    sys.exit(code)


@app.command()
def order(
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    slippage: Slippage = None,
    max_slippage: MaxSlippage = None,
    max_price_impact_bps: Annotated[
        int | None, typer.Option(help="Fail rather than move the price further.")
    ] = None,
    max_fee_lamports: Annotated[
        int | None, typer.Option(help="Fail rather than cost more, all attempts together.")
    ] = None,
    exact_out: ExactOut = False,
    priority: Annotated[int, typer.Option(help="0 to 100; higher runs first.")] = 0,
    client_order_id: Annotated[str | None, typer.Option(help="Makes it idempotent.")] = None,
    watch: Annotated[bool, typer.Option(help="Follow the order until it has ended.")] = True,
    json: Json = False,
    url: Url = URL,
) -> None:
    """Place an order and follow it until the ledger has decided."""
    from landfall.client.request import OrderForm

    form = OrderForm(
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        slippage=slippage,
        max_slippage=max_slippage,
        max_price_impact_bps=max_price_impact_bps,
        max_fee_lamports=max_fee_lamports,
        swap_mode=_swap_mode(exact_out),
        priority=priority,
        client_order_id=client_order_id,
    )

    async def place() -> bool:
        async with _client(url) as client:
            accepted = await client.submit(form)
            _echo_json(accepted) if json else typer.echo(f"order {accepted.order_id}")
            return await _follow(client, str(accepted.order_id), json) if watch else True

    _finish(place())


@app.command()
def watch(order_id: SomeOrder = None, json: Json = False, url: Url = URL) -> None:
    """Follow an order from its beginning until it has ended, or all orders from now on."""

    async def follow() -> bool:
        async with _client(url) as client:
            if order_id is None:
                return await _follow_all(client, json)
            return await _follow(client, order_id, json)

    _finish(follow())


@app.command()
def cancel(order_id: OrderId, json: Json = False, url: Url = URL) -> None:
    """Withdraw an order; only while nothing of it is in flight."""

    async def withdraw() -> bool:
        async with _client(url) as client:
            order = await client.cancel(order_id)
        _echo_json(order) if json else typer.echo(f"order {order.order_id} is {order.status}")
        return True

    _finish(withdraw())


@app.command()
def quote(
    token_in: TokenIn,
    token_out: TokenOut,
    amount: Amount,
    slippage: Slippage = None,
    exact_out: ExactOut = False,
    json: Json = False,
    url: Url = URL,
) -> None:
    """Price an order without placing it: every pool's answer, and the route it would take."""
    from landfall import terminal
    from landfall.client.request import OrderForm

    form = OrderForm(
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        slippage=slippage,
        swap_mode=_swap_mode(exact_out),
    )

    async def price() -> bool:
        async with _client(url) as client:
            preview = await client.quote(form)
        if json:
            _echo_json(preview)
        else:
            console = terminal.console()
            console.print(terminal.quotes_table(preview))
            if preview.route is not None:
                console.print(terminal.route_table(preview))
                for line in terminal.route_lines(preview, preview.route):
                    console.print(line)
            console.print(preview.reason)
        return preview.route is not None

    _finish(price())


@app.command()
def orders(
    status: Annotated[str | None, typer.Option(help="Only orders of this status.")] = None,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20,
    json: Json = False,
    url: Url = URL,
) -> None:
    """List orders, newest first."""
    from landfall import terminal

    async def show() -> bool:
        async with _client(url) as client:
            page = await client.orders(status=status, limit=limit)
        if json:
            for each in page.orders:
                _echo_json(each)
        else:
            terminal.console().print(terminal.orders_table(page.orders))
        return True

    _finish(show())


@app.command()
def replay(order_id: OrderId, json: Json = False, url: Url = URL) -> None:
    """Fold an order's log again, step by step, and compare with what the engine says of it."""
    from landfall import terminal
    from landfall.replay import differences
    from landfall.replay import replay as fold

    async def check() -> bool:
        async with _client(url) as client:
            told = await client.order(order_id)
        steps = list(fold(told.order_id, told.events))
        different = differences(steps[-1].execution, told)
        if json:
            for step in steps:
                _echo_json(terminal.step_json(step))
            _echo_json({"differences": different})
            return not different
        console = terminal.console()
        console.print(terminal.steps_table(steps))
        for each in different:
            console.print(each, style="red")
        if not different:
            console.print(f"{len(steps)} events fold to {told.status}, as the engine says.")
        return not different

    _finish(check())


@app.command()
def health(json: Json = False, url: Url = URL) -> None:
    """Ask every part of the engine how it is."""
    from landfall import terminal

    async def ask() -> bool:
        async with _client(url) as client:
            answer = await client.health()
        if json:
            _echo_json(answer)
        else:
            terminal.console().print(terminal.health_table(answer))
        return answer.status == "ok"

    _finish(ask())


@app.command()
def doctor(json: Json = False) -> None:
    """Look at everything the engine needs, with this environment, and say what to do."""
    from landfall import observe, terminal
    from landfall.up import findings
    from landfall.up.doctor import examine

    # What parts log of their failures is told in the findings.
    observe.configure("error")
    seen = asyncio.run(examine(os.environ))
    if json:
        for each in seen:
            _echo_json(each)
    else:
        terminal.console().print(findings.table(seen))
    if not findings.is_well(seen):
        raise typer.Exit(Exit.NOT_DONE)


@app.command()
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
    """Run everything: database, local chain, API and worker, until Ctrl-C."""
    from landfall.up.run import UpOptions
    from landfall.up.run import up as run

    options = UpOptions(
        fresh=fresh,
        accounts=tuple(account or ()),
        programs=tuple(program or ()),
        faults=tuple(fault or ()),
        seed=seed,
    )
    run(_settings(), options)


@app.command()
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
    from landfall import terminal
    from landfall.bench.load import LoadTest
    from landfall.bench.run import measure, measure_load, this_machine, write_json
    from landfall.bench.scale import FULL, TINY

    machine, shown = this_machine(), terminal.console()
    shown.print(machine.sentence)
    if names == ["load"]:
        test = LoadTest(url=url, rate=rate, duration=duration, api_key=api_key)
        measured = {"load": measure_load(test, shown)}
    else:
        measured = measure(names or [], TINY if tiny else FULL, shown)
    if json is not None:
        write_json(json, measured, machine)


@app.command()
def api() -> None:
    """Serve the API alone, over DATABASE_URL and SOLANA_RPC_URL."""
    from landfall.processes import run_api

    _run(run_api(_settings()))


@app.command()
def worker() -> None:
    """Carry orders, over DATABASE_URL and SOLANA_RPC_URL; as many as you like may run."""
    from landfall.processes import run_worker

    _run(run_worker(_settings()))


@app.command()
def recover(
    accept: Annotated[
        bool,
        typer.Option("--accept", help="End every open order untried, and let workers go on."),
    ] = False,
) -> None:
    """After a restored backup: show what the wallet traded that the database does not know."""
    from landfall.up import recover as recovering

    if accept:
        ended = asyncio.run(recovering.accept(_settings()))
        typer.echo(f"{len(ended)} open orders have ended; workers go on within seconds.")
        return
    state = asyncio.run(recovering.state(_settings()))
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
    raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the database named by DATABASE_URL to the newest revision."""
    from landfall.processes import run_migrations

    _run(run_migrations(_settings()))


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def console(context: typer.Context) -> None:
    """Serve the console for an engine: `landfall console --api URL`; `--help` lists its options."""
    from landfall.console.__main__ import main as run

    raise typer.Exit(run(context.args))


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def localnet(context: typer.Context) -> None:
    """Run a local Solana cluster alone; `landfall localnet --help` lists its options."""
    from landfall.localnet.__main__ import main as run

    raise typer.Exit(run(context.args))


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What to call the key.")],
    scopes: Annotated[
        str, typer.Option(help="Any of read, trade, cancel, admin; separated by commas.")
    ] = "read",
    account: Annotated[
        str | None, typer.Option(help="Whose orders; keys of one account share them.")
    ] = None,
    days: Annotated[int | None, typer.Option(help="For how many days it is good.", min=1)] = None,
    json: Json = False,
) -> None:
    """Make an API key. It is shown this once and kept as a hash."""
    from landfall.up import keys as keeping

    made = keeping.create(
        _settings(), name, account=account, scopes=keeping.scopes_of(scopes), days=days
    )
    _show_key(asyncio.run(made), json)


@keys.command("list")
def list_keys(json: Json = False) -> None:
    """List every key there ever was, without its secret."""
    from landfall import terminal
    from landfall.up import keys as keeping

    lines = asyncio.run(keeping.all_keys(_settings()))
    if json:
        for each in lines:
            _echo_json(each)
    else:
        terminal.console().print(keeping.table(lines))


@keys.command("rotate")
def rotate_key(
    key_id: Annotated[str, typer.Argument(help="The old key's id.")],
    overlap_hours: Annotated[
        float, typer.Option(help="For how long the old key stays good.", min=0)
    ] = 24,
    days: Annotated[int | None, typer.Option(help="For how many days it is good.", min=1)] = None,
    json: Json = False,
) -> None:
    """Make a key like an old one, which ends after the overlap."""
    from landfall.up import keys as keeping

    made = keeping.rotate(_settings(), key_id, overlap_hours=overlap_hours, days=days)
    _show_key(asyncio.run(made), json)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id.")], json: Json = False
) -> None:
    """End a key at once; open WebSockets of it are closed within seconds."""
    from landfall.up import keys as keeping

    line = asyncio.run(keeping.revoke(_settings(), key_id))
    _echo_json(line) if json else typer.echo(f"{key_id} is revoked.")


def _show_key(made: "MadeKey", json: bool) -> None:
    if json:
        _echo_json(made)
        return
    typer.echo(made.key)
    typer.echo(
        f"{made.line.key_id} of account {made.line.account!r} may {', '.join(made.line.scopes)}. "
        "Keep the key: it is not shown again.",
        err=True,
    )


async def _follow(client: "AsyncClient", order_id: str, json: bool) -> bool:
    """Print an order's changes until it has ended; whether it was confirmed."""
    from landfall import terminal

    console = terminal.console()
    began = None
    status = ""
    with terminal.Waiting(console, is_shown=not json) as waiting:
        async for update in client.follow(order_id):
            began = began or update.timestamp
            status = update.status
            if json:
                _echo_json(update)
            else:
                console.print(terminal.update_line(update, began))
                waiting.after(status)
    return status == "confirmed"


async def _follow_all(client: "AsyncClient", json: bool) -> bool:
    """Print every order's changes, until interrupted."""
    from landfall import terminal

    console = terminal.console()
    async for update in client.updates():
        if json:
            _echo_json(update)
        else:
            console.print(terminal.order_line(update))
    return True


def _client(url: str) -> "AsyncClient":
    """The engine at this address, with the environment's key."""
    from landfall.client.asynchronous import AsyncClient

    return AsyncClient(url, api_key=os.environ.get("LANDFALL_API_KEY") or None)


def _finish(work: Coroutine[Any, Any, bool]) -> None:
    if not asyncio.run(work):
        raise typer.Exit(Exit.NOT_DONE)


def _settings() -> "Settings":
    """The environment's settings, with logging set up as they say."""
    from landfall import observe
    from landfall.settings import read_settings

    settings = read_settings(os.environ)
    observe.configure(settings.log_level, settings.log_format == "json")
    return settings


def _run(process: Coroutine[Any, Any, None]) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(process)


def _echo_json(value: Any) -> None:
    import msgspec

    typer.echo(msgspec.json.encode(value).decode())


def _swap_mode(exact_out: bool) -> str:
    return "ExactOut" if exact_out else "ExactIn"
