"""The newest orders at a glance, each a link to its story."""

from collections.abc import Callable

from nicegui import ui

from landfall.client import Order
from landfall.console import figures
from landfall.console.frame import Visit
from landfall.console.markup import box, heading, say, text


class RecentOrders:
    """A card with the last few orders; `opened` is called with the id of one that is clicked."""

    def __init__(self, visit: Visit, opened: Callable[[str], None]) -> None:
        self._visit = visit
        self._opened = opened
        self._seen = -1
        visit.until_left(visit.engine.newest.watch())
        with box("card"):
            with box("row-flex between"):
                heading("Recent orders")
                ui.link("All orders", "/orders").classes("btn link")
            self._rows = box("recent")
        visit.look(self._look)

    def _look(self) -> None:
        newest = self._visit.engine.newest
        if newest.version == self._seen:
            return
        self._seen = newest.version
        self._rows.clear()
        orders = newest.value.orders if newest.value else []
        with self._rows:
            for order in orders:
                self._row(order)
            if not orders:
                text("None yet.", "muted small").style("padding: 0 8px")

    def _row(self, order: Order) -> None:
        order_id = str(order.order_id)
        with ui.link(target=f"/order/{order_id}") as row:
            text(order.status, f"status {order.status}")
            text(f"{figures.amount(order.amount)} {pair(order)}", "cut")
            say(text(f"{order.created_at:%H:%M:%S}", "mono muted small"), "UTC")
        row.on("click.prevent", lambda: self._opened(order_id))


def pair(order: Order) -> str:
    """The two tokens, in the direction of the trade."""
    return f"{figures.short(order.token_in)} → {figures.short(order.token_out)}"
