"""The order ticket: what is paid, what is bought, how much, and how much worse it may get."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from nicegui import ui

from landfall.client import OrderForm, Preview, Token
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.markup import box, button, heading, icon_button, text
from landfall.console.widgets.bounds import Bounds
from landfall.console.widgets.coin import draw_coin
from landfall.console.widgets.token_picker import TokenPicker, balance_of

EXACT_IN, EXACT_OUT = "ExactIn", "ExactOut"
SOL_KEPT = Decimal("0.05")


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
        self._is_filling = False
        self._picker = TokenPicker(engine)
        with box("row-flex between"):
            heading("Market order")
            text("fills now, over the best pools", "card-note")
        self._pay = self._side("You pay", EXACT_IN)
        with box("swap-row"):
            icon_button("swap_vert", "Swap the two tokens").on_click(self._swap)
        self._get = self._side("You receive", EXACT_OUT)
        self._bounds = Bounds(changed)

    @property
    def slippage(self) -> Decimal | None:
        """The most slippage there can be, as a fraction; None if what stands there is none."""
        bound = self._bounds.read()
        return None if bound is None else bound.most

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
        amount, bound = figures.number(fixed.amount.value), self._bounds.read()
        if self._pay.token is None or self._get.token is None or not amount or bound is None:
            return None
        return OrderForm(
            token_in=self._pay.token.mint,
            token_out=self._get.token.mint,
            amount=f"{amount:f}",
            slippage=bound.slippage,
            max_slippage=bound.max_slippage,
            max_price_impact_bps=bound.max_price_impact_bps,
            max_fee_lamports=bound.max_fee_lamports,
            swap_mode=self._mode,
        )

    def missing(self) -> str:
        """What is still to be filled in."""
        if self._pay.token is None or self._get.token is None:
            return "Choose the tokens"
        return "Enter an amount" if self._bounds.read() is not None else "Look at the bounds"

    def show(self, preview: Preview | None) -> None:
        """Fill in the amount that follows from a quote."""
        other = self._get if self._mode == EXACT_IN else self._pay
        value = ""
        if preview is not None and preview.route is not None:
            route = preview.route
            amount = route.amount_out if self._mode == EXACT_IN else route.amount_in
            # As many digits as there is room for: the order is bound by the form, not by this.
            value = figures.amount(amount).replace(",", "")
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
