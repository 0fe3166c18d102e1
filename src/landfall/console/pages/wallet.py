"""The Wallet page: what the trading wallet holds, and what open orders may still take of it."""

from nicegui import ui

from landfall.client import Balance, Wallet
from landfall.console import figures
from landfall.console.engine import Engines
from landfall.console.frame import Visit, arrive, draw_frame
from landfall.console.markup import box, heading, icon_button, say, text
from landfall.console.widgets.coin import draw_coin


def add(engines: Engines) -> None:
    """Make the page known."""

    @ui.page("/wallet")
    async def wallet() -> None:
        frame = draw_frame("Wallet")
        visit = await arrive(engines, frame)
        if visit is None:
            return
        with frame.main:
            WalletPage(visit)


class WalletPage:
    """One open Wallet page."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._seen = -1
        with box("card").style("max-width: 980px"):
            heading("Wallet")
            self._address = box("row-flex")
            self._body = box("stack")
            with self._body:
                box("skeleton")
        visit.look(self._look)

    def _look(self) -> None:
        watched = self._visit.engine.wallet
        if watched.version == self._seen:
            return
        self._seen = watched.version
        if watched.value is not None:
            self._show(watched.value)

    def _show(self, wallet: Wallet) -> None:
        self._address.clear()
        self._body.clear()
        if wallet.address is None:
            with self._body, box("empty"):
                ui.icon("account_balance_wallet")
                text("This engine's API knows no wallet", "strong")
                text("Its workers hold the key, and it runs beside them.", "small")
            return
        with self._address:
            text(wallet.address, "mono break")
            copy = icon_button("content_copy", "Copy the address").props("size=sm")
            copy.props["data-copy"] = wallet.address
            copy.on("click", js_handler="(e) => landfall.copy(e.currentTarget.dataset.copy)")
        with self._body, box("table balances"):
            for head in ("Token", "Balance", "In open orders", "Free"):
                text(head, "th" if head == "Token" else "th right")
            for each in wallet.balances:
                _row(each)


def _row(balance: Balance) -> None:
    with box("row-flex"):
        draw_coin(balance.token)
        with box("stack").style("gap: 0"):
            text(figures.short(balance.token.name), "strong")
            say(text(figures.short(balance.token.mint), "small muted mono"), balance.token.mint)
    say(text(figures.amount(balance.amount), "mono right"), figures.exact(balance.amount))
    with box("right"):
        text(figures.amount(balance.reserved), "mono" if balance.reserved else "mono muted")
        if balance.open_orders:
            text(f"{balance.open_orders} open", "small muted")
    free = max(balance.amount - balance.reserved, balance.amount * 0)
    text(figures.amount(free), "mono right")
