"""An order's updates as the story that people read: steps with durations, and how it ended.

The same function tells it live, after a reload and in a replay: it sees updates and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from landfall.client import Update
from landfall.console.figures import amount, fill_gap_bps, short

TITLES = {
    "pending": "Accepted",
    "routing": "Quoted",
    "building": "Route chosen",
    "submitted": "Signed and sent",
    "confirmed": "Filled",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "expired": "Expired",
}
WAY = ("pending", "routing", "building", "submitted", "confirmed")
"""The statuses of an order that goes well."""

UNDER_WAY = {
    "pending": "waits for its turn",
    "routing": "comparing the pools",
    "building": "simulating and signing",
    "submitted": "waiting for the ledger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened, or (with `at` None) that is still to come.

    `took_ms` is how long it lasted until the next; None for the last.
    """

    status: str
    title: str
    at: datetime | None
    took_ms: float | None
    data: dict[str, Any]
    is_retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An order as far as it is told."""

    steps: tuple[Step, ...]
    status: str
    total_ms: float
    has_ended: bool

    def last(self, status: str) -> Step | None:
        """The last step of this status that has happened."""
        found = [step for step in self.steps if step.status == status and step.at is not None]
        return found[-1] if found else None

    @property
    def fill_gap_bps(self) -> Decimal | None:
        """The fill against the quote it was built on: above zero, the trader got more."""
        quoted, filled = self.last("building"), self.last("confirmed")
        began = self.last("pending")
        if quoted is None or filled is None or began is None:
            return None
        side = "amountIn" if self._is_exact_out else "amountOut"
        gap = fill_gap_bps(
            decimal(quoted.data.get(side)) or Decimal(0),
            decimal(filled.data.get(side)) or Decimal(0),
        )
        return None if gap is None else -gap if self._is_exact_out else gap

    @property
    def _is_exact_out(self) -> bool:
        return self.steps[0].data.get("swapMode") == "ExactOut"


def tell(updates: Sequence[Update]) -> Story:
    """The story of these updates, the first being the order's acceptance."""
    told = [
        Step(
            status=update.status,
            title="Tried again" if _is_retry(update) else TITLES.get(update.status, update.status),
            at=update.timestamp,
            took_ms=_between(update, following),
            data=update.data,
            is_retry=_is_retry(update),
        )
        for update, following in zip(updates, [*updates[1:], None], strict=True)
    ]
    last = updates[-1]
    to_come = () if last.ends_the_order else _to_come(last.status)
    return Story(
        steps=(*told, *to_come),
        status=last.status,
        total_ms=_milliseconds(updates[0].timestamp, last.timestamp),
        has_ended=last.ends_the_order,
    )


def in_short(story: Story) -> str:
    """The order in a few words, for the title of its page: how it stands, and what it is."""
    began = story.steps[0].data
    fixed = began.get("tokenOut" if began.get("swapMode") == "ExactOut" else "tokenIn", "")
    pair = f"{short(str(began.get('tokenIn', '')))} → {short(str(began.get('tokenOut', '')))}"
    paid = f"{amount(decimal(began.get('amount')))} {short(str(fixed))}"
    return f"{TITLES.get(story.status, story.status)}: {paid}, {pair}"


def decimal(text: Any) -> Decimal | None:
    """A decimal of the wire, or None if it is none."""
    if text is None:
        return None
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None


def _is_retry(update: Update) -> bool:
    return update.status == "pending" and "nextAttempt" in update.data


def _to_come(status: str) -> tuple[Step, ...]:
    after = WAY[WAY.index(status) + 1 :] if status in WAY else ()
    return tuple(
        Step(status=each, title=TITLES[each], at=None, took_ms=None, data={}) for each in after
    )


def _between(update: Update, following: Update | None) -> float | None:
    return None if following is None else _milliseconds(update.timestamp, following.timestamp)


def _milliseconds(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds() * 1000
