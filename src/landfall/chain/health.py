"""How one provider does: whether it may be asked now, how fast it answers, how far it has got.

Two reasons keep a provider from being asked. It told us to slow down, and is left alone until the
time it named: that binds every call. Or it failed several times running, and the breaker is open:
then it is asked only after all others, until it answers again or has rested for a while.
"""

from email.utils import parsedate_to_datetime

from landfall import observe
from landfall.core.values import Slot
from landfall.ports import Clock

FAILURES_MAX = 3
REST_MS = 2_000
PAUSE_DEFAULT_MS = 1_000
PAUSE_MAX_MS = 60_000
_SECONDS_DIGITS_MAX = 9
_LATENCY_WEIGHT = 4
"""A new latency counts one part in so many; the rest is what was known before."""


class Health:
    """What is known of one provider.

    Args:
        name: what it may be called where people read it.
        clock: in its time pauses and rests are measured.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.name = name
        self.slot = Slot(0)
        self.latency_ms = 0
        self._clock = clock
        self._failures = 0
        self._failed_at_ms = 0
        self._pauses = 0
        self._paused_until_ms = 0

    @property
    def pause_left_ms(self) -> int:
        """Milliseconds for which it is not to be asked anything."""
        return max(0, self._paused_until_ms - self._clock.now_ms())

    @property
    def is_resting(self) -> bool:
        """Is the breaker open? After a rest one failure opens it again."""
        rested = self._clock.now_ms() - self._failed_at_ms >= REST_MS
        return self._failures >= FAILURES_MAX and not rested

    def answered(self, elapsed_ms: int) -> None:
        """It answered, well or with an error of its own."""
        if self._failures >= FAILURES_MAX:
            observe.rpc_breaker(self.name, is_open=False)
        self._failures = self._pauses = 0
        known = self.latency_ms or elapsed_ms
        self.latency_ms = (known * (_LATENCY_WEIGHT - 1) + elapsed_ms) // _LATENCY_WEIGHT
        observe.rpc_latency(self.name, self.latency_ms)

    def failed(self) -> None:
        """It could not be reached, was silent for too long, or made no sense."""
        self._failures += 1
        self._failed_at_ms = self._clock.now_ms()
        if self._failures == FAILURES_MAX:
            observe.rpc_breaker(self.name, is_open=True)

    def limited(self, retry_after: str | None) -> None:
        """It asks to be left alone: for as long as it says, or a little longer each time."""
        self._pauses += 1
        told_ms = None if retry_after is None else self._told_ms(retry_after)
        pause_ms = PAUSE_DEFAULT_MS << min(self._pauses - 1, 5) if told_ms is None else told_ms
        pause_ms = min(max(pause_ms, 0), PAUSE_MAX_MS)
        self._paused_until_ms = self._clock.now_ms() + pause_ms
        observe.rpc_limited(self.name, pause_ms)

    def saw(self, slot: Slot) -> None:
        """It answered out of this confirmed slot."""
        self.slot = max(self.slot, slot)

    def _told_ms(self, retry_after: str) -> int | None:
        """The header in its two forms, seconds or a date; None where it is neither."""
        text = retry_after.strip()
        if text.isascii() and text.isdigit():
            return PAUSE_MAX_MS if len(text) > _SECONDS_DIGITS_MAX else int(text) * 1_000
        try:
            return int(parsedate_to_datetime(text).timestamp() * 1_000) - self._clock.now_ms()
        except (ValueError, OverflowError):
            return None
