"""Where a process of the engine can be made to die: before, during and after each of its effects.

Every effect of the engine crosses a port, so a process that is killed at the edges of port calls is
killed at every place where it can have done something and not yet remember it. The ports are
wrapped here, in the test's launcher, when the process joins its parts: the engine itself has no
switch that could be left on.

`NEMESIS_AT=send.before:KILL:2` makes the second send of the process its last. STOP freezes it, for
whoever started it to let it go on; TERM asks it to stop in order. `NEMESIS_STRUCK` is a file to
which each strike is written before it falls. Several, separated by commas, race.

`NEMESIS_LOSES=7` makes the network lose every copy of one in seven transactions, whoever sends it,
and hold another one in seven back for four seconds: attempts expire, and land late.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from landfall.bootstrap import join
from landfall.core.events import Event, Recorded
from landfall.core.execution import SignedTransaction
from landfall.ports import World

FACTS = (
    "RoutingStarted",
    "RouteSelected",
    "AttemptFailed",
    "TransactionSigned",
    "TransactionConfirmed",
    "TransactionReverted",
    "TransactionExpired",
    "TransactionFinalized",
)
EFFECTS = ("claim", "renew", "release", "simulate", "send", *(f"record.{fact}" for fact in FACTS))
WORKER_POINTS = (
    *(f"{effect}.{when}" for effect in EFFECTS for when in ("before", "during", "after")),
    "sign.after",
)
API_POINTS = ("accept.before", "accept.during", "accept.after")
DURING_S = 0.002
HELD_BACK_S = 4.0


class Fate:
    """What `NEMESIS_AT` says, counted down; only the first of several strikes.

    Args:
        text: `point:signal:which time` any number of times, separated by commas.
    """

    def __init__(self, text: str) -> None:
        self._hows: dict[str, str] = {}
        self._left: dict[str, int] = {}
        for each in filter(None, text.split(",")):
            point, self._hows[point], times = each.split(":")
            self._left[point] = int(times)

    def comes(self, point: str) -> bool:
        """Whether this is the moment; each call counts."""
        if point not in self._left:
            return False
        self._left[point] -= 1
        return self._left[point] == 0

    def strike(self, point: str) -> None:
        """Die, freeze, or hear that it is time to go; but first let it be known."""
        how = self._hows[point]
        self._left.clear()
        known = os.open(os.environ["NEMESIS_STRUCK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(known, f"{point}:{how}\n".encode())
        os.close(known)
        os.kill(os.getpid(), getattr(signal, f"SIG{how}"))

    def at(self, point: str) -> None:
        """Strike if it is time."""
        if self.comes(point):
            self.strike(point)

    async def through(self, effect: str, call: Callable[[], Awaitable[Any]]) -> Any:
        """Do what the effect does, and strike before, in the middle of, or after it."""
        self.at(f"{effect}.before")
        if self.comes(f"{effect}.during"):
            doing = asyncio.ensure_future(call())
            await asyncio.wait({doing}, timeout=DURING_S)
            self.strike(f"{effect}.during")
            return await doing
        done = await call()
        self.at(f"{effect}.after")
        return done


class Watched:
    """Any part of the engine, with its fate in some of its methods."""

    def __init__(self, part: Any, fate: Fate, effects: dict[str, str]) -> None:
        self._part = part
        self._fate = fate
        self._effects = effects

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        effect = self._effects.get(name)
        if effect is None:
            return found

        async def called(*arguments: Any) -> Any:
            return await self._fate.through(effect, lambda: found(*arguments))

        return called


class WatchedLog(Watched):
    """The log: each fact is an effect of its own, though several may share a commit."""

    async def append(
        self,
        claim: Any,
        execution: Any,
        events: Sequence[Event],
        then: Any,
        earlier: Sequence[Recorded] = (),
    ) -> Any:
        """Record, and meet one's fate by the name of any of the facts."""
        call = partial(self._part.append, claim, execution, events, then, earlier)
        for event in (*(fact.event for fact in earlier), *events):
            call = partial(self._fate.through, f"record.{type(event).__name__}", call)
        return await call()


class WatchedSigner(Watched):
    """The wallet. A signature that was just made is the last thing nobody knows of."""

    def sign(self, message: bytes) -> Any:
        """Sign, and perhaps die with it."""
        signature = self._part.sign(message)
        self._fate.at("sign.after")
        return signature


class LossySender:
    """A network that loses some transactions for good, and is slow with others."""

    def __init__(self, sender: Any, one_in: int) -> None:
        self._sender = sender
        self._one_in = one_in
        self._seen: dict[str, float] = {}

    async def send(self, transaction: SignedTransaction) -> None:
        """Send what is not lost. The last byte of a signature is as good as chance."""
        turn = bytes(transaction.signature)[-1] % self._one_in
        first = self._seen.setdefault(str(transaction.signature), time.monotonic())
        if turn == 0 or (turn == 1 and time.monotonic() - first < HELD_BACK_S):
            return
        await self._sender.send(transaction)


def arm() -> None:
    """From here on, whatever this process joins is watched."""
    fate = Fate(os.environ.get("NEMESIS_AT", ""))
    one_in = int(os.environ.get("NEMESIS_LOSES", "0"))
    make_world, make_queue = join._world, join.PostgresQueue

    def world(*arguments: Any) -> World:
        made = make_world(*arguments)
        sender: Any = LossySender(made.sender, one_in) if one_in else made.sender
        watched: dict[str, Any] = {
            "log": WatchedLog(made.log, fate, {"accept": "accept"}),
            "signer": WatchedSigner(made.signer, fate, {}),
            "sender": Watched(sender, fate, {"send": "send"}),
            "chain": Watched(made.chain, fate, {"simulate": "simulate"}),
        }
        return replace(made, **watched)

    def queue(*arguments: Any, **named: Any) -> Any:
        made = make_queue(*arguments, **named)
        return Watched(made, fate, {name: name for name in ("claim", "renew", "release")})

    join._world = world
    join.PostgresQueue = queue  # type: ignore[assignment, misc]
