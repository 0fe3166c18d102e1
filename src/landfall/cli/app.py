"""All commands as one program, and how it ends when a part refuses."""

import sys
from typing import Annotated

import typer

from landfall import __version__
from landfall.cli import keys, operating, orders, running
from landfall.cli.exits import Exit

app = typer.Typer(
    epilog="Exit codes: 0 done (an order: confirmed), 1 not done, 2 wrong use, 3 no engine "
    "answers. LANDFALL_URL says where the engine is, LANDFALL_API_KEY holds the key to it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for part in (orders, running, operating):
    app.add_typer(part.commands)
app.add_typer(keys.commands, name="keys")


def _tell_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def landfall(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Landfall: an order execution engine for Solana DEXs."""


def main() -> None:
    """Run a command; whatever the engine or a part refuses becomes one sentence and a code."""
    from landfall.client.errors import ApiError, ClientError, Unreachable
    from landfall.core.errors import LandfallError, Unavailable

    try:
        app()
    except Unreachable as error:
        sentence = f"{error} Start one with `make run`, or name yours with --url."
        code = Exit.UNREACHABLE
    except Unavailable as error:
        why = str(error).rstrip(".")
        doctor = "`landfall doctor`, with the same settings, says what to do."
        sentence = f"{why[:1].upper()}{why[1:]}. {doctor}"
        code = Exit.NOT_DONE
    except (ClientError, LandfallError) as error:
        sentence, code = str(error), Exit.NOT_DONE
        if isinstance(error, ApiError) and error.status == 401:
            sentence += " The command line takes it from LANDFALL_API_KEY."
    typer.echo(sentence, err=True)
    sys.exit(code)
