"""API keys from the command line: made, listed, replaced and ended."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from landfall.cli.environment import read_settings
from landfall.cli.json_lines import echo_json
from landfall.cli.options import Json

if TYPE_CHECKING:
    from landfall.up.keys import MadeKey

commands = typer.Typer(help="Make, list, replace and end API keys.", no_args_is_help=True)


@commands.command("create")
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
        read_settings(), name, account=account, scopes=keeping.scopes_of(scopes), days=days
    )
    _show_key(asyncio.run(made), json)


@commands.command("list")
def list_keys(json: Json = False) -> None:
    """List every key there ever was, without its secret."""
    from landfall.cli import terminal
    from landfall.up import keys as keeping

    lines = asyncio.run(keeping.all_keys(read_settings()))
    if json:
        for each in lines:
            echo_json(each)
    else:
        terminal.console().print(keeping.table(lines))


@commands.command("rotate")
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

    made = keeping.rotate(read_settings(), key_id, overlap_hours=overlap_hours, days=days)
    _show_key(asyncio.run(made), json)


@commands.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id.")], json: Json = False
) -> None:
    """End a key at once; open WebSockets of it are closed within seconds."""
    from landfall.up import keys as keeping

    line = asyncio.run(keeping.revoke(read_settings(), key_id))
    echo_json(line) if json else typer.echo(f"{key_id} is revoked.")


def _show_key(made: "MadeKey", json: bool) -> None:
    if json:
        echo_json(made)
        return
    typer.echo(made.key)
    typer.echo(
        f"{made.line.key_id} of account {made.line.account!r} may {', '.join(made.line.scopes)}. "
        "Keep the key: it is not shown again.",
        err=True,
    )
