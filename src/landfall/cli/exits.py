"""How a command ends: the exit codes that scripts may rely on."""

import asyncio
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any

import typer


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


def finish(work: Coroutine[Any, Any, bool]) -> None:
    """Do a command's work; it says whether what was asked for happened.

    Raises:
        typer.Exit: it did not.
    """
    if not asyncio.run(work):
        raise typer.Exit(Exit.NOT_DONE)
