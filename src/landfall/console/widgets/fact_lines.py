"""Lines of a name and what is to be said of it, each with a dot that says whether it is well."""

from collections.abc import Sequence

from nicegui import ui
from nicegui.element import Element

from landfall.console.markup import box, text

Fact = tuple[str, str, str]
"""A colour's name, a name, and words."""


class FactLines:
    """The lines; while their names stay the same, only the words are sent."""

    def __init__(self) -> None:
        self._outer = box("stack").style("gap: 8px")
        self._lines: list[tuple[str, Element, ui.label]] = []

    def show(self, facts: Sequence[Fact]) -> None:
        """Bring the lines to these."""
        if [name for name, _, _ in self._lines] != [name for _, name, _ in facts]:
            self._outer.clear()
            with self._outer:
                self._lines = [_line(name) for _, name, _ in facts]
        for (kind, _, words), (_, dot, label) in zip(facts, self._lines, strict=True):
            dot.classes(replace=f"dot {kind}")
            label.set_text(words)


def _line(name: str) -> tuple[str, Element, ui.label]:
    with box("kv"):
        with box("row-flex"):
            dot = box("dot")
            text(name, "cut")
        words = text("", "mono")
    return name, dot, words
