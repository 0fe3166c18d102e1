"""The real clock, and order ids that sort by the time they were made."""

import asyncio
import secrets
import time
from uuid import UUID

_RANDOM_BITS = 74


class SystemClock:
    """The `Clock` port over this machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    async def sleep_ms(self, delay_ms: int) -> None:
        """Let others run for this long."""
        await asyncio.sleep(delay_ms / 1000)


def new_order_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then chance that nobody can guess."""
    return uuid7(time.time_ns() // 1_000_000, secrets.randbits(_RANDOM_BITS))


def uuid7(milliseconds: int, chance: int) -> UUID:
    """The UUID of this millisecond and these 74 random bits.

    >>> uuid7(0x017F22E279B0, 0x0CC3_18C4DC0C0C07398F & (1 << 74) - 1).version
    7
    """
    rand_a, rand_b = chance >> 62, chance & (1 << 62) - 1
    return UUID(int=milliseconds << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)
