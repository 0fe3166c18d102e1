"""The Wallet page."""

from nicegui import ui

from landfall.console.engine import Engines
from landfall.console.frame import arrive, draw_frame


def add(engines: Engines) -> None:
    """Make the page known."""

    @ui.page("/wallet")
    async def wallet() -> None:
        frame = draw_frame("Wallet")
        await arrive(engines, frame)
