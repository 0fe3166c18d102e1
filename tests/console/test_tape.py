"""What the changes of all orders come to."""

from uuid import UUID

import pytest

from landfall.console.tape import ORDERS_MAX, WHOLE, Tape, dex_spread_bps, percentile
from tests.console.test_story import FILLED, update


def test_stages_are_timed_between_statuses():
    tape = Tape(0)
    for each in FILLED:
        tape.heard(each)
    assert {name: list(samples) for name, samples in tape.stages.items()} == {
        "queue and quotes": [10],
        "choose": [5],
        "simulate and sign": [25],
        "land": [400],
        WHOLE: [440],
    }


def test_a_change_heard_twice_counts_once():
    tape = Tape(0)
    for each in (*FILLED[:3], *FILLED[:3]):
        tape.heard(each)
    assert sum(second.accepted for second in tape.seconds.values()) == 1


def test_an_order_heard_from_its_middle_is_timed_from_there():
    tape = Tape(0)
    for each in FILLED[2:]:
        tape.heard(each)
    assert list(tape.stages["land"]) == [400]
    assert list(tape.stages[WHOLE]) == []


def test_what_is_kept_is_bounded():
    tape = Tape(0)
    for number in range(ORDERS_MAX + 10):
        each = update(0, "pending", number)
        tape.heard(type(each)(**{**_fields(each), "order_id": UUID(int=number)}))
    assert len(tape._orders) == ORDERS_MAX


def _fields(each):
    return {name: getattr(each, name) for name in each.__struct_fields__}


@pytest.mark.parametrize(
    ("quotes", "spread"),
    [
        ([("raydium", "101"), ("meteora", "100"), ("raydium", "90")], 100.0),
        ([("raydium", "99"), ("meteora", "100")], -100.0),
        ([("raydium", "99")], None),
        ([("raydium", "99"), ("meteora", "0")], None),
        ([], None),
    ],
)
def test_the_spread_is_between_the_best_of_each(quotes, spread):
    data = {"quotes": [{"dex": dex, "amountOut": out} for dex, out in quotes]}
    assert dex_spread_bps(data) == spread


def test_percentiles_of_few_samples():
    assert percentile([], 0.5) is None
    assert percentile([1, 2, 3], 0.5) == 2
    assert percentile([1, 2, 3], 0.95) == 3
