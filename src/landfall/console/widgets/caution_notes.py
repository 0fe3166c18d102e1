"""Cautions as notes: what a reader should see before executing, and why an engine would not."""

from collections.abc import Sequence

from nicegui import ui

from landfall.console.cautions import Caution
from landfall.console.markup import box, text


class CautionNotes:
    """The notes; the same ones again send nothing."""

    def __init__(self) -> None:
        self._outer = box("stack").props("aria-live=polite")
        self._shown: list[Caution] = []

    def show(self, found: Sequence[Caution]) -> None:
        """Bring the notes to these."""
        if [*found] == self._shown:
            return
        self._shown = [*found]
        self._outer.clear()
        with self._outer:
            for each in found:
                with box(f"note {each.kind}"):
                    ui.icon("error_outline" if each.kind == "bad" else "warning_amber")
                    text(each.sentence)
