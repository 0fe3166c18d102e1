"""The grid of orders. Cells are text and never HTML; what changes is sent, not the page again."""

from typing import Any

from nicegui import ui

from landfall.console.order_rows import changes

OPEN_ORDER = "open_order"
"""The event that a row was clicked or entered; its argument is the order's id."""

_STATUS_CLASSES = {
    "st-confirmed": 'x === "confirmed"',
    "st-failed": 'x === "failed"',
    "st-expired": 'x === "expired"',
    "st-cancelled": 'x === "cancelled"',
    "st-open": '["pending", "routing", "building", "submitted"].includes(x)',
}
_COLUMNS: tuple[dict[str, Any], ...] = (
    {"field": "time", "headerName": "Accepted, UTC", "width": 138, "cellClass": "mono"},
    {"field": "status", "headerName": "Status", "width": 108, "cellClassRules": _STATUS_CLASSES},
    {"field": "type", "headerName": "Type", "width": 84},
    {"field": "pays", "headerName": "Pays", "width": 150, "type": "rightAligned"},
    {"field": "gets", "headerName": "Gets", "width": 170, "type": "rightAligned"},
    {"field": "price", "headerName": "Price", "width": 118, "type": "rightAligned"},
    {"field": "venue", "headerName": "Venue", "width": 138},
    {"field": "attempts", "headerName": "Attempts", "width": 90, "type": "rightAligned"},
    {"field": "slippage", "headerName": "Slippage", "width": 92, "type": "rightAligned"},
    {"field": "client", "headerName": "Client order id", "minWidth": 130, "flex": 1},
    {"field": "user", "headerName": "User", "width": 110},
    {"field": "signature", "headerName": "Signature", "width": 112, "cellClass": "mono"},
    {"field": "order", "headerName": "Order", "width": 112, "cellClass": "mono"},
)
_NARROW = ("time", "status", "pays", "gets")


class OrderGrid:
    """Rows by id; `show` brings it from one page to another."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        opened = f"(e) => emitEvent('{OPEN_ORDER}', e.data.id)"
        self._grid = ui.aggrid(
            {
                "columnDefs": list(_COLUMNS),
                "defaultColDef": {"sortable": False, "resizable": True, "suppressMovable": True},
                "rowData": [],
                ":getRowId": "(params) => params.data.id",
                ":onRowClicked": opened,
                ":onCellKeyDown": "(e) => { if (e.event.key === 'Enter') "
                f"emitEvent('{OPEN_ORDER}', e.data.id); }}",
                ":onGridReady": "(e) => { if (window.innerWidth < 760) e.api.setColumnsVisible("
                f"e.api.getColumns().map((c) => c.getColId()).filter((c) => !{list(_NARROW)}"
                ".includes(c)), false); }",
                "overlayNoRowsTemplate": "<span>No orders here.</span>",
                "animateRows": False,
                "suppressCellFocus": False,
                "enableCellTextSelection": True,
            },
            auto_size_columns=False,
        ).classes("grid")

    def show(self, rows: list[dict[str, Any]], is_same_list: bool) -> None:
        """Bring the browser's rows to these; of the list it shows already, only what changed."""
        if is_same_list:
            change = changes(self._rows, rows)
            if change["add"] or change["update"] or change["remove"]:
                self._grid.run_grid_method("applyTransaction", change)
        else:
            self._grid.run_grid_method("setGridOption", "rowData", rows)
            self._grid.run_grid_method("ensureIndexVisible", 0)
        self._rows = rows
