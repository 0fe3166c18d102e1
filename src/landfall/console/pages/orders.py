"""The Orders page: a live list of all orders, filters, an export, and a drawer with one order."""

from collections.abc import Callable
from dataclasses import replace

from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from nicegui import app, ui

from landfall.client import ApiError, ClientError, OrderPage
from landfall.console.engine import Engines
from landfall.console.export import Exports
from landfall.console.frame import Visit, arrive, draw_frame
from landfall.console.markup import box, button, text
from landfall.console.order_query import OrderQuery, tokens_in
from landfall.console.watching import Watched
from landfall.console.widgets.order_drawer import OrderDrawer
from landfall.console.widgets.order_filters import STATUSES, OrderFilters
from landfall.console.widgets.order_grid import OPEN_ORDER, SORT_ORDERS, OrderGrid

PAGE_SIZES = (50, 100, 500)
EXPORT_PATH = "/export"


def add(engines: Engines) -> None:
    """Make the page and its downloads known."""
    exports = Exports()

    @app.get(EXPORT_PATH + "/{ticket}/orders.csv")
    async def download(ticket: str) -> Response:
        lines = exports.take(ticket)
        if lines is None:
            return PlainTextResponse("This download was used; ask for it again.\n", status_code=404)
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8")

    @ui.page("/orders")
    async def orders(status: str = "", search: str = "", token: str = "") -> None:
        frame = draw_frame("Orders")
        visit = await arrive(engines, frame)
        if visit is None:
            return
        query = OrderQuery(
            status=status if status in STATUSES else "", search=search, tokens=tokens_in(token)
        )
        with frame.main:
            OrdersPage(visit, query, exports)


class OrdersPage:
    """One open Orders page."""

    def __init__(self, visit: Visit, query: OrderQuery, exports: Exports) -> None:
        self._visit = visit
        self._query = query
        self._exports = exports
        self._cursors: list[str] = []
        self._watched: Watched[OrderPage] | None = None
        self._leave: Callable[[], None] | None = None
        self._seen = -1
        self._is_same_list = False
        with box("orders-page"):
            self._draw_toolbar()
            self._grid = OrderGrid()
            self._draw_pager()
        self._drawer = OrderDrawer(visit)
        ui.on(OPEN_ORDER, lambda event: self._drawer.open(str(event.args)))
        ui.on(SORT_ORDERS, lambda event: self._sort(str(event.args)))
        self._ask(query)
        visit.look(self._look)
        visit.until_left(self._stop)

    def _draw_toolbar(self) -> None:
        with box("toolbar"):
            self._filters = OrderFilters(
                self._query, lambda: self._visit.engine.seconds, self._filter
            )
            self._live = text("", "small muted")
            box("grow")
            button("Export CSV", "quiet", icon="download").on_click(self._export)

    def _draw_pager(self) -> None:
        with box("pager"):
            self._begin = button("Newest", "quiet").on_click(self._to_begin)
            self._back = button("Newer", "quiet").on_click(self._to_back)
            self._on = button("Older", "quiet").on_click(self._to_next)
            for made in (self._begin, self._back, self._on):
                made.disable()
            self._place = text("", "small muted")
            box("grow")
            self._size = (
                ui.select(list(PAGE_SIZES), value=self._query.limit, on_change=self._filter)
                .props('borderless dense options-dense aria-label="Orders on a page"')
                .classes("field wide-only")
            )

    def _filter(self) -> None:
        """Ask for what the toolbar says, from the list's beginning."""
        self._cursors.clear()
        limit = int(self._size.value or self._query.limit)
        query = replace(self._filters.query(), limit=limit, oldest_first=self._query.oldest_first)
        if query != self._query:
            self._ask(query)

    def _sort(self, order: str) -> None:
        oldest_first = order == "asc"
        self._begin.set_text("Oldest" if oldest_first else "Newest")
        self._back.set_text("Older" if oldest_first else "Newer")
        self._on.set_text("Newer" if oldest_first else "Older")
        self._cursors.clear()
        self._ask(replace(self._query, oldest_first=oldest_first, cursor=""))

    def _ask(self, query: OrderQuery) -> None:
        self._stop()
        self._query = query
        self._watched = self._visit.engine.page(query)
        self._leave = self._visit.while_seen(self._watched.watch)
        self._seen, self._is_same_list = -1, False

    def _stop(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    def _look(self) -> None:
        watched = self._watched
        if watched is None or watched.version == self._seen:
            return
        self._seen = watched.version
        page = watched.value
        if page is None:
            self._show_absence(watched.error)
            return
        self._grid.show(page.orders, self._is_same_list, self._query.oldest_first)
        self._is_same_list = True
        self._show_place(page)

    def _show_absence(self, error: ClientError | None) -> None:
        """Until there is an answer the rows before stay; a refusal leaves none."""
        if isinstance(error, ApiError):
            self._grid.show([], is_same_list=False, oldest_first=self._query.oldest_first)
            self._place.set_text(error.sentence)
        else:
            self._place.set_text("Loading …" if error is None else "")

    def _show_place(self, page: OrderPage) -> None:
        is_first = not self._cursors
        for made in (self._begin, self._back):
            made.set_enabled(not is_first)
        self._on.set_enabled(page.next_cursor is not None)
        first = len(self._cursors) * self._query.limit + 1
        last = first + len(page.orders) - 1
        is_any = bool(page.orders)
        order = "oldest first" if self._query.oldest_first else "newest first"
        self._place.set_text(f"{first:,} to {last:,}, {order}" if is_any else "No orders here")
        self._live.set_text("live" if is_first else "")

    def _to_next(self) -> None:
        page = None if self._watched is None else self._watched.value
        if page is not None and page.next_cursor is not None:
            self._cursors.append(page.next_cursor)
            self._ask(replace(self._query, cursor=page.next_cursor))

    def _to_back(self) -> None:
        self._cursors = self._cursors[:-1]
        self._ask(replace(self._query, cursor=self._cursors[-1] if self._cursors else ""))

    def _to_begin(self) -> None:
        self._cursors.clear()
        self._ask(replace(self._query, cursor=""))

    def _export(self) -> None:
        query = replace(self._query, cursor="")
        ticket = self._exports.ticket(self._visit.engine, query)
        ui.download.from_url(f"{EXPORT_PATH}/{ticket}/orders.csv")
