"""A figure one can read from across the room, with what it is and one line beneath."""

from landfall.console.markup import box, text


class Tile:
    """One figure; `show` changes it in place."""

    def __init__(self, label: str) -> None:
        with box("tile"):
            text(label, "label")
            self._figure = text("–", "figure")
            self._foot = text("", "foot cut")

    def show(self, figure: str, foot: str = "", kind: str = "") -> None:
        """The figure, the line beneath, and its colour."""
        self._figure.set_text(figure)
        self._figure.classes(replace=f"figure {kind}")
        self._foot.set_text(foot)
