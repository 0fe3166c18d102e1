"""Log lines that hold nothing up: where nobody reads them, they are lost and counted.

A pipe that is full stops whoever writes to it, and settling orders must never wait for a log.
"""

import atexit
import threading
from contextlib import suppress
from queue import Full, Queue
from typing import TextIO

LINES_MAX = 10_000
_LAST_LINES_S = 1.0


class LogStream:
    """Writes to `stream` from a thread of its own.

    Args:
        stream: where lines go; it may block for ever.
        lines_max: how many lines may wait; what comes after them is lost.
    """

    def __init__(self, stream: TextIO, lines_max: int = LINES_MAX) -> None:
        self._stream = stream
        self._lines: Queue[str] = Queue(lines_max)
        self._lost = 0
        threading.Thread(target=self._run, name="log", daemon=True).start()
        atexit.register(self._finish)

    def write(self, text: str) -> None:
        """Take a line, or lose it where too many wait."""
        try:
            self._lines.put_nowait(text)
        except Full:
            self._lost += 1

    def flush(self) -> None:
        """Lines are flushed where they are written."""

    def _run(self) -> None:
        while True:
            text = self._lines.get()
            lost, self._lost = self._lost, 0
            # Where the other end is gone, what is logged from here on has no reader.
            with suppress(OSError, ValueError):
                if lost:
                    self._stream.write(f"{lost} log lines were lost: nobody read them in time\n")
                self._stream.write(text)
                self._stream.flush()
            self._lines.task_done()

    def _finish(self) -> None:
        """Wait a moment for the last lines."""
        written = self._lines.all_tasks_done
        with written:
            written.wait_for(lambda: self._lines.unfinished_tasks == 0, _LAST_LINES_S)
