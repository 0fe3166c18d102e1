"""Breaking the engine on purpose: it dies at a chosen effect, or the outside world misbehaves."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from landfall.ports import Queue, World


class Died(BaseException):
    """The process is gone: nothing of ours handles this."""


class Side(Enum):
    """Whether the engine dies before the effect happened, or after it and before hearing of it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass
class Effects:
    """Every awaited effect of a run, in order; the run dies at number `die_at`."""

    die_at: int | None = None
    side: Side = Side.BEFORE
    seen: list[str] = field(default_factory=list)

    async def perform(self, name: str, effect: Callable[[], Awaitable[Any]]) -> Any:
        number = len(self.seen)
        self.seen.append(name)
        if number == self.die_at and self.side is Side.BEFORE:
            raise Died(name)
        answer = await effect()
        if number == self.die_at:
            raise Died(name)
        return answer


class Mortal:
    """A port whose every effect may be the engine's last."""

    def __init__(self, name: str, port: object, effects: Effects) -> None:
        self._name = name
        self._port = port
        self._effects = effects

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._port, method)
        if not callable(target):
            return target

        async def performed(*args: Any, **kwargs: Any) -> Any:
            return await self._effects.perform(
                f"{self._name}.{method}", lambda: target(*args, **kwargs)
            )

        return performed


def mortal(world: World, queue: Queue, effects: Effects) -> tuple[World, Queue]:
    """The same world, in which every awaited effect is counted and one of them kills."""
    wrapped: dict[str, Any] = {
        name: Mortal(name, getattr(world, name), effects)
        for name in ("chain", "pools", "sender", "log")
    }
    wrapped["witnesses"] = tuple(Mortal("witness", each, effects) for each in world.witnesses)
    return replace(world, **wrapped), Mortal("queue", queue, effects)  # type: ignore[return-value]
