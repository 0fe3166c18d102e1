"""Notifications that never come: everything must be found by looking."""

from collections.abc import Callable


class Deaf:
    """Hears nothing, whatever it subscribes to."""

    def subscribe(self, channel: str, hear: Callable[[str], None]) -> None:
        return None
