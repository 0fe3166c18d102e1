"""What a quote promises, line by line: price, what is enforced on chain, impact, distance."""

from decimal import Decimal

from nicegui import ui

from landfall.client import Preview
from landfall.console import cautions, figures
from landfall.console.markup import box, text

LEAST_BPS = Decimal("0.01")
"""The smallest distance that is told apart from none."""


class QuoteFacts:
    """The lines; while their names stay the same, only the figures are sent."""

    def __init__(self) -> None:
        self._outer = box("stack").style("gap: 5px")
        self._lines: dict[str, ui.label] = {}

    def show(self, preview: Preview | None) -> None:
        """Bring the lines to this quote; none without a route."""
        facts = _facts(preview)
        if [*facts] != [*self._lines]:
            self._outer.clear()
            with self._outer:
                self._lines = {name: _line(name) for name in facts}
        for name, value in facts.items():
            self._lines[name].set_text(value)


def _line(name: str) -> ui.label:
    with box("kv"):
        text(name)
        return text("", "mono")


def _facts(preview: Preview | None) -> dict[str, str]:
    if preview is None or preview.route is None:
        return {}
    route = preview.route
    name_in, name_out = (figures.short(t.name) for t in (preview.token_in, preview.token_out))
    facts = {"Price": f"{figures.amount(route.price)} {name_out} per {name_in}"}
    if route.min_out is not None:
        facts["At least, enforced on chain"] = f"{figures.amount(route.min_out)} {name_out}"
    if route.max_in is not None:
        facts["At most, enforced on chain"] = f"{figures.amount(route.max_in)} {name_in}"
    facts["Price impact"] = figures.percent(cautions.impact(preview))
    if route.best_single is not None and route.best_single.gain_bps > 0:
        gain = figures.bps(route.best_single.gain_bps, signed=True)
        facts["Against the best single pool"] = gain
    if route.gap_bps is not None:
        gap = figures.bps(max(route.gap_bps, LEAST_BPS))
        facts["Short of the best there could be"] = f"≤ {gap}"
    return facts
