"""Every way out at once, for the same bytes: the ledger takes them once, whichever way they come.

The first path that acknowledges is enough to go on: the other sends go on by themselves, and a path
gets the same transaction again only when it is done with it. No path's answer decides anything.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from landfall import observe
from landfall.chain.endpoints import Endpoint
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.values import Signature
from landfall.ports import Clock

_UNDECIDED = OutcomeUnknown("a send is under way")


class Path(Protocol):
    """One way out. `send` raises as the `Sender` port says."""

    @property
    def name(self) -> str: ...

    async def send(self, transaction: SignedTransaction) -> None: ...


class EndpointPath:
    """A provider as a way out, if it is on our cluster. Its breaker keeps no bytes from it."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @property
    def name(self) -> str:
        """The provider's."""
        return self._endpoint.name

    async def send(self, transaction: SignedTransaction) -> None:
        """Hand the bytes over."""
        self._endpoint.check_ours()
        await self._endpoint.chain.send(transaction)


class AllPaths:
    """The `Sender` port over every path.

    Args:
        paths: the ways out.
        clock: measures how long a path is waited for.
        patience_ms: how long that is.
    """

    def __init__(self, paths: Sequence[Path], clock: Clock, patience_ms: int) -> None:
        self.paths = tuple(paths)
        self._clock = clock
        self._patience_ms = patience_ms
        self._under_way: dict[tuple[str, Signature], asyncio.Future[None]] = {}

    async def send(self, transaction: SignedTransaction) -> None:
        """Send by all paths at once.

        Raises:
            Unavailable: every path surely took nothing this time.
            OutcomeUnknown: none has acknowledged, and one may have taken it.
        """
        sends = [self._started(path, transaction) for path in self.paths]
        bell = asyncio.ensure_future(self._clock.sleep_ms(self._patience_ms))
        try:
            outcomes = [_outcome(send) for send in sends]
            while None not in outcomes and _UNDECIDED in outcomes and not bell.done():
                pending = [send for send in sends if not send.done()]
                await asyncio.wait({*pending, bell}, return_when=asyncio.FIRST_COMPLETED)
                outcomes = [_outcome(send) for send in sends]
        finally:
            bell.cancel()
        if None in outcomes:
            return
        if all(isinstance(outcome, Unavailable) for outcome in outcomes):
            raise Unavailable("no path took the transaction")
        raise OutcomeUnknown("no path has acknowledged the transaction")

    def _started(self, path: Path, transaction: SignedTransaction) -> "asyncio.Future[None]":
        key = (path.name, transaction.signature)
        under_way = self._under_way.get(key)
        if under_way is None:
            under_way = asyncio.ensure_future(_told(path, transaction))
            self._under_way[key] = under_way
            under_way.add_done_callback(lambda done: self._ended(key, done))
        return under_way

    def _ended(self, key: tuple[str, Signature], done: "asyncio.Future[None]") -> None:
        del self._under_way[key]
        if not done.cancelled():
            # Looked at here, so that a send nobody waits for any more is no unheard error.
            done.exception()


def _outcome(send: "asyncio.Future[None]") -> BaseException | None:
    """What a send has come to so far; None: acknowledged."""
    return send.exception() if send.done() else _UNDECIDED


async def _told(path: Path, transaction: SignedTransaction) -> None:
    outcome = "abandoned"
    try:
        await path.send(transaction)
        outcome = "ok"
    except (Unavailable, OutcomeUnknown) as error:
        outcome = "refused" if isinstance(error, Unavailable) else "unknown"
        raise
    finally:
        observe.path_sent(path.name, outcome)
