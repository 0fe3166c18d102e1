"""A part that runs as a child process: started, watched, restarted if it dies, stopped."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landfall import observe
from landfall.core.errors import LandfallError

_READY_SECONDS_MAX = 30
_STOP_SECONDS_MAX = 5
_LOOK_SECONDS = 0.05
_RESTART_SECONDS = 1


class ChildError(LandfallError):
    """A child does not start; the sentence holds what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run as a child.

    `name` is its name in logs, `subject` the same at the beginning of a sentence. It prints `ready`
    once it answers; what it prints is kept in `log`.
    """

    name: str
    subject: str
    ready: str
    log: Path
    line: Sequence[str]


class ChildProcess:
    """One running child. `start` returns when it answers; `stop` when it is gone.

    Args:
        command: what to run.
        logs_here: whether its standard error is this process's, and not in its own file.
    """

    def __init__(self, command: Command, *, logs_here: bool = False) -> None:
        self._command = command
        self._logs_here = logs_here
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ChildError: it ended, or did not answer in time.
        """
        await self._spawn()
        await self._until_ready()
        self._watch = asyncio.create_task(self._keep_running())

    @property
    def is_running(self) -> bool:
        """Whether it is there; one that has died is not until it was started again."""
        return self._process is not None and self._process.returncode is None

    async def stop(self, drain_ms: int = 0, now: asyncio.Event | None = None) -> None:
        """End it, gently first.

        Args:
            drain_ms: how long it may take to end what it has in hand.
            now: once set, it is told a second time, and need not end it.
        """
        if self._watch is not None:
            self._watch.cancel()
            # Whatever became of the watch, the process must go.
            await asyncio.gather(self._watch, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        if drain_ms and now is not None:
            await _first(process.wait(), now.wait(), timeout_s=drain_ms / 1000)
            if now.is_set() and process.returncode is None:
                process.terminate()
        await _first(process.wait(), timeout_s=_STOP_SECONDS_MAX)
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def _spawn(self) -> None:
        try:
            with self._command.log.open("wb") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command.line,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=None if self._logs_here else output,
                    # A Ctrl-C in the terminal is for the parent, which stops its children in order.
                    start_new_session=True,
                )
        except OSError as error:
            raise ChildError(f"{self._command.subject} does not start: {error.strerror}.") from None

    async def _until_ready(self) -> None:
        assert self._process is not None
        deadline = asyncio.get_running_loop().time() + _READY_SECONDS_MAX
        while asyncio.get_running_loop().time() < deadline:
            if self._process.returncode is not None:
                raise ChildError(f"{self._command.subject} does not start: {self._last_words()}")
            if self._command.ready in self._command.log.read_text(errors="replace"):
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise ChildError(f"{self._command.subject} does not answer: {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._command.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _keep_running(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            observe.child_died(self._command.name)
            await asyncio.sleep(_RESTART_SECONDS)
            # The process is still the dead one then, and the next round tries again.
            with suppress(ChildError):
                await self._spawn()


async def _first(*waits: Coroutine[Any, Any, object], timeout_s: float) -> None:
    """Return when one of them does, or after the time-out."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
