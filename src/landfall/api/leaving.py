"""End what a task waits for, with an error, from elsewhere."""

import asyncio


class Leaving:
    """A way out of the task that makes it. Two waiting tasks would cost every socket kilobytes."""

    __slots__ = ("_error", "_task")

    def __init__(self) -> None:
        self._task = asyncio.current_task()
        self._error: Exception | None = None

    def leave(self, error: Exception) -> None:
        """Cancel what the task waits for, for this reason; the first reason counts."""
        if self._error is None and self._task is not None:
            self._error = error
            self._task.cancel()

    def check(self) -> None:
        """Where the task was cancelled: raise the reason, if that was it, and go on as a task."""
        error, self._error = self._error, None
        if error is not None and self._task is not None:
            self._task.uncancel()
            try:
                raise error from None
            finally:
                # Or it would hold this frame, and this frame it, until the next collection.
                del error
