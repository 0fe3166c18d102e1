"""What many histories came to, and where a mutant is noticed first."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.simulation.history import History, simulate
from tests.simulation.mutants import broken
from tests.simulation.oracle import judge
from tests.simulation.recoveries import WAYS, recoveries
from tests.simulation.weather import FAULTS


@dataclass(frozen=True, slots=True)
class Tally:
    """What some histories came to."""

    seeds: int
    orders: int
    faults: Counter[str]
    ways: Counter[str]
    violations: tuple[tuple[int, str], ...]


def tally(seeds: Iterable[int]) -> Tally:
    """Run the histories of these seeds."""
    orders = count = 0
    faults: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    violations: list[tuple[int, str]] = []
    for seed, history, found in judged(seeds):
        violations += [(seed, line) for line in found]
        count += 1
        orders += len(history.database.tables.orders)
        faults.update(name for _, name in history.weather.struck)
        if not found:
            ways.update(recoveries(history))
    return Tally(count, orders, faults, ways, tuple(violations))


def judged(seeds: Iterable[int]) -> Iterator[tuple[int, History, list[str]]]:
    """Each seed, its history, and what is wrong with it."""
    for seed in seeds:
        history = simulate(seed)
        yield seed, history, judge(history)


def together(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    seeds = orders = 0
    faults: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    violations: tuple[tuple[int, str], ...] = ()
    for each in tallies:
        seeds, orders = seeds + each.seeds, orders + each.orders
        faults, ways = faults + each.faults, ways + each.ways
        violations += each.violations
    return Tally(seeds, orders, faults, ways, violations)


def never(total: Tally) -> list[str]:
    """The faults that never struck and the ways that were never taken."""
    return [name for name in FAULTS if not total.faults[name]] + [
        way for way in WAYS if not total.ways[way]
    ]


@dataclass(frozen=True, slots=True)
class Caught:
    """Where a mutant was noticed first, and by which line; both None if nowhere."""

    name: str
    seed: int | None
    line: str | None


def hunt(name: str, seeds: int) -> Caught:
    """Run histories of a mutant until the judge notices."""
    with broken(name):
        for seed, _, found in judged(range(seeds)):
            if found:
                return Caught(name, seed, found[0])
    return Caught(name, None, None)
