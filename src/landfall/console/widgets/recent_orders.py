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
        self._lines: list[_Line] = []
        visit.while_seen(visit.engine.newest.watch)
        with box("card"):
            with box("row-flex between"):
                heading("Recent orders")
                ui.link("All orders", "/orders").classes("btn link")
            self._rows = box("recent")
            self._none = text("None yet.", "muted small")
            self._none.set_visibility(False)
        visit.look(self._look)

    def _look(self) -> None:
        newest = self._visit.engine.newest
        if newest.version == self._seen:
            return
        self._seen = newest.version
        orders = newest.value.orders if newest.value else []
        self._none.set_visibility(newest.value is not None and not orders)
        with self._rows:
            while len(self._lines) < len(orders):
                self._lines.append(_Line(self._opened))
        for line, order in zip(self._lines, orders, strict=False):
            line.show(order)


class _Line:
    """One order's line; another order is shown in it by other words."""

    def __init__(self, opened: Callable[[str], None]) -> None:
        self._order_id = ""
        self._link = ui.link()
        self._link.on("click.prevent", lambda: opened(self._order_id))
        with self._link:
            self._status = text("", "status")
            self._trade = text("", "cut")
            self._time = text("", "mono muted small")
        say(self._time, "UTC")

    def show(self, order: Order) -> None:
        """Show this order."""
        if self._order_id != str(order.order_id):
            self._order_id = str(order.order_id)
            self._link.props["href"] = f"/order/{self._order_id}"
            amount, pair = figures.amount(order.amount), f"{order.token_in} → {order.token_out}"
            self._trade.set_text(f"{amount} {figures.plain(pair)}")
            self._time.set_text(f"{order.created_at:%H:%M:%S}")
        if self._status.text != order.status:
            self._status.set_text(order.status)
            self._status.classes(replace=f"status {order.status}")
