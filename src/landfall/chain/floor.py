"""What was decided on a slot is never decided on an older one, whichever node answers next.

Every read names the newest slot that any answer came from, as `minContextSlot`; an answer from
before it is refused all the same, for a node may not know that option. A node that lied about its
slot must not keep all others out for ever: where for a while nobody is as far, the floor gives way,
loudly.
"""

from collections.abc import Callable

from landfall import observe
from landfall.core.errors import Unavailable
from landfall.core.values import Slot

GIVES_WAY_MS = 10_000


class Behind(Unavailable):
    """The node has not yet got to where an earlier answer came from."""


class Floor:
    """The newest confirmed slot that any answer came from.

    Args:
        now_ms: the time, in milliseconds.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.slot = Slot(0)
        self._now_ms = now_ms
        self._refused_since_ms: int | None = None

    def accept(self, slot: Slot) -> None:
        """An answer came from this slot.

        Raises:
            Behind: an earlier one came from a newer slot.
        """
        if slot < self.slot:
            self.refused()
            if slot < self.slot:
                raise Behind(f"an answer from slot {slot}, after one from slot {self.slot}")
        self.slot = slot
        self._refused_since_ms = None

    def refused(self) -> None:
        """A node says that it is not there yet, or shows it."""
        now_ms = self._now_ms()
        if self._refused_since_ms is None:
            self._refused_since_ms = now_ms
        elif now_ms - self._refused_since_ms >= GIVES_WAY_MS:
            observe.rpc_floor_gave_way(self.slot)
            self.slot = Slot(0)
            self._refused_since_ms = None
