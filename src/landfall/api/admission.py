"""Whether there is room for one more order: in the queue, in the account's share, on the disk.

Taking orders must never keep the engine from finishing those it has. The counts are read from the
database a few times a second at most and counted on from there, so that asking costs an order
nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from landfall.access import Caller
from landfall.api.errors import Problem, Refusal
from landfall.api.pace import Pace
from landfall.ports import Load, Reader

FRESH_S = 0.5
FRESH_MANY_S = 2.0
_MANY = 5_000
"""Counting so many takes longer, and a few more or less matter less."""
RETRY_AFTER_S = 5
_ACCOUNTS_MAX = 10_000


@dataclass(slots=True)
class _Counted:
    """What an account had open when it was last looked at, and what it was let place since."""

    load: Load
    until_s: float
    since: int = 0


class Admission:
    """Room for orders. A limit of 0 is none.

    Args:
        reader: where the counts come from.
        waiting_max: orders never started, of everybody.
        open_max: orders of one key's account that have not ended.
        paced_from: from how many waiting orders on accepting keeps pace with completing.
        busy_from: with how many orders in hand a worker is busy.
        has_room: whether the disk has room for more than the orders in flight.
        is_draining: whether this process has been told to stop.
        now_s: seconds that only grow.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        waiting_max: int,
        open_max: int,
        paced_from: int,
        busy_from: int,
        has_room: Callable[[], bool],
        is_draining: Callable[[], bool],
        now_s: Callable[[], float],
    ) -> None:
        self._reader = reader
        self._waiting_max = waiting_max
        self._open_max = open_max
        self._count_max = max(waiting_max, open_max, paced_from)
        self._pace = Pace(paced_from, busy_from, now_s)
        self._has_room = has_room
        self._is_draining = is_draining
        self._now_s = now_s
        self._counted: OrderedDict[str, _Counted] = OrderedDict()
        self._room = (False, 0.0)

    async def admit(self, caller: Caller) -> None:
        """Return if the caller may place one more order now.

        Raises:
            Refusal: there is no room; nothing was stored.
            Unavailable: the database did not answer.
        """
        if self._is_draining():
            raise Refusal(
                503,
                Problem.DRAINING,
                "This process is stopping and takes no more orders; ask another, or again soon.",
                retry_after_s=RETRY_AFTER_S,
            )
        if not self._there_is_room():
            raise Refusal(
                503,
                Problem.DISK_FULL,
                "The disk is nearly full; what is left is kept for orders in flight.",
                retry_after_s=RETRY_AFTER_S,
            )
        if not self._count_max:
            return
        counted = await self._look(caller.account)
        if self._waiting_max and counted.load.waiting + counted.since >= self._waiting_max:
            raise Refusal(
                429,
                Problem.QUEUE_FULL,
                "As many orders wait as may; come back when some have been started.",
                retry_after_s=RETRY_AFTER_S,
            )
        of_account = counted.load.open_of_account + counted.since
        if self._open_max and caller.key_id is not None and of_account >= self._open_max:
            raise Refusal(
                429,
                Problem.TOO_MANY_OPEN_ORDERS,
                f"This account has {of_account} open orders, as many as it may; wait for some to "
                "end, or cancel them.",
                retry_after_s=RETRY_AFTER_S,
            )
        counted.since += 1
        await self._pace.turn()

    async def _look(self, account: str) -> _Counted:
        now_s = self._now_s()
        counted = self._counted.get(account)
        if counted is None or counted.until_s <= now_s:
            load = await self._reader.load(account, self._count_max)
            counted = self._counted.get(account)
            # Of many that looked at once, one count is kept, so that all are counted on it.
            if counted is None or counted.until_s <= now_s:
                fresh_s = FRESH_S if load.waiting < _MANY else FRESH_MANY_S
                counted = _Counted(load, now_s + fresh_s)
                self._counted[account] = counted
                self._pace.see(load)
            if len(self._counted) > _ACCOUNTS_MAX:
                self._counted.popitem(last=False)
        return counted

    def _there_is_room(self) -> bool:
        now_s = self._now_s()
        has_room, until_s = self._room
        if until_s <= now_s:
            has_room = self._has_room()
            self._room = (has_room, now_s + FRESH_S)
        return has_room
