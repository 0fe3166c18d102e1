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
from contextvars import Context, ContextVar
from itertools import count
from typing import Any

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
        self._loop = loop
        self._held: list[asyncio.Handle] = []
        loop.processes.append(self)

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work`, and whatever it starts, as this process."""
        context = Context()
        context.run(_PROCESS.set, self)
        return self._loop.create_task(work, context=context)

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self.alive = False

    async def die(self) -> None:
        """End it from within; never returns."""
        self.kill()
        await self._loop.create_future()

    def freeze(self) -> None:
        """Stop it until `thaw`."""
        self.frozen = True

    def freeze_for(self, seconds: float) -> None:
        """Stop it, and let it go on later."""
        self.freeze()
        self._loop.call_later(seconds, self.thaw, context=Context())

    def thaw(self) -> None:
        """Go on, with everything that came due meanwhile. The dead do not."""
        self.frozen = False
        if self.alive:
            self._loop.go_on_with(self.given_up())

    def lets_run(self, handle: asyncio.Handle) -> bool:
        """Whether this may run now; if not, it is kept."""
        if self.alive and not self.frozen:
            return True
        self._held.append(handle)
        return False

    def given_up(self) -> list[asyncio.Handle]:
        """What was not run, and is kept no more."""
        held, self._held = self._held, []
        return held


def current_process() -> Process | None:
    """The process whose code runs now; None for the outside world."""
    return _PROCESS.get()


class _Task(asyncio.Task[Any]):
    """A task that sets keep in the order of its making, not of its address."""

    def __init__(self, number: int, coro: Coroutine[Any, Any, Any], **options: Any) -> None:
        self._number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self._number


class _Future(asyncio.Future[Any]):
    """A future, likewise."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop) -> None:
        self._number = number
        super().__init__(loop=loop)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.AbstractEventLoop):
    """What asyncio needs of a loop, without sockets, threads or waiting."""

    def __init__(self) -> None:
        self._now = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = count()
        self._closed = False
        # Kept to the end: a coroutine that is collected earlier would run its `finally` then.
        self._tasks: list[asyncio.Task[Any]] = []
        self.processes: list[Process] = []
        self.errors: list[str] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run until `work`, of the outside world, is done; its result.

        Raises:
            Stuck: it cannot be done any more.
        """
        events._set_running_loop(self)
        try:
            task = self.create_task(work)
            for _ in range(_TURNS_MAX):
                if task.done():
                    return task.result()
                self._turn()
            raise Stuck(f"not done after {_TURNS_MAX} turns, at {self._now} s")
        finally:
            self._bury()
            events._set_running_loop(None)
            self.processes.clear()
            self._tasks.clear()
            self._ready.clear()
            self._timers.clear()

    def go_on_with(self, handles: list[asyncio.Handle]) -> None:
        """Run these after what is ready already."""
        self._ready.extend(handles)

    def _bury(self) -> None:
        """End what is left, the killed too, so that nothing of it runs when it is collected."""
        self._closed = True
        for process in self.processes:
            self._ready.extend(process.given_up())
        for _ in range(_BURIALS_MAX):
            for task in self._tasks:
                task.cancel()
            while self._ready:
                self._ready.popleft()._run()

    def _turn(self) -> None:
        if self._ready:
            handle = self._ready.popleft()
        else:
            if not self._timers:
                raise Stuck(f"everybody waits for ever, at {self._now} s")
            when, _, handle = heapq.heappop(self._timers)
            if handle.cancelled():
                return
            self._now = max(self._now, when)
        if handle.cancelled():
            return
        process = handle._context.get(_PROCESS)
        if process is None or process.lets_run(handle):
            handle._run()

    # ── What asyncio calls ───────────────────────────────────────────────────────────────────────

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + max(0.0, delay), callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def create_future(self) -> "asyncio.Future[Any]":
        return _Future(next(self._numbers), self)

    def create_task(
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> "asyncio.Task[Any]":
        task = _Task(next(self._numbers), coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        # What nobody retrieved is told when it is collected, which is not part of the history.
        if "handle" in context and not self._closed:
            self.errors.append(f"{context['message']}: {context.get('exception')!r}")

    def is_running(self) -> bool:
        return not self._closed

    def is_closed(self) -> bool:
        return self._closed

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        return None
