"""Some of the mutants, by the seeds that tell on them fast; `make mutants` hunts all of them."""

import pytest

from landfall import observe
from tests.simulation.mutants import MUTANTS, broken
from tests.simulation.report import hunt

MUTANTS_MIN = 12
# Few enough for every run of the tests.
FAST = (
    "persist after send",
    "re-sign on time-out: the whole job again, as most bots do",
    "rebroadcast signs again with a new blockhash",
    "send error means failed",
    "expiry by 30 s of wall clock",
    "null status means failed",
    "the fill is what the quote promised",
    "state and event in two commits",
    "a client's own order id is ignored",
    "leases never end",
)
SEEDS = 40


def test_there_are_enough_of_them() -> None:
    assert len(MUTANTS) >= MUTANTS_MIN


@pytest.mark.parametrize("name", FAST)
def test_a_mutant_is_caught(name: str) -> None:
    observe.configure("critical")
    caught = hunt(name, SEEDS)
    assert caught.seed is not None


@pytest.mark.parametrize("name", sorted(set(MUTANTS) - set(FAST)))
def test_every_mutant_still_finds_what_it_breaks(name: str) -> None:
    with broken(name):
        pass
