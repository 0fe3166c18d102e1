"""The Engine page."""

from nicegui import ui

from landfall.console.engine import Engines
from landfall.console.frame import arrive, draw_frame


def add(engines: Engines) -> None:
    """Make the page known."""

    @ui.page("/engine")
    async def engine() -> None:
        frame = draw_frame("Engine")
        await arrive(engines, frame)
