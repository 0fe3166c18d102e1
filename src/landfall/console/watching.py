"""Answers of the engine that pages watch: asked once for all pages, and only while one looks.

A page asks whether something has changed (`version`) a few times a second, which costs nothing;
what is asked of the engine, and how often, does not depend on how many pages are open.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from landfall.client import ApiError, ClientError

Answer = TypeVar("Answer")

UNAUTHORIZED = 401
FORBIDDEN = 403
AGAIN_SECONDS = 2.0
"""How long an error is left alone, where answers are asked for less often."""


class Watched(Generic[Answer]):
    """The last answer to one question, kept fresh while somebody watches.

    Args:
        ask: one request to the engine.
        every_s: seconds between requests.
    """

    def __init__(self, ask: Callable[[], Awaitable[Answer]], every_s: float) -> None:
        self._ask = ask
        self._every_s = every_s
        self._watchers = 0
        self._asking: asyncio.Task[None] | None = None
        self.value: Answer | None = None
        self.error: ClientError | None = None
        self.version = 0

    def watch(self) -> Callable[[], None]:
        """Begin to watch; call what is returned once, to end."""
        self._watchers += 1
        if self._asking is None:
            self._asking = asyncio.create_task(self._keep_asking())
        return self._leave

    async def now(self) -> None:
        """Ask at once, for those who know that something has changed."""
        try:
            value: Answer | None = await self._ask()
            error: ClientError | None = None
        except ClientError as caught:
            # The last answer stays: what was true a moment ago is better than nothing.
            value, error = self.value, caught
        if value != self.value or not _alike(error, self.error):
            self.version += 1
        self.value, self.error = value, error

    @property
    def is_locked(self) -> bool:
        """Whether the engine wants a key that it was not given."""
        return needs_key(self.error)

    def _leave(self) -> None:
        self._watchers -= 1
        if self._watchers == 0 and self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _keep_asking(self) -> None:
        while True:
            await self.now()
            await asyncio.sleep(min(self._every_s, AGAIN_SECONDS) if self.error else self._every_s)


def needs_key(error: ClientError | None) -> bool:
    """Whether this error asks for an API key, or for another one."""
    return isinstance(error, ApiError) and error.status in (UNAUTHORIZED, FORBIDDEN)


def _alike(one: ClientError | None, other: ClientError | None) -> bool:
    return type(one) is type(other) and str(one) == str(other)
