"""Clocks for what asks the chain: as time is, and moved by hand."""

import asyncio
import time


class RealClock:
    """Time as it is."""

    def now_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    async def sleep_ms(self, delay_ms: int) -> None:
        await asyncio.sleep(delay_ms / 1000)


class HandClock:
    """Time that passes when a test says so; sleeping lets others run and takes none."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    async def sleep_ms(self, delay_ms: int) -> None:
        await asyncio.sleep(0)


class SleptClock:
    """Time that passes when a test says so, and by as much as anybody sleeps."""

    def __init__(self) -> None:
        self.ms = 1_000_000

    def now_ms(self) -> int:
        return self.ms

    async def sleep_ms(self, delay_ms: int) -> None:
        self.ms += delay_ms
