"""Breaking a running engine: replace a function, a method or a step until a stack unwinds."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from landfall.core.events import (
    TransactionExpired,
)
from landfall.core.execution import Execution, SignedTransaction, Status
from landfall.core.lifecycle.evolve import expired_failure
from landfall.core.lifecycle.retry import after_failure
from landfall.core.values import BlockHeight, Slot
from landfall.pipeline.run import STEPS
from landfall.pipeline.step import Record, Step
from landfall.ports import World

Break = Callable[[ExitStack], None]
FAR = 10**12


def everywhere(stack: ExitStack, original: object, broken: object) -> None:
    """Put `broken` wherever a module of the engine knows `original`."""
    found = [
        (module, name)
        for key, module in list(sys.modules.items())
        if key.startswith("landfall.")
        for name, value in vars(module).items()
        if value is original
    ]
    assert found, f"nobody knows {original} any more"
    for module, name in found:
        stack.enter_context(patch.object(module, name, broken))


def replace_method(stack: ExitStack, owner: type, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a method by what `make` makes of it."""
    stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))


def replace_step(stack: ExitStack, status: Status, step: Step) -> None:
    stack.enter_context(patch.dict(STEPS, {status: step}))  # type: ignore[arg-type]


def in_flight(execution: Execution) -> SignedTransaction:
    assert execution.attempt.transaction is not None
    return execution.attempt.transaction


def given_up(world: World, execution: Execution) -> Record:
    """The attempt declared dead on no evidence."""
    last = in_flight(execution).last_valid_block_height
    expired = TransactionExpired(
        attempt=execution.attempt.number,
        finalized_slot=Slot(FAR),
        finalized_height=BlockHeight(last + 1),
        context_slot=Slot(FAR),
    )
    follows = after_failure(
        execution, expired_failure(expired), world.clock.now_ms(), world.limits.retry
    )
    return Record((expired, follows))
