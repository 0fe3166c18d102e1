"""The notifications of one WebSocket: lost, doubled, out of order, or the last ones it gets."""

from collections.abc import Callable
from dataclasses import dataclass

from landfall.core.values import Slot
from landfall.localnet.faults.faults import Faults, Strike
from landfall.localnet.faults.kinds import Place


@dataclass(slots=True, kw_only=True)
class FaultyNotices:
    """Between the subscriptions of one connection and its queue of frames.

    `put` queues a frame, `close` ends the connection in good order, `abort` without any; `slot`
    answers with the newest one.
    """

    faults: Faults
    node: str
    put: Callable[[bytes], None]
    close: Callable[[], None]
    abort: Callable[[], None]
    slot: Callable[[], Slot]
    _held: bytes | None = None
    _silent: bool = False
    _silent_until: Slot | None = None

    def tell(self, kind: str, frame: bytes) -> None:
        """A notification of a subscription of that kind."""
        if self._silent:
            if self._silent_until is None or self.slot() < self._silent_until:
                return
            self._silent = False
        struck = None
        if self.faults.rules:
            struck = self.faults.strike(Place.NOTIFICATION, kind, self.node)
        held, self._held = self._held, None
        self._tell(frame, struck)
        if held is not None:
            self.put(held)

    def _tell(self, frame: bytes, struck: Strike | None) -> None:
        match struck:
            case None:
                self.put(frame)
            case Strike("ws-duplicate"):
                self.put(frame)
                self.put(frame)
            case Strike("ws-reorder"):
                self._held = frame
            case Strike("ws-silence", slots):
                self._silent = True
                self._silent_until = Slot(self.slot() + slots) if slots else None
            case Strike("ws-close"):
                self.close()
            case Strike("ws-abort"):
                self.abort()
            case _:
                pass
