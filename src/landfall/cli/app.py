"""All commands as one program, and how it ends when a part refuses."""

import sys

import typer

from landfall.cli import keys, operating, orders, running
from landfall.cli.exits import Exit

app = typer.Typer(
    help="Landfall: an order execution engine for Solana DEXs.",
    epilog="Exit codes: 0 done (an order: confirmed), 1 not done, 2 wrong use, 3 no engine "
    "answers. LANDFALL_URL and LANDFALL_API_KEY name the engine and the key.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for part in (orders, running, operating):
    app.add_typer(part.commands)
app.add_typer(keys.commands, name="keys")


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
