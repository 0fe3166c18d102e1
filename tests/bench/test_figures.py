"""Goals, ratios and percentiles."""

import pytest

from landfall.bench.figures import Beside, Figure, Goal, percentile, percentiles


@pytest.mark.parametrize(
    ("goal", "value", "verdict"),
    [
        (Goal(5), 5, "pass"),
        (Goal(5), 5.1, "short"),
        (Goal(5, at_least=True), 5, "pass"),
        (Goal(5, at_least=True), 4.9, "short"),
        (None, 4.9, ""),
    ],
)
def test_a_figure_is_held_against_its_goal(goal: Goal | None, value: float, verdict: str):
    assert Figure(what="it", value=value, unit="ms", samples=1, goal=goal).verdict == verdict


def test_a_ratio_is_of_what_stands_beside():
    figure = Figure(what="it", value=3, unit="ms", samples=1, beside=Beside(what="that", value=2))
    assert figure.ratio == 1.5
    assert Figure(what="it", value=3, unit="ms", samples=1).ratio is None


def test_percentiles_are_samples():
    assert [percentile(range(1, 201), percent) for percent in (0, 50, 99, 100)] == [
        1,
        100,
        198,
        200,
    ]
    p50, p99 = percentiles("it", "ms", [4.0, 1.0], {50: 1, 99: 3}, Beside(what="that", value=2))
    assert (p50.value, p50.verdict, p50.beside is not None) == (1.0, "pass", True)
    assert (p99.value, p99.verdict, p99.beside) == (4.0, "short", None)
