"""The judge sees each kind of wrong it is there for; on a clean story it is silent."""

from dataclasses import replace

import pytest

from tests.nemesis.journal import Wish
from tests.nemesis.judge import Judgement, Row, Swap, judge

SWAP = Swap(signature="s1", succeeded=True, paid=10_100_000, got=7, fee=5_000, slot=9)
ROW = Row(
    order_id="o1",
    key="wish",
    status="confirmed",
    paid=10_100_000,
    got=7,
    fee=5_000,
    slot=9,
    finalized=True,
    signatures=("s0", "s1"),
    versions=(0, 1, 2),
)
WISH = Wish("wish", 10_100_000, {"o1"})


def of(swaps: list[Swap], rows: list[Row], wish: Wish = WISH) -> Judgement:
    return judge(swaps, rows, {wish.key: wish})


def test_a_story_that_agrees_is_clean() -> None:
    reverted = Swap(signature="s0", succeeded=False, paid=0, got=0, fee=5_000, slot=8)
    assert of([reverted, SWAP], [ROW]).is_clean
    # A route through another mint leaves some basis points.
    assert of([replace(SWAP, paid=10_097_000)], [replace(ROW, paid=10_097_000)]).is_clean


@pytest.mark.parametrize(
    "row",
    [
        replace(ROW, status="submitted"),
        replace(ROW, versions=(0, 2)),
        replace(ROW, order_id="another"),
    ],
)
def test_an_order_that_does_not_end_or_is_gone_is_lost(row: Row) -> None:
    assert of([SWAP], [row]).lost


def test_a_wish_that_nobody_answered_is_lost() -> None:
    assert of([SWAP], [ROW], replace(WISH, told=set())).lost


@pytest.mark.parametrize("amount", [10_100_000, 10_097_000])
def test_a_second_swap_is_double(amount: int) -> None:
    again = replace(SWAP, signature="s0", paid=amount)
    assert len(of([SWAP, again], [ROW]).double) == 2


def test_two_orders_of_one_wish_are_double() -> None:
    second = replace(ROW, order_id="o2", status="failed", signatures=())
    assert of([SWAP], [ROW, second]).double
    assert of([SWAP], [ROW], replace(WISH, told={"o1", "o2"})).double


@pytest.mark.parametrize(
    ("swaps", "row"),
    [
        ([SWAP], replace(ROW, status="failed")),
        ([], ROW),
        ([replace(SWAP, got=8)], ROW),
        ([replace(SWAP, paid=10_097_001)], ROW),
        ([replace(SWAP, fee=5_001)], ROW),
        ([replace(SWAP, slot=10)], ROW),
        ([SWAP], replace(ROW, finalized=False)),
        ([SWAP], replace(ROW, signatures=("s1", "s0"))),
        ([SWAP, replace(SWAP, signature="s2", succeeded=False, paid=0)], ROW),
        ([SWAP, replace(SWAP, signature="s0", paid=55_000)], ROW),
    ],
)
def test_what_the_record_says_otherwise_than_the_ledger_is_wrong(
    swaps: list[Swap], row: Row
) -> None:
    assert of(swaps, [row]).wrong
