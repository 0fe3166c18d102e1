"""Whether the keys of open WebSockets are still good: each looked at once, however many hold it."""

import asyncio
from collections.abc import Callable

from landfall.access import Caller
from landfall.api.access import Access, bad_key
from landfall.core.errors import Unavailable

Leave = Callable[[Exception], None]


class Welcome:
    """Looks at the keys that are watched, and tells those who hold one that is good no more.

    Args:
        access: who knows.
        recheck_ms: how often to look.
    """

    def __init__(self, access: Access, recheck_ms: int) -> None:
        self._access = access
        self._recheck_s = recheck_ms / 1000
        self._holders: dict[str, set[Leave]] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}

    def watch(self, caller: Caller, leave: Leave) -> None:
        """Call `leave` with the reason when the caller's key is good no more."""
        if caller.key_id is None:
            return
        self._holders.setdefault(caller.key_id, set()).add(leave)
        if caller.key_id not in self._watching:
            self._watching[caller.key_id] = asyncio.create_task(self._look(caller, caller.key_id))

    def unwatch(self, caller: Caller, leave: Leave) -> None:
        """Stop that; what was not watched needs none."""
        if caller.key_id is None:
            return
        holders = self._holders[caller.key_id]
        holders.discard(leave)
        if not holders:
            del self._holders[caller.key_id]
            self._watching.pop(caller.key_id).cancel()

    async def _look(self, caller: Caller, key_id: str) -> None:
        while True:
            await asyncio.sleep(self._recheck_s)
            try:
                reason = None if await self._access.still_good(caller) else bad_key()
            except Unavailable as error:
                for leave in tuple(self._holders[key_id]):
                    leave(error)
                continue
            if reason is not None:
                for leave in tuple(self._holders[key_id]):
                    leave(reason)
