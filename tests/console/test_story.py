"""An order's updates told as steps, durations and an end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from landfall.client import Update
from landfall.console.story import in_short, tell

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORDER = UUID(int=7)


def update(version: int, status: str, after_ms: int, **data: Any) -> Update:
    return Update(
        order_id=ORDER,
        status=status,
        version=version,
        timestamp=BEGAN + timedelta(milliseconds=after_ms),
        data=data,
    )


FILLED = [
    update(0, "pending", 0, swapMode="ExactIn"),
    update(1, "routing", 10, quotes=[]),
    update(2, "building", 15, amountIn="2", amountOut="100"),
    update(3, "submitted", 40, txHash="s"),
    update(4, "confirmed", 440, amountIn="2", amountOut="99.5"),
]


def test_each_step_lasts_until_the_next():
    story = tell(FILLED)
    assert [step.took_ms for step in story.steps] == [10, 5, 25, 400, None]
    assert (story.total_ms, story.has_ended, story.status) == (440, True, "confirmed")


def test_what_is_still_to_come_is_told_too():
    story = tell(FILLED[:2])
    assert [(step.status, step.at is None) for step in story.steps] == [
        ("pending", False),
        ("routing", False),
        ("building", True),
        ("submitted", True),
        ("confirmed", True),
    ]
    assert not story.has_ended


def test_the_fill_is_held_against_the_quote_it_was_built_on():
    assert tell(FILLED).fill_gap_bps == Decimal("-50")
    assert tell(FILLED[:4]).fill_gap_bps is None


def test_of_an_exact_out_order_paying_less_is_better():
    story = tell(
        [
            update(0, "pending", 0, swapMode="ExactOut"),
            update(2, "building", 1, amountIn="100", amountOut="2"),
            update(4, "confirmed", 2, amountIn="99", amountOut="2"),
        ]
    )
    assert story.fill_gap_bps == Decimal(100)


def test_a_retry_is_a_step_of_its_own_and_the_order_goes_on():
    story = tell([*FILLED[:4], update(5, "pending", 500, nextAttempt=2, reason="moved", code="x")])
    assert story.steps[4].is_retry
    assert story.steps[4].title == "Tried again"
    assert [step.status for step in story.steps[5:]] == [
        "routing", "building", "submitted", "confirmed"
    ]  # fmt: skip


def test_an_order_in_a_few_words_says_how_it_stands_and_what_it_is():
    sides = {"tokenIn": "SOL", "tokenOut": "USDC"}
    began = update(0, "pending", 0, amount="2.50", **sides)
    assert in_short(tell([began])) == "Accepted: 2.5 SOL, SOL → USDC"
    bought = update(0, "pending", 0, swapMode="ExactOut", amount="9", **sides)
    assert in_short(tell([bought, update(1, "failed", 5)])) == "Failed: 9 USDC, SOL → USDC"


def test_a_failed_order_has_nothing_to_come():
    story = tell([*FILLED[:2], update(2, "failed", 20, error="No pool.", code="no_route")])
    assert story.has_ended
    assert story.steps[-1].title == "Failed"
