"""An event loop in which time passes only when everybody waits, and processes that can die in it.

A process is whatever was started from one context: its tasks, callbacks and timers inherit it. A
killed process runs not one statement more, no `finally` either, as after SIGKILL. A frozen one, as
after SIGSTOP, finds everything that happened meanwhile when it goes on. Nothing here reads a clock
or draws chance, so the same program runs in the same order each time.

Units: the loop's own time is in seconds, as asyncio wants it.
"""

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from itertools import count
from typing import Any
from unittest.mock import patch

import msgspec

_PROCESS: "ContextVar[Process | None]" = ContextVar("process", default=None)
_TURNS_MAX = 3_000_000
_BURIALS_MAX = 5


class Stuck(Exception):
    """Everybody waits and nothing will happen, or something goes round without end."""


class NotSimulated(SystemExit):
    """The engine asks for what the simulation does not have. Nothing catches it on its way out."""


class Process:
    """A program that runs in the loop. The simulated outside world runs in none."""

    def __init__(self, loop: "VirtualLoop", name: str) -> None:
        self.name = name
        self.alive = True
        self.frozen = False
        self.runs = True
        self.held: list[_Handle] = []
        self._loop = loop
        loop.processes.append(self)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work`, and whatever it starts, as this process."""
        context = Context()
        context.run(_PROCESS.set, self)
        return self._loop.create_task(work, context=context)

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self.alive = self.runs = False

    async def die(self) -> None:
        """End it from within; never returns."""
        self.kill()
        await self._loop.create_future()

    def freeze(self) -> None:
        """Stop it until `thaw`."""
        self.frozen, self.runs = True, False

    def freeze_for(self, seconds: float) -> None:
        """Stop it, and let it go on later."""
        self.freeze()
        self._loop.call_later(seconds, self.thaw, context=Context())

    def thaw(self) -> None:
        """Go on, with everything that came due meanwhile. The dead do not."""
        self.frozen, self.runs = False, self.alive
        if self.alive:
            self._loop.go_on_with(self.given_up())

    def given_up(self) -> "list[_Handle]":
        """What was not run, and is kept no more."""
        held, self.held = self.held, []
        return held


def current_process() -> Process | None:
    """The process whose code runs now; None for the outside world."""
    return _PROCESS.get()


class _Handle(msgspec.Struct):
    """A callback that is due: what asyncio's handles are, without what those do for debugging."""

    callback: Callable[..., object]
    args: tuple[Any, ...]
    context: Context
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class _Task(asyncio.Task[Any]):
    """A task that sets keep in the order of its making, not of its address."""

    __slots__ = ("number",)
    number: int

    def __hash__(self) -> int:
        return self.number


class _Future(asyncio.Future[Any]):
    """A future, likewise."""

    __slots__ = ("number",)
    number: int

    def __hash__(self) -> int:
        return self.number


class VirtualLoop(asyncio.AbstractEventLoop):
    """What asyncio needs of a loop, without sockets, threads or waiting."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._numbers = count()
        self._closed = False
        # Kept to the end: a coroutine that is collected earlier would run its `finally` then.
        self._tasks: list[_Task] = []
        self.processes: list[Process] = []
        self.errors: list[str] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run until `work`, of the outside world, is done; its result.

        Raises:
            Stuck: it cannot be done any more.
        """
        events._set_running_loop(self)
        try:
            # asyncio's own list of all tasks, which nobody here reads, costs as much as the loop.
            with patch.object(asyncio.tasks._all_tasks, "add", _unlisted):  # type: ignore[attr-defined]
                return self._run_until_done(self.create_task(work))
        finally:
            self._bury()
            events._set_running_loop(None)
            self.processes.clear()
            self._tasks.clear()
            self._ready.clear()
            self._timers.clear()

    def _run_until_done(self, task: "asyncio.Task[Any]") -> Any:
        ready, timers = self._ready, self._timers
        for _ in range(_TURNS_MAX):
            if task.done():
                return task.result()
            if ready:
                handle = ready.popleft()
            elif timers:
                when, _, handle = heapq.heappop(timers)
                if not handle.is_cancelled and when > self._now:
                    self._now = when
            else:
                raise Stuck(f"everybody waits for ever, at {self._now} s")
            if handle.is_cancelled:
                continue
            context = handle.context
            process = context.get(_PROCESS)
            if process is not None and not process.runs:
                process.held.append(handle)
                continue
            try:
                context.run(handle.callback, *handle.args)
            except Exception as error:  # noqa: BLE001 - as asyncio does: it is told, and all go on
                self.errors.append(f"{handle.callback!r} raised {error!r}")
        raise Stuck(f"not done after {_TURNS_MAX} turns, at {self._now} s")

    def go_on_with(self, handles: list[_Handle]) -> None:
        """Run these after what is ready already."""
        self._ready.extend(handles)

    def _bury(self) -> None:
        """End what is left, the killed too, so that nothing of it runs when it is collected."""
        self._closed = True
        for process in self.processes:
            self._ready.extend(process.given_up())
        for _ in range(_BURIALS_MAX):
            for task in self._tasks:
                if not task.done():
                    task.cancel()
            while self._ready:
                handle = self._ready.popleft()
                if not handle.is_cancelled:
                    with suppress(Exception):
                        handle.context.run(handle.callback, *handle.args)

    # ── What asyncio calls ───────────────────────────────────────────────────────────────────────

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> _Handle:
        handle = _Handle(callback, args, copy_context() if context is None else context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> _Handle:
        handle = _Handle(callback, args, copy_context() if context is None else context)
        when = self._now + max(0.0, delay)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> _Handle:
        handle = _Handle(callback, args, copy_context() if context is None else context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def create_future(self) -> "asyncio.Future[Any]":
        future = _Future(loop=self)
        future.number = next(self._numbers)
        return future

    def create_task(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> "asyncio.Task[Any]":
        task = _Task(coro, loop=self, name=name, context=context)
        task.number = next(self._numbers)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        # What nobody retrieved is told when it is collected, which is not part of the history.
        return None

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    # Asked for each future, so it is as fast as it can be: False.
    get_debug = staticmethod(bool)


def _unlisted(_: object) -> None:
    return None
