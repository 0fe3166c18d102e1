"""What a bench says: a figure, the goal it is held to, and what it stands beside in the same run.

A machine is noisy and nobody else's is like it, so a figure alone says little. Where something
comparable can be measured in the same minutes, the ratio to it is the number to look at.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Goal:
    """What the design asks of a figure, in the figure's own unit."""

    limit: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether a measured value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The same thing done by something else in the same run, in the figure's own unit."""

    what: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. `samples` is how many measurements stand behind it."""

    what: str
    value: float
    unit: str
    samples: int
    goal: Goal | None = None
    beside: Beside | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`pass` or `short`, where there is a goal."""
        if self.goal is None:
            return ""
        return "pass" if self.goal.met_by(self.value) else "short"

    @property
    def ratio(self) -> float | None:
        """This figure over the one beside it."""
        if self.beside is None or not self.beside.value:
            return None
        return self.value / self.beside.value


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that `percent` of all are not above.

    >>> percentile([5, 1, 4, 2, 3], 50), percentile([5, 1, 4, 2, 3], 99)
    (3, 5)
    """
    ordered = sorted(samples)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def percentiles(
    what: str,
    unit: str,
    samples: Sequence[float],
    goals: dict[float, float],
    beside: Beside | None = None,
) -> Iterable[Figure]:
    """One figure for each percentile that has a goal; `beside` stands with the lowest of them."""
    for percent, limit in goals.items():
        yield Figure(
            what=f"{what}, p{percent:g}",
            value=percentile(samples, percent),
            unit=unit,
            samples=len(samples),
            goal=Goal(limit),
            beside=beside if percent == min(goals) else None,
        )


def microseconds_per_call(call: Callable[[], object], *, calls: int, rounds: int) -> float:
    """The median over `rounds` of the mean over `calls`, after one round to warm up."""
    means = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        means.append((time.perf_counter() - began) / calls * 1e6)
    return median(means[1:])
