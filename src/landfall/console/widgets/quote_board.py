"""All pools side by side: output, fee, impact, distance to the best; and those that would not."""

from decimal import Decimal
from typing import Any

from nicegui import ui

from landfall.client import Preview, Quote
from landfall.console import figures
from landfall.console.markup import box, text

BEHIND_BAR_BPS = 100
"""The distance at which the bar beside it is full."""

_VENUE = """
<q-td :props="props"><span class="venue" :title="props.row.pool">
  <span :class="'dot ' + props.row.dex"></span><span class="strong">{{ props.row.venue }}</span>
  <span class="muted mono small">{{ props.row.short }}</span></span></q-td>
"""
_BEHIND = """
<q-td :props="props"><span v-if="props.row.is_best" class="tag">best</span>
  <span v-else class="behind"><i aria-hidden="true"><b :style="{width: props.row.bar}"></b></i>
  <span class="mono behind-bps">{{ props.row.behind }}</span></span></q-td>
"""
_OUT = """
<q-td :props="props"><span class="mono" :title="props.row.exact">{{ props.row.out }}</span></q-td>
"""


class QuoteBoard:
    """A table that is filled again with every quote, in one message."""

    def __init__(self) -> None:
        self._table = (
            ui.table(rows=[], columns=_columns("Output"), row_key="pool")
            .classes("pools")
            .props('flat dense hide-bottom separator=horizontal aria-label="All pools"')
        )
        self._table.add_slot("body-cell-venue", _VENUE)
        self._table.add_slot("body-cell-behind", _BEHIND)
        self._table.add_slot("body-cell-out", _OUT)
        self._table.set_visibility(False)
        with ui.expansion().classes("small muted hidden").props("dense") as self._refused:
            self._reasons = box("stack")

    def show(self, preview: Preview) -> None:
        """The pools' answers, best first."""
        exact_in = preview.swap_mode == "ExactIn"
        self._table.set_visibility(True)
        self._table.columns = _columns("Output" if exact_in else "Input")
        self._table.rows = [_row(quote, preview, exact_in) for quote in preview.quotes]
        self._refused.classes(replace="small muted" if preview.refused else "small muted hidden")
        if not preview.refused:
            return
        self._refused.set_text(f"{figures.count(len(preview.refused), 'pool')} would not; why")
        self._reasons.clear()
        with self._reasons:
            for each in preview.refused:
                text(
                    f"{figures.venue(each.venue)} {figures.short(each.pool)}: {each.reason}",
                    "small break",
                )

    def clear(self) -> None:
        """Nothing is asked for."""
        self._table.rows = []
        self._table.set_visibility(False)
        self._refused.classes(replace="hidden")


def _columns(amount: str) -> list[dict[str, Any]]:
    named = (
        ("venue", "Pool", "left"),
        ("out", amount, "right"),
        ("fee", "Fee", "right"),
        ("impact", "Impact", "right"),
        ("behind", "To the best", "right"),
    )
    return [
        {"name": name, "label": label, "field": name, "align": align}
        for name, label, align in named
    ]


def _row(quote: Quote, preview: Preview, exact_in: bool) -> dict[str, Any]:
    amount = quote.amount_out if exact_in else quote.amount_in
    bar = min(100, 100 * quote.behind_bps // BEHIND_BAR_BPS)
    return {
        "pool": quote.pool,
        "dex": quote.dex if quote.dex in ("raydium", "meteora") else "",
        "venue": figures.venue(quote.venue),
        "short": figures.short(quote.pool),
        "out": figures.amount(amount),
        "exact": figures.exact(amount),
        "fee": _fee(quote, preview),
        "impact": figures.percent(quote.price_impact),
        "behind": figures.bps(-quote.behind_bps),
        "bar": f"{bar}%",
        "is_best": quote is preview.quotes[0],
    }


def _fee(quote: Quote, preview: Preview) -> str:
    """The fee as a share of what it is taken from: pools take it of either token."""
    if quote.fee is None:
        return figures.DASH
    is_of_input = quote.fee_mint == preview.token_in.mint
    whole = quote.amount_in if is_of_input else quote.amount_out + quote.fee
    return figures.percent(quote.fee / whole if whole else Decimal(0))
