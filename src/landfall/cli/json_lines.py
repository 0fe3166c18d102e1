"""What commands print for machines: JSON, one value per line."""

from typing import Any

import typer


def echo_json(value: Any) -> None:
    """Print a value on a line of its own."""
    import msgspec

    typer.echo(msgspec.json.encode(value).decode())
