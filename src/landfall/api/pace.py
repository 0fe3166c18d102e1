"""Accept no faster than keeps the workers working.

While orders wait, accepting more of them serves nobody sooner, and takes from the machine what
would complete those there are. So from some number of waiting orders on, orders are accepted at a
rate in proportion to that at which orders end: one accepted costs a small part of one completed.
Each waits its turn for a moment; those for whom that is too long are told to come back.
"""

import asyncio
import math
from collections.abc import Callable

from landfall.api.errors import Problem, Refusal
from landfall.ports import Load

ACCEPTED_PER_ENDED = 1.5
RATE_LEAST = 10.0
WAIT_MAX_S = 0.5
_RATE_OVER_S = 1.0
_NEWEST_COUNTS = 0.5
"""How much the newest rate says, against all before."""


class Pace:
    """Turns for orders, in the order of asking.

    Args:
        waiting_from: from how many waiting orders on accepting is paced; 0: never.
        busy_from: with how many orders in hand a worker is busy, and not merely held back by the
            limit on starts.
        now_s: seconds that only grow.
    """

    def __init__(self, waiting_from: int, busy_from: int, now_s: Callable[[], float]) -> None:
        self._waiting_from = waiting_from
        self._busy_from = busy_from
        self._now_s = now_s
        self._seen: tuple[float, int] | None = None
        self._ended_per_s = 0.0
        self._is_needed = False
        self._next_s = 0.0

    def see(self, load: Load) -> None:
        """Take note of how the work stands."""
        # Without busy workers nobody is kept from anything.
        are_busy = load.workers > 0 and load.active >= self._busy_from * load.workers
        self._is_needed = 0 < self._waiting_from <= load.waiting and are_busy
        now_s = self._now_s()
        if self._seen is None:
            self._seen = (now_s, load.ended)
            return
        since_s, ended = now_s - self._seen[0], load.ended - self._seen[1]
        if since_s >= _RATE_OVER_S:
            newest = max(0, ended) / since_s
            self._ended_per_s += _NEWEST_COUNTS * (newest - self._ended_per_s)
            self._seen = (now_s, load.ended)

    async def turn(self) -> None:
        """Return when it is this order's turn.

        Raises:
            Refusal: that would take too long.
        """
        if not self._is_needed:
            return
        now_s = self._now_s()
        rate = max(RATE_LEAST, ACCEPTED_PER_ENDED * self._ended_per_s)
        at_s = max(self._next_s, now_s)
        if at_s - now_s > WAIT_MAX_S:
            # Refusing costs too, so whoever asks again at once shall at least have waited.
            await asyncio.sleep(WAIT_MAX_S)
            raise Refusal(
                429,
                Problem.QUEUE_FULL,
                "Orders come faster than the engine can take them in without falling behind; "
                "come back in a moment.",
                retry_after_s=max(1, math.ceil(at_s - now_s)),
            )
        self._next_s = at_s + 1 / rate
        if at_s > now_s:
            await asyncio.sleep(at_s - now_s)
