"""Mutants that go past what the client, or the limits, allow."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from landfall.core.events import (
    Event,
    RouteSelected,
)
from landfall.core.execution import Execution, Status
from landfall.core.values import BaseUnits
from landfall.pipeline.run import STEPS
from landfall.pipeline.step import Record, Wait
from landfall.ports import World
from tests.simulation import history
from tests.simulation.engine import draw_limits
from tests.simulation.mutants.tools import FAR, Break, replace_step


def retry_widens(stack: ExitStack) -> None:
    original = STEPS[Status.ROUTING]

    async def step(world: World, execution: Execution) -> Record | Wait:
        outcome = await original(world, execution)
        if not isinstance(outcome, Record) or execution.attempt.number == 1:
            return outcome
        return Record(tuple(_widened(event) for event in outcome.events))

    replace_step(stack, Status.ROUTING, step)


def _widened(event: Event) -> Event:
    if not isinstance(event, RouteSelected):
        return event
    wider = tuple(
        replace(leg, threshold=BaseUnits(leg.threshold * (9 if _is_exact_in(leg) else 11) // 10))
        for leg in event.route.legs
    )
    return replace(event, route=replace(event.route, legs=wider))


def _is_exact_in(leg: Any) -> bool:
    return leg.quote.request.mode.value == "ExactIn"


def limits(**changes: Any) -> Break:
    def breaks(stack: ExitStack) -> None:
        stack.enter_context(
            patch.object(history, "draw_limits", lambda c: replace(draw_limits(c), **changes))
        )

    return breaks


def attempts_uncounted(stack: ExitStack) -> None:
    def uncounting(chance: Any) -> Any:
        limits = draw_limits(chance)
        return replace(limits, retry=replace(limits.retry, attempts_max=99))

    stack.enter_context(patch.object(history, "draw_limits", uncounting))


BOUNDS: Mapping[str, Break] = {
    "a retry widens the client's slippage": retry_widens,
    "old quotes are signed": limits(quote_age_slots_max=FAR),
    "attempts are not counted": attempts_uncounted,
}
