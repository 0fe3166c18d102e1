"""Some histories: no violation, exact replays, and a judge that is not blind."""

import os
import subprocess
import sys

import pytest

from landfall import observe
from tests.simulation.history import History, Simulation, simulate
from tests.simulation.ledger import Landed
from tests.simulation.oracle import judge
from tests.simulation.recoveries import WAYS
from tests.simulation.report import never, tally
from tests.simulation.story import tell
from tests.simulation.weather import FAULTS

# `make simulate` runs thousands; these few tell at once when something is broken.
SEEDS = 24
CHUNK = 12


@pytest.fixture(autouse=True)
def _quiet() -> None:
    observe.configure("critical")


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_history_violates_an_invariant(first: int) -> None:
    total = tally(range(first, first + CHUNK))
    assert total.violations == ()
    # So few histories miss what is rare; `make simulate` allows nothing to be missed.
    assert len(never(total)) < (len(FAULTS) + len(WAYS)) // 2


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_seeds_are_the_same_histories_in_another_process(hash_seed: str) -> None:
    code = (
        "import sys; from landfall import observe; observe.configure('critical'); "
        "from tests.simulation.history import simulate; "
        "print(*(simulate(int(seed)).digest() for seed in sys.argv[1:]))"
    )
    seeds = (3, 115)
    ran = subprocess.run(
        [sys.executable, "-c", code, *map(str, seeds)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    digests = [simulate(seed).digest() for seed in seeds]
    assert ran.stdout.split() == digests
    assert len({*digests, simulate(4).digest()}) == 3


def test_a_history_can_be_told() -> None:
    history = simulate(3)
    told = tell(history)
    times = [float(line.split()[0]) for line in told]
    assert times == sorted(times)
    for word in ("OrderAccepted", "claimed by worker", "first sent", "landed in slot"):
        assert any(word in line for line in told)


# ── The judge is not blind: a history is made false, in one place each ───────────────────────────


def a_filled_history() -> History:
    history = Simulation(0).run()
    assert judge(history) == []
    return history


def first_fill(history: History) -> Landed:
    return next(each for each in history.ledger.by_signature.values() if each.error is None)


def told(history: History, number: str) -> bool:
    return any(line.startswith(f"{number}:") for line in judge(history))


def test_a_second_fill_on_the_ledger_is_noticed() -> None:
    history = a_filled_history()
    history.ledger.by_signature["a second one"] = first_fill(history)
    assert told(history, "I1")


def test_a_fill_that_is_missing_on_the_ledger_is_noticed() -> None:
    history = a_filled_history()
    del history.ledger.by_signature[str(first_fill(history).transaction.signature)]
    assert told(history, "I3")


def test_an_order_that_does_not_end_is_noticed() -> None:
    history = a_filled_history()
    log = next(iter(history.database.tables.events.values()))
    del log[2:]
    assert told(history, "I2")


def test_a_gap_in_a_log_is_noticed() -> None:
    history = a_filled_history()
    log = next(iter(history.database.tables.events.values()))
    del log[2]
    assert told(history, "I4")


def test_a_row_that_is_not_what_the_log_says_is_noticed() -> None:
    history = a_filled_history()
    row = next(iter(history.database.tables.executions.values()))
    row["fill_out_amount"] = 1
    assert told(history, "I4")


def test_an_order_that_was_promised_and_is_not_there_is_noticed() -> None:
    history = a_filled_history()
    history.wishes[0].told.append(history.wishes[0].request)  # type: ignore[arg-type]
    assert told(history, "I7")


def test_lamports_that_nobody_recorded_are_noticed() -> None:
    history = a_filled_history()
    bank = history.ledger.blocks[-1].bank
    wallet = next(iter(bank))
    object.__setattr__(history.ledger.blocks[-1], "bank", {**bank, wallet: bank[wallet]})
    assert judge(history) == []
    poorer = type(bank[wallet])(bank[wallet].owner, bank[wallet].lamports - 1, b"")
    object.__setattr__(history.ledger.blocks[-1], "bank", {**bank, wallet: poorer})
    assert told(history, "I8")
