"""Folding a log that came over the wire."""

from uuid import UUID

import msgspec
import pytest

from landfall.api import wire
from landfall.client.answers import OrderDetail
from landfall.core.errors import InvariantViolation
from landfall.core.lifecycle.evolve import fold
from landfall.replay import differences, replay
from tests.api.stories import confirmed, recorded, reverted_then_failed

ORDER_ID = UUID(int=9)


def told(story) -> OrderDetail:
    """What the API says of an order with this story."""
    log = recorded(ORDER_ID, story)
    return msgspec.json.decode(
        msgspec.json.encode(wire.order_detail(fold(log), log)), type=OrderDetail
    )


@pytest.mark.parametrize("story", [confirmed, reverted_then_failed])
def test_every_prefix_of_a_log_folds_as_it_did_in_the_engine(story):
    log = recorded(ORDER_ID, story(ORDER_ID))
    steps = list(replay(ORDER_ID, told(story(ORDER_ID)).events))
    assert [step.execution for step in steps] == [fold(log[: n + 1]) for n in range(len(log))]


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "failed"), ("version", 99), ("attempt_count", 2), ("fill", None)],
)
def test_an_engine_that_says_something_else_than_its_log_is_found_out(field: str, value: object):
    detail = told(confirmed(ORDER_ID))
    execution = list(replay(ORDER_ID, detail.events))[-1].execution
    assert differences(execution, detail) == []
    lying = msgspec.structs.replace(detail, **{field: value})
    assert len(differences(execution, lying)) == 1


def test_a_log_with_a_gap_does_not_fold():
    events = told(confirmed(ORDER_ID)).events
    with pytest.raises(InvariantViolation):
        list(replay(ORDER_ID, events[:2] + events[3:]))
