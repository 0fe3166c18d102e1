"""The live quote of a page: asked a moment after the last key, and kept fresh while it is seen."""

import asyncio
from collections.abc import Callable

from nicegui import background_tasks

from landfall.client import ClientError, OrderForm, Preview
from landfall.console.frame import Visit
from landfall.console.watching import Watched

AFTER_LAST_KEY_SECONDS = 0.2


class Quoting:
    """What the page's form would get now."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._watched: Watched[Preview] | None = None
        self._leave: Callable[[], None] | None = None
        self._waiting: asyncio.Task[None] | None = None

    @property
    def preview(self) -> Preview | None:
        """The last answer for the form as it is."""
        return None if self._watched is None else self._watched.value

    @property
    def error(self) -> ClientError | None:
        """Why there is no answer."""
        return None if self._watched is None else self._watched.error

    @property
    def state(self) -> tuple[int, int]:
        """Changes whenever there is something new to show."""
        watched = self._watched
        return (0, 0) if watched is None else (id(watched), watched.version)

    def want(self, form: OrderForm | None) -> None:
        """Ask for this form from now on; None asks for nothing."""
        self.stop()
        if form is not None:
            self._waiting = background_tasks.create(self._begin(form))

    def stop(self) -> None:
        """Ask no more."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        if self._leave is not None:
            self._leave()
        self._watched = self._leave = None

    async def _begin(self, form: OrderForm) -> None:
        await asyncio.sleep(AFTER_LAST_KEY_SECONDS)
        self._watched = self._visit.engine.price(form)
        self._leave = self._visit.while_seen(self._watched.watch)
        self._waiting = None
