"""What a page without an order says: what an order here will cost, and the way that it takes."""

from nicegui import ui

from landfall.client import Cluster
from landfall.console.markup import box, text
from landfall.console.story import TITLES, WAY
from landfall.console.widgets.timeline import ICONS

_ABOUT = {
    "pending": "It is on record before you get its id.",
    "routing": "Every pool of every venue is asked for its price.",
    "building": "The best way, split over pools where that pays more.",
    "submitted": "Simulated, signed and written down; only then sent.",
    "confirmed": "Read from the chain, and held against its quote.",
}


def draw_first_run(cluster: Cluster | None) -> None:
    """Draw it where elements go at the moment."""
    text("Type an amount and execute: its steps appear here as they happen.", "small muted")
    match cluster and cluster.name:
        case "localnet":
            _note(
                "info",
                "science",
                "This chain runs on your machine, and its tokens are worth nothing: try anything.",
            )
        case "mainnet-beta":
            _note("warn", "warning_amber", "This is mainnet: orders here pay with real tokens.")
    with box("timeline wide-only", "ol"):
        for status in WAY:
            with box("tl next", "li"):
                with box("tl-mark"):
                    ui.icon(ICONS[status])
                with box("tl-body"):
                    text(TITLES[status], "tl-head")
                    text(_ABOUT[status], "tl-facts")


def _note(kind: str, icon: str, words: str) -> None:
    with box(f"note {kind}"):
        ui.icon(icon)
        text(words)
