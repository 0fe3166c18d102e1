"""Time as the pipeline has it."""

from typing import Protocol


class Clock(Protocol):
    """Wall-clock milliseconds and sleeping; virtual in simulations."""

    def now_ms(self) -> int: ...

    async def sleep_ms(self, delay_ms: int) -> None: ...
