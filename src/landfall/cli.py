"""The command line: a client for orders, and the doors to every process of the engine.

Each command imports what it needs when it runs, so that placing an order does not wait for parts
that it does not use. Exit codes: 0 if what was asked for happened (an order: confirmed), 1 if not.
"""

import asyncio
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from landfall.client.asynchronous import AsyncClient
    from landfall.settings import Settings
    from landfall.up.keys import MadeKey

app = typer.Typer(
    help="Landfall: an order execution engine for Solana DEXs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

keys = typer.Typer(help="Make, list, replace and end API keys.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Url = Annotated[
    str, typer.Option("--url", envvar="LANDFALL_URL", help="Where the engine's API is.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, one value per line.")]
OrderId = Annotated[str, typer.Argument(help="The order's id.")]
TokenIn = Annotated[str, typer.Argument(help="What is paid: a symbol or a mint address.")]
TokenOut = Annotated[str, typer.Argument(help="What is bought: a symbol or a mint address.")]
Amount = Annotated[str, typer.Argument(help="How much, in the token's own unit, such as 1.5.")]
Slippage = Annotated[str | None, typer.Option(help="A fraction, 0.01 is 1 %; or auto.")]
MaxSlippage = Annotated[str | None, typer.Option(help="With auto: the most, a fraction.")]
ExactOut = Annotated[bool, typer.Option("--exact-out", help="The amount is of what is bought.")]

URL = "http://127.0.0.1:3000"


def main() -> None:
    """Run a command; whatever the engine or a part refuses becomes one sentence and exit code 1."""
    from landfall.client.errors import ClientError, Unreachable
    from landfall.core.errors import LandfallError

    try:
        app()
    except Unreachable as error:
        sentence = f"{error} Start one with `make run`, or name yours with --url."
    except (ClientError, LandfallError) as error:
        sentence = str(error)
    typer.echo(sentence, err=True)
    sys.exit(1)


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
    from landfall.client.asynchronous import AsyncClient
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
        async with AsyncClient(url) as client:
            accepted = await client.submit(form)
            _echo_json(accepted) if json else typer.echo(f"order {accepted.order_id}")
            return await _follow(client, str(accepted.order_id), json) if watch else True

    _finish(place())


@app.command()
def watch(order_id: OrderId, json: Json = False, url: Url = URL) -> None:
    """Follow an order, from its beginning until it has ended."""
    from landfall.client.asynchronous import AsyncClient

    async def follow() -> bool:
        async with AsyncClient(url) as client:
            return await _follow(client, order_id, json)

    _finish(follow())


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
    from landfall.client.asynchronous import AsyncClient
    from landfall.client.request import OrderForm

    form = OrderForm(
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        slippage=slippage,
        swap_mode=_swap_mode(exact_out),
    )

    async def price() -> bool:
        async with AsyncClient(url) as client:
            preview = await client.quote(form)
        if json:
            _echo_json(preview)
        else:
            console = terminal.console()
            console.print(terminal.quotes_table(preview))
            if preview.route is not None:
                console.print(terminal.route_table(preview.route))
                for other in preview.route.alternatives:
                    console.print(terminal.not_taken(other))
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
    from landfall.client.asynchronous import AsyncClient

    async def show() -> bool:
        async with AsyncClient(url) as client:
            page = await client.orders(status=status, limit=limit)
        if json:
            for each in page.orders:
                _echo_json(each)
        else:
            terminal.console().print(terminal.orders_table(page.orders))
        return True

    _finish(show())


@app.command()
def replay(order_id: OrderId, url: Url = URL) -> None:
    """Fold an order's log again, step by step, and compare with what the engine says of it."""
    from landfall import terminal
    from landfall.client.asynchronous import AsyncClient
    from landfall.replay import differences
    from landfall.replay import replay as fold

    async def check() -> bool:
        async with AsyncClient(url) as client:
            told = await client.order(order_id)
        steps = list(fold(told.order_id, told.events))
        console = terminal.console()
        console.print(terminal.steps_table(steps))
        different = differences(steps[-1].execution, told)
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
    from landfall.client.asynchronous import AsyncClient

    async def ask() -> bool:
        async with AsyncClient(url) as client:
            answer = await client.health()
        if json:
            _echo_json(answer)
        else:
            terminal.console().print(terminal.health_table(answer))
        return answer.status == "ok"

    _finish(ask())


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
def revoke_key(key_id: Annotated[str, typer.Argument(help="The key's id.")]) -> None:
    """End a key at once; open WebSockets of it are closed within seconds."""
    from landfall.up import keys as keeping

    asyncio.run(keeping.revoke(_settings(), key_id))
    typer.echo(f"{key_id} is revoked.")


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
    async for update in client.follow(order_id):
        began = began or update.timestamp
        status = update.status
        if json:
            _echo_json(update)
        else:
            console.print(terminal.update_line(update, began))
    return status == "confirmed"


def _finish(work: Coroutine[Any, Any, bool]) -> None:
    if not asyncio.run(work):
        raise typer.Exit(1)


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
