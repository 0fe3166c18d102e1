"""The grid of orders. Cells are text and never HTML; what changes is sent, not the page again."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from landfall.client import Order
from landfall.console.order_rows import changes, grid_rows

OPEN_ORDER = "open_order"
"""The event that a row was clicked or entered; its argument is the order's id."""

SORT_ORDERS = "sort_orders"
"""The event that the list is to begin at its other end; its argument is asc or desc."""

_STATUS_CLASSES = {
    "st-confirmed": 'x === "confirmed"',
    "st-failed": 'x === "failed"',
    "st-expired": 'x === "expired"',
    "st-cancelled": 'x === "cancelled"',
    "st-open": '["pending", "routing", "building", "submitted"].includes(x)',
}
_COLUMNS: tuple[dict[str, Any], ...] = (
    # The engine has them in order, over all pages: the grid leaves them as they come.
    {
        "field": "time",
        "headerName": "Accepted, UTC",
        "width": 144,
        "cellClass": "mono",
        "sortable": True,
        "sort": "desc",
        "sortingOrder": ["desc", "asc"],
        ":comparator": "() => 0",
    },
    {"field": "status", "headerName": "Status", "width": 102, "cellClassRules": _STATUS_CLASSES},
    {"field": "type", "headerName": "Type", "width": 72},
    {"field": "pays", "headerName": "Pays", "width": 130, "type": "rightAligned"},
    {"field": "gets", "headerName": "Gets", "width": 150, "type": "rightAligned"},
    {"field": "price", "headerName": "Price", "width": 102, "type": "rightAligned"},
    {"field": "venue", "headerName": "Venue", "width": 142},
    {"field": "attempts", "headerName": "Attempts", "width": 84, "type": "rightAligned"},
    {"field": "slippage", "headerName": "Slippage", "width": 84, "type": "rightAligned"},
    {"field": "client", "headerName": "Client order id", "minWidth": 100, "flex": 1},
    {"field": "user", "headerName": "User", "width": 84},
    {"field": "signature", "headerName": "Signature", "width": 104, "cellClass": "mono"},
    {"field": "order", "headerName": "Order", "width": 104, "cellClass": "mono"},
)
_ON_A_PHONE = {"status": 96, "pays": 124, "gets": 146}
"""The columns of a narrow page, and how wide they are there, in pixels."""

PHONE_WIDTH = 760


class OrderGrid:
    """Rows by id; `show` brings it from one page to another."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        opened = f"(e) => emitEvent('{OPEN_ORDER}', e.data.id)"
        self._grid = ui.aggrid(
            {
                "columnDefs": [_on_a_phone(column) for column in _COLUMNS],
                "defaultColDef": {"sortable": False, "resizable": True, "suppressMovable": True},
                "rowData": [],
                ":getRowId": "(params) => params.data.id",
                ":onRowClicked": opened,
                ":onCellKeyDown": "(e) => { if (e.event.key === 'Enter') "
                f"emitEvent('{OPEN_ORDER}', e.data.id); }}",
                ":onSortChanged": f"(e) => emitEvent('{SORT_ORDERS}', e.api.getColumnState()"
                ".find((column) => column.sort)?.sort)",
                "loading": True,
                "overlayLoadingTemplate": "<span>Waits for the engine …</span>",
                "overlayNoRowsTemplate": "<span>No orders here.</span>",
                "animateRows": False,
                "suppressCellFocus": False,
                "enableCellTextSelection": True,
            },
            auto_size_columns=False,
        ).classes("grid")

    def show(self, orders: Sequence[Order], is_same_list: bool, oldest_first: bool) -> None:
        """Bring the browser's rows to these; of the list it shows already, only what changed."""
        rows = grid_rows(orders, {row["id"]: row for row in self._rows})
        if is_same_list:
            change = changes(self._rows, rows, oldest_first)
            if change["add"] or change["update"] or change["remove"]:
                self._grid.run_grid_method("applyTransaction", change)
        else:
            self._grid.run_grid_method("setGridOption", "loading", False)
            self._grid.run_grid_method("setGridOption", "rowData", rows)
            if rows:
                self._grid.run_grid_method("ensureIndexVisible", 0)
        self._rows = rows


def _on_a_phone(column: dict[str, Any]) -> dict[str, Any]:
    """A column that gives way, or goes, where there is no room for it."""
    is_narrow = f"window.innerWidth < {PHONE_WIDTH}"
    width = _ON_A_PHONE.get(column["field"])
    if width is None:
        return {**column, ":hide": is_narrow}
    return {**column, ":width": f"{is_narrow} ? {width} : {column['width']}"}
