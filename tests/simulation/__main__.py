"""Run histories, replay one, or see the mutants caught: `python -m tests.simulation`."""

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor

from landfall import observe
from tests.simulation.history import simulate
from tests.simulation.mutants import MUTANTS
from tests.simulation.oracle import judge
from tests.simulation.report import Caught, hunt, never, tally, together
from tests.simulation.story import tell

# With fewer histories than this, some ways are not taken by mere chance.
SOMETIMES_FROM = 500
MUTANT_SEEDS = 500
_SEEDS_PER_TASK = 20


def _chunks(first: int, seeds: int) -> Iterator[range]:
    for start in range(first, first + seeds, _SEEDS_PER_TASK):
        yield range(start, min(start + _SEEDS_PER_TASK, first + seeds))


def _hunt(name: str) -> Caught:
    return hunt(name, MUTANT_SEEDS)


def _begin() -> None:
    """Make a process ready for many histories: what it has imported is no garbage of theirs."""
    observe.configure("critical")
    gc.freeze()


def _run(first: int, seeds: int, processes: int) -> int:
    with ProcessPoolExecutor(processes, initializer=_begin) as pool:
        total = together(pool.map(tally, _chunks(first, seeds)))
    for name, times in (*total.faults.most_common(), *total.ways.most_common()):
        print(f"{times:9} {name}")
    for seed, line in total.violations:
        print(f"seed {seed}: {line}")
    missing = never(total) if seeds >= SOMETIMES_FROM else []
    for name in missing:
        print(f"never happened: {name}")
    print(
        f"seeds={total.seeds} orders={total.orders} faults={total.faults.total()} "
        f"violations={len(total.violations)}"
    )
    return 1 if total.violations or missing else 0


def _replay(seed: int) -> int:
    observe.configure("critical")
    history = simulate(seed)
    found = judge(history)
    for line in (*tell(history), *found):
        print(line)
    orders = len(history.database.tables.orders)
    print(f"seeds=1 orders={orders} faults={len(history.weather.struck)} violations={len(found)}")
    return 1 if found else 0


def _mutants(processes: int) -> int:
    width = max(map(len, MUTANTS))
    caught = 0
    with ProcessPoolExecutor(processes, initializer=_begin) as pool:
        for each in pool.map(_hunt, MUTANTS):
            where = "NOT CAUGHT" if each.seed is None else f"seed {each.seed:3}"
            print(f"{each.name:{width}}  {where}  {each.line or ''}")
            caught += each.seed is not None
    print(f"mutants={len(MUTANTS)} caught={caught}")
    return 0 if caught == len(MUTANTS) else 1


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many histories")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="replay this one and tell its story")
    parser.add_argument("--mutants", action="store_true", help="see that each mutant is caught")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    if given.seed is not None:
        return _replay(given.seed)
    if given.mutants:
        return _mutants(given.processes)
    return _run(given.first, given.seeds, given.processes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
