"""What narrows the list of orders: names, status, tokens, time and user."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from nicegui import ui

from landfall.console.markup import box, text
from landfall.console.order_query import OrderQuery, tokens_in

STATUSES = (
    "pending",
    "routing",
    "building",
    "submitted",
    "confirmed",
    "failed",
    "cancelled",
    "expired",
)
BETWEEN = "between"
PERIODS = {
    "": "Any time",
    "1": "Last hour",
    "24": "Last 24 hours",
    "168": "Last 7 days",
    BETWEEN: "Between …",
}
"""By hours back from now."""


class OrderFilters:
    """The fields; `changed` is called whenever they say something else.

    `seconds` are those since the epoch.
    """

    def __init__(
        self, query: OrderQuery, seconds: Callable[[], int], changed: Callable[[], None]
    ) -> None:
        self._seconds = seconds
        self._changed = changed
        self._since: datetime | None = None
        self._search = self._typed("Order id, client order id or signature", "Search")
        self._search.classes("search").props("data-search").set_value(query.search)
        self._tokens = self._typed("Token, or pair: SOL/USDC", "Token or pair")
        self._tokens.classes("tokens").set_value("/".join(query.tokens))
        statuses = {"": "Any status", **{each: each for each in STATUSES}}
        self._status = self._chosen("Any status", statuses, query.status)
        self._user = self._typed("User", "User id")
        self._period = self._chosen("Any time", PERIODS, "")
        with box("row-flex between-instants") as self._between:
            self._from, self._to = self._instant("From, UTC"), self._instant("Until, UTC")
        self._between.set_visibility(False)
        for field in (self._search, self._tokens, self._status, self._user):
            field.on_value_change(changed)
        self._period.on_value_change(self._period_chosen)

    def query(self) -> OrderQuery:
        """The newest orders that the fields ask for."""
        is_between = self._period.value == BETWEEN
        return OrderQuery(
            status=str(self._status.value or ""),
            user_id=str(self._user.value or "").strip(),
            tokens=tokens_in(str(self._tokens.value or "")),
            since=_instant(self._from.value) if is_between else self._since,
            until=_instant(self._to.value) if is_between else None,
            search=str(self._search.value or "").strip(),
        )

    def _period_chosen(self) -> None:
        chosen = str(self._period.value or "")
        self._between.set_visibility(chosen == BETWEEN)
        # Whole minutes, so that pages which ask for the same share the answer.
        now = datetime.fromtimestamp(self._seconds() // 60 * 60, UTC)
        self._since = now - timedelta(hours=int(chosen)) if chosen.isdigit() else None
        self._changed()

    def _typed(self, placeholder: str, label: str) -> ui.input:
        return (
            ui.input(placeholder=placeholder)
            .props(f'borderless dense clearable debounce=300 aria-label="{label}"')
            .classes("field")
        )

    def _chosen(self, label: str, choices: dict[str, str], value: str) -> ui.select:
        made = ui.select(choices, value=value)
        return made.props(f'borderless dense options-dense aria-label="{label}"').classes("field")

    def _instant(self, label: str) -> ui.input:
        with box("row-flex").style("gap: 5px"):
            text(label, "small muted")
            return (
                ui.input(on_change=lambda: self._changed())
                .props(f'borderless dense type=datetime-local debounce=300 aria-label="{label}"')
                .classes("field instant")
            )


def _instant(typed: object) -> datetime | None:
    """The instant in UTC that was typed; None while it is none."""
    try:
        return datetime.fromisoformat(str(typed)).replace(tzinfo=UTC)
    except ValueError:
        return None
