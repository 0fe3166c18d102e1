"""Orders from the command line: placed, followed, withdrawn, priced, listed and folded again."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from landfall.cli.environment import engine
from landfall.cli.exits import finish
from landfall.cli.json_lines import echo_json
from landfall.cli.options import (
    URL,
    Amount,
    ExactOut,
    Json,
    MaxSlippage,
    OrderId,
    Slippage,
    SomeOrder,
    TokenIn,
    TokenOut,
    Url,
)

if TYPE_CHECKING:
    from landfall.client.asynchronous import AsyncClient

commands = typer.Typer()


@commands.command()
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
    client_order_id: Annotated[
        str | None, typer.Option(help="Your own id for it; sending it again places nothing new.")
    ] = None,
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
        async with engine(url) as client:
            accepted = await client.submit(form)
            echo_json(accepted) if json else typer.echo(f"order {accepted.order_id}")
            return await _follow(client, str(accepted.order_id), json) if watch else True

    finish(place())


@commands.command()
def watch(order_id: SomeOrder = None, json: Json = False, url: Url = URL) -> None:
    """Follow an order from its beginning until it has ended, or all orders from now on."""

    async def follow() -> bool:
        async with engine(url) as client:
            if order_id is None:
                return await _follow_all(client, json)
            return await _follow(client, order_id, json)

    finish(follow())


@commands.command()
def cancel(order_id: OrderId, json: Json = False, url: Url = URL) -> None:
    """Withdraw an order; only while nothing of it is in flight."""

    async def withdraw() -> bool:
        async with engine(url) as client:
            order = await client.cancel(order_id)
        echo_json(order) if json else typer.echo(f"order {order.order_id} is {order.status}")
        return True

    finish(withdraw())


@commands.command()
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
    from landfall.cli import terminal
    from landfall.client.request import OrderForm

    form = OrderForm(
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        slippage=slippage,
        swap_mode=_swap_mode(exact_out),
    )

    async def price() -> bool:
        async with engine(url) as client:
            preview = await client.quote(form)
            known = await client.tokens()
        route = preview.route
        if json:
            echo_json(preview)
            return route is not None
        console = terminal.console()
        console.print(terminal.quotes_table(preview))
        for line in terminal.refused_lines(preview):
            console.print(line)
        if route is None:
            console.print(preview.reason)
            return False
        console.print(terminal.route_table(route))
        names = {token.mint: token.name for token in known.tokens}
        for line in terminal.route_lines(preview, route, names):
            console.print(line)
        return True

    finish(price())


@commands.command()
def orders(
    status: Annotated[str | None, typer.Option(help="Only pending ones, for example.")] = None,
    token: Annotated[str | None, typer.Option(help="Only of this token, on either side.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Accepted from then on, UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Accepted before, UTC.")] = None,
    search: Annotated[
        str | None, typer.Option(help="By an id, a client order id or a signature.")
    ] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="The other way.")] = False,
    limit: Annotated[int, typer.Option(help="How many.")] = 20,
    json: Json = False,
    url: Url = URL,
) -> None:
    """List orders, newest first."""
    from landfall.cli import terminal

    async def show() -> bool:
        async with engine(url) as client:
            page = await client.orders(
                status=status,
                token=token,
                since=since,
                until=until,
                search=search,
                oldest_first=oldest_first,
                limit=limit,
            )
        if json:
            for each in page.orders:
                echo_json(each)
        else:
            terminal.console().print(terminal.orders_table(page.orders))
        return True

    finish(show())


@commands.command()
def replay(order_id: OrderId, json: Json = False, url: Url = URL) -> None:
    """Fold an order's log again, step by step, and compare with what the engine says of it."""
    from landfall.cli import terminal
    from landfall.replay import differences
    from landfall.replay import replay as fold

    async def check() -> bool:
        async with engine(url) as client:
            told = await client.order(order_id)
        steps = list(fold(told.order_id, told.events))
        different = differences(steps[-1].execution, told)
        if json:
            for step in steps:
                echo_json(terminal.step_json(step))
            echo_json({"differences": different})
            return not different
        console = terminal.console()
        console.print(terminal.steps_table(steps))
        for each in different:
            console.print(each, style="red")
        if not different:
            console.print(f"{len(steps)} events fold to {told.status}, as the engine says.")
        return not different

    finish(check())


async def _follow(client: "AsyncClient", order_id: str, json: bool) -> bool:
    """Print an order's changes until it has ended; whether it was confirmed."""
    from landfall.cli import terminal

    console = terminal.console()
    began = None
    status = ""
    with terminal.Waiting(console, is_shown=not json) as waiting:
        async for update in client.follow(order_id):
            began = began or update.timestamp
            status = update.status
            if json:
                echo_json(update)
            else:
                console.print(terminal.update_line(update, began))
                waiting.after(status)
    return status == "confirmed"


async def _follow_all(client: "AsyncClient", json: bool) -> bool:
    """Print every order's changes, until interrupted."""
    from landfall.cli import terminal

    console = terminal.console()
    with terminal.Waiting(console, is_shown=not json, what_for="waiting for orders to move"):
        async for update in client.updates():
            if json:
                echo_json(update)
            else:
                console.print(terminal.order_line(update))
    return True


def _swap_mode(exact_out: bool) -> str:
    return "ExactOut" if exact_out else "ExactIn"
