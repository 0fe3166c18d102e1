"""Time, and order ids that sort by the time they were made.

The log is written in the database's time, so decisions about the log are made in it too: every
process keeps the database's clock by a steady clock of its own machine, which no clock change, jump
or sleep disturbs. How long ago something was is measured by the steady clock alone: the database's
may be set back by an hour, and what was to be remembered for a moment must not last so long.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from uuid import UUID

from landfall.core.errors import Unavailable

_RANDOM_BITS = 74
_SYNCHRONISE_EVERY_S = 60.0


class SharedClock:
    """The `Clock` port: the time of one clock that many processes share.

    Args:
        read_ms: asks the shared clock, in milliseconds since the Unix epoch. May raise Unavailable.
    """

    def __init__(self, read_ms: Callable[[], Awaitable[int]]) -> None:
        self._read_ms = read_ms
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, as of the last synchronisation and steadily on."""
        return _steady_ms() + self._ahead_ms

    async def sleep_ms(self, delay_ms: int) -> None:
        """Let others run for this long."""
        await asyncio.sleep(delay_ms / 1000)

    async def synchronise(self) -> None:
        """Read the shared clock. Half the round trip is taken to have passed since it was read."""
        before = _steady_ms()
        read = await self._read_ms()
        self._ahead_ms = read - (before + _steady_ms()) // 2

    async def keep_synchronised(self) -> None:
        """Read it again from time to time, for ever; an outage changes nothing."""
        while True:
            await asyncio.sleep(_SYNCHRONISE_EVERY_S)
            with suppress(Unavailable):
                await self.synchronise()


class SteadyClock:
    """The `Clock` port for whoever measures how long things take: nobody ever sets it.

    Args:
        now_ms: what it begins with, in milliseconds since the Unix epoch.
    """

    def __init__(self, now_ms: int) -> None:
        self._ahead_ms = now_ms - _steady_ms()

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, as they were known at the start and steadily on."""
        return _steady_ms() + self._ahead_ms

    async def sleep_ms(self, delay_ms: int) -> None:
        """Let others run for this long."""
        await asyncio.sleep(delay_ms / 1000)


def new_order_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then chance that nobody can guess."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS))


def uuid7(milliseconds: int, chance: int) -> UUID:
    """The UUID of this millisecond and these 74 random bits.

    >>> uuid7(0x017F22E279B0, 0).version
    7
    """
    rand_a, rand_b = chance >> 62, chance & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)


def _steady_ms() -> int:
    # Where the system has it, the clock that also counts while the machine sleeps.
    which = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime_ns(which) // 1_000_000
