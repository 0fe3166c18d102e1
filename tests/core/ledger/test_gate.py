"""What a simulation says of a quote."""

import pytest

from landfall.core.ledger.gate import RouteAt, Verdict, judge
from landfall.core.values import Slot


def at(slot: int, out: int = 100, paid: int = 50) -> RouteAt:
    return RouteAt(Slot(slot), paid, out)


@pytest.mark.parametrize(
    ("simulated", "before", "after", "verdict"),
    [
        # The same amounts, whatever the slots.
        (at(7), at(3), at(9, 80), Verdict.AGREES),
        (at(7), at(3, 80), at(9), Verdict.AGREES),
        # Other amounts on the very slot that one of the quotes is of.
        (at(7, 99), at(7), at(7), Verdict.CONTRADICTED),
        (at(7, 99), at(7), at(9, 80), Verdict.CONTRADICTED),
        (at(7, 99), at(3, 80), at(7), Verdict.CONTRADICTED),
        (at(7, 100, 51), at(7), at(7), Verdict.CONTRADICTED),
        # The pools said the same before and after, so nothing moved in between.
        (at(7, 99), at(3), at(9), Verdict.CONTRADICTED),
        # They moved, or were seen at the wrong time.
        (at(7, 99), at(3), at(9, 80), Verdict.MOVED),
        (at(7, 99), at(3), at(5), Verdict.MOVED),
        (at(7, 99), at(8), at(9), Verdict.MOVED),
    ],
)
def test_only_a_quote_of_the_same_state_can_be_contradicted(simulated, before, after, verdict):
    assert judge(simulated, before, after) is verdict
