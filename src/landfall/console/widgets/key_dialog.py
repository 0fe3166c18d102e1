"""Ask for the API key, where the engine wants one.

The key goes over the page's own socket into the storage of this tab, in this process's memory. It
is never part of a URL, a cookie or a log, and it is gone when this process is.
"""

from nicegui import app, ui

from landfall.client import ClientError
from landfall.console.engine import Engines
from landfall.console.markup import box, button, heading, text

KEY = "api_key"


class KeyDialog:
    """The dialog. A key that the engine takes is kept for the tab, and the page begins anew."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        with ui.dialog().props("persistent") as self._dialog, box("dialog"):
            heading("This engine asks for an API key")
            text("It stays in this tab and is forgotten when the console ends.", "muted small")
            self._key = (
                ui.input(placeholder="lf_…")
                .props('borderless dense type=password autocomplete=off aria-label="API key"')
                .classes("field mono")
                .on("keydown.enter", self._try)
            )
            self._fault = text("", "bad small hidden").props("role=alert")
            self._button = button("Use this key", "primary wide")
            self._button.on_click(self._try)

    def open(self) -> None:
        """Show it, unless it is shown already."""
        if not self._dialog.value:
            self._dialog.open()

    async def _try(self) -> None:
        key = str(self._key.value or "").strip()
        fault = await self._refusal(key)
        if fault is None:
            app.storage.tab[KEY] = key
            self._key.set_value("")
            ui.navigate.reload()
            return
        self._fault.set_text(fault)
        self._fault.classes(remove="hidden")

    async def _refusal(self, key: str) -> str | None:
        if not key.isascii() or not key.isprintable() or not key:
            return "That is not an API key."
        try:
            accepted = await self._engines.accepts(key)
        except ClientError as error:
            return str(error)
        return None if accepted else "The engine does not take this key."
