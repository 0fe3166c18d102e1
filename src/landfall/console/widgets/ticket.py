"""The order ticket: what is paid, what is bought, how much, and how much worse it may get."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from nicegui import ui

from landfall.client import OrderForm, Preview, Token
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.markup import box, button, heading, icon_button, text
from landfall.console.widgets.coin import draw_coin
from landfall.console.widgets.token_picker import TokenPicker, balance_of

SLIPPAGES = ("0.1", "0.5", "1")
SLIPPAGE_DEFAULT = "0.5"
EXACT_IN, EXACT_OUT = "ExactIn", "ExactOut"
HUNDRED = Decimal(100)
SOL_KEPT = Decimal("0.05")
DIGITS_MAX = 40


@dataclass(slots=True)
class _Side:
    """One half of the ticket: its token, and the elements that show it."""

    token: Token | None
    box: ui.element
    amount: ui.input
    button: ui.button
    held: ui.label


class Ticket:
    """The form. `changed` is called whenever it asks for something else.

    Either amount may be typed: the one typed last is fixed, the other follows from the quote.
    """

    def __init__(self, engine: Engine, changed: Callable[[], None]) -> None:
        self._engine = engine
        self._changed = changed
        self._mode = EXACT_IN
        self._slippage = SLIPPAGE_DEFAULT
        self._is_filling = False
        self._picker = TokenPicker(engine)
        with box("row-flex between"):
            heading("Market order")
            text("fills now, at the best pool", "card-note")
        self._pay = self._side("You pay", EXACT_IN)
        with box("swap-row"):
            icon_button("swap_vert", "Swap the two tokens").on_click(self._swap)
        self._get = self._side("You receive", EXACT_OUT)
        self._draw_slippage()

    @property
    def slippage(self) -> Decimal | None:
        """The bound as a fraction; None if what stands there is none."""
        percent = number(self._slippage)
        return None if percent is None or percent <= 0 else percent / HUNDRED

    @property
    def pays(self) -> Token | None:
        """The token that is paid."""
        return self._pay.token

    @property
    def gets(self) -> Token | None:
        """The token that is bought."""
        return self._get.token

    def form(self) -> OrderForm | None:
        """The order as it stands; None while something is missing."""
        fixed = self._pay if self._mode == EXACT_IN else self._get
        amount, slippage = number(fixed.amount.value), self.slippage
        if self._pay.token is None or self._get.token is None or not amount or slippage is None:
            return None
        return OrderForm(
            token_in=self._pay.token.mint,
            token_out=self._get.token.mint,
            amount=f"{amount:f}",
            slippage=f"{slippage:f}",
            swap_mode=self._mode,
        )

    def missing(self) -> str:
        """What is still to be filled in."""
        if self._pay.token is None or self._get.token is None:
            return "Choose the tokens"
        return "Enter an amount" if self.slippage is not None else "Enter a slippage"

    def show(self, preview: Preview | None) -> None:
        """Fill in the amount that follows from a quote."""
        other = self._get if self._mode == EXACT_IN else self._pay
        value = ""
        if preview is not None and preview.route is not None:
            route = preview.route
            amount = route.amount_out if self._mode == EXACT_IN else route.amount_in
            value = f"{amount:f}"
        self._fill(other, value)

    def show_balances(self) -> None:
        """What the wallet holds, beside each token."""
        for side in (self._pay, self._get):
            held = None if side.token is None else balance_of(self._engine, side.token.mint)
            side.held.set_text("" if held is None else f"Balance {figures.amount(held)}")

    def choose(self, pays: Token, gets: Token) -> None:
        """Set both tokens."""
        self._pay.token, self._get.token = pays, gets
        self._draw_tokens()
        self._changed()

    def _side(self, title: str, mode: str) -> _Side:
        with box("side") as outer:
            with box("row-flex between"):
                text(title, "small muted")
                with box("row-flex"):
                    held = text("", "small muted mono")
                    if mode == EXACT_IN:
                        button("Half", "tiny quiet").on_click(lambda: self._take(Decimal("0.5")))
                        button("Max", "tiny quiet").on_click(lambda: self._take(Decimal(1)))
            with box("row-flex"):
                amount = (
                    ui.input(placeholder="0", on_change=lambda: self._typed(mode))
                    .props(
                        f'borderless dense inputmode=decimal autocomplete=off aria-label="{title}"'
                    )
                    .classes("amount")
                )
                chosen = button("Token", "token-btn")
                chosen.on_click(lambda: self._picker.open(lambda token: self._pick(mode, token)))
        return _Side(None, outer, amount, chosen, held)

    def _draw_slippage(self) -> None:
        with box("row-flex between"):
            text("Slippage at most", "small muted")
            with box("row-flex"):
                with box("seg").props('role=group aria-label="Slippage"'):
                    self._choices = {value: self._slippage_button(value) for value in SLIPPAGES}
                self._own = (
                    ui.input(placeholder="other %", on_change=self._own_slippage)
                    .props(
                        'borderless dense inputmode=decimal aria-label="Other slippage, per cent"'
                    )
                    .classes("field")
                    .style("width: 78px")
                )
        self._mark_slippage()

    def _slippage_button(self, value: str) -> ui.button:
        made = button(f"{value} %", "")
        made.on_click(lambda: self._set_slippage(value))
        return made

    def _set_slippage(self, value: str) -> None:
        self._slippage = value
        self._own.set_value("")
        self._mark_slippage()
        self._changed()

    def _own_slippage(self) -> None:
        typed = str(self._own.value or "")
        if typed:
            self._slippage = typed
            self._mark_slippage()
            self._changed()

    def _mark_slippage(self) -> None:
        for value, made in self._choices.items():
            is_on = value == self._slippage
            made.classes(add="on" if is_on else "", remove="" if is_on else "on")
            made.props["aria-pressed"] = "true" if is_on else "false"

    def _typed(self, mode: str) -> None:
        if self._is_filling:
            return
        self._mode = mode
        self._changed()

    def _fill(self, side: _Side, value: str) -> None:
        """Show a value that the reader did not type."""
        self._is_filling = True
        side.amount.set_value(value)
        self._is_filling = False
        fixed = self._pay if side is self._get else self._get
        side.box.classes(add="estimate")
        fixed.box.classes(remove="estimate")

    def _take(self, share: Decimal) -> None:
        token = self._pay.token
        held = None if token is None else balance_of(self._engine, token.mint)
        if token is None or held is None:
            return
        kept = SOL_KEPT if token.symbol == "SOL" and share == 1 else Decimal(0)
        amount = max(Decimal(0), held * share - kept)
        self._pay.amount.set_value(f"{amount.quantize(Decimal(1).scaleb(-token.decimals)):f}")

    def _pick(self, mode: str, token: Token) -> None:
        side, other = (self._pay, self._get) if mode == EXACT_IN else (self._get, self._pay)
        if other.token is not None and other.token.mint == token.mint:
            other.token = side.token
        side.token = token
        self._draw_tokens()
        self._changed()

    def _swap(self) -> None:
        self._pay.token, self._get.token = self._get.token, self._pay.token
        self._draw_tokens()
        self._changed()

    def _draw_tokens(self) -> None:
        for side in (self._pay, self._get):
            side.button.clear()
            side.button.set_text("" if side.token else "Token")
            with side.button, box("row-flex"):
                if side.token is not None:
                    draw_coin(side.token)
                    text(figures.short(side.token.name))
                ui.icon("expand_more", size="18px").classes("muted")
        self.show_balances()


def number(typed: object) -> Decimal | None:
    """What was typed as a number: digits with a point (or a comma) among them; None otherwise.

    >>> number("1,5"), number(" 2 "), number("abc"), number("-1"), number("")
    (Decimal('1.5'), Decimal('2'), None, None, None)
    """
    text_typed = str(typed or "").strip().replace(",", ".").replace("_", "x")
    if not text_typed.isascii() or len(text_typed) > DIGITS_MAX or "e" in text_typed.lower():
        return None
    try:
        value = Decimal(text_typed)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
