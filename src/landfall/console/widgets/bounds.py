"""How much worse an order may get before it fails: slippage, price impact, network fees."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from nicegui import ui

from landfall.console.figures import number
from landfall.console.markup import box, button, text

AUTO = "auto"
CHOICES = (AUTO, "0.1", "0.5", "1")
DEFAULT = "0.5"
AUTO_MOST = Decimal("0.02")
"""The most that automatic slippage may become, as a fraction."""

HUNDRED = Decimal(100)
BPS_IN_PERCENT = 100
LAMPORTS_IN_SOL = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The bounds as an order form takes them."""

    slippage: str
    max_slippage: str | None
    max_price_impact_bps: int | None
    max_fee_lamports: int | None

    @property
    def most(self) -> Decimal:
        """The most slippage there can be, as a fraction."""
        return Decimal(self.max_slippage or self.slippage)


class Bounds:
    """The controls; `changed` is called whenever they say something else."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._slippage = DEFAULT
        with box("row-flex between"):
            text("Slippage", "small muted")
            with box("row-flex").style("gap: 6px"):
                with box("seg").props('role=group aria-label="Slippage"'):
                    self._choices = {value: self._choice(value) for value in CHOICES}
                self._own = _field("%", "Other slippage, per cent", self._typed).style(
                    "width: 62px"
                )
        with ui.expansion("More bounds").props("dense").classes("more small muted"):
            self._impact = _bound("Price impact at most, %", self._changed)
            self._fee = _bound("Network fees at most, SOL", self._changed)
        self._mark()

    def read(self) -> Bound | None:
        """What the controls say; None if one of them makes no sense."""
        impact, fee = number(self._impact.value), number(self._fee.value)
        if (self._impact.value and not impact) or (self._fee.value and not fee):
            return None
        is_auto = self._slippage == AUTO
        percent = None if is_auto else number(self._slippage)
        if not is_auto and not percent:
            return None
        return Bound(
            slippage=AUTO if percent is None else f"{percent / HUNDRED:f}",
            max_slippage=f"{AUTO_MOST:f}" if is_auto else None,
            max_price_impact_bps=None if not impact else max(1, int(impact * BPS_IN_PERCENT)),
            max_fee_lamports=None if not fee else max(1, int(fee * LAMPORTS_IN_SOL)),
        )

    def _choice(self, value: str) -> ui.button:
        made = button("Auto" if value == AUTO else f"{value}%", "")
        made.on_click(lambda: self._choose(value))
        return made

    def _choose(self, value: str) -> None:
        self._own.set_value("")
        self._slippage = value
        self._mark()
        self._changed()

    def _typed(self) -> None:
        typed = str(self._own.value or "")
        if typed:
            self._slippage = typed
            self._mark()
            self._changed()

    def _mark(self) -> None:
        for value, made in self._choices.items():
            is_on = value == self._slippage
            made.classes(add="on" if is_on else "", remove="" if is_on else "on")
            made.props["aria-pressed"] = "true" if is_on else "false"


def _bound(label: str, changed: Callable[[], None]) -> ui.input:
    with box("row-flex between").style("padding: 3px 0"):
        text(label, "small muted")
        return _field("none", label, changed).style("width: 90px")


def _field(placeholder: str, label: str, changed: Callable[[], None]) -> ui.input:
    return (
        ui.input(placeholder=placeholder, on_change=lambda: changed())
        .props(f'borderless dense inputmode=decimal autocomplete=off aria-label="{label}"')
        .classes("field")
    )
