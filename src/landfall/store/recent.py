"""The newest stretch of the log of all orders, kept in memory once for all who follow it.

Most followers have nothing to do with most commits. So whoever has all there is sleeps under what
it waits for, an order, an account or anything, and a commit costs those alone who want it, however
many others there are. Entries are numbered as they come, so that going on from one is no search.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from landfall.core.events import Recorded
from landfall.ports import COMMITS_AT_ONCE, Interest
from landfall.store.place import Place

COMMITS_KEPT_MAX = 2_000

_Key = UUID | str | None
"""What a sleeper waits for: an order, an account's orders, or all (None)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit, where it is, and whose."""

    place: Place
    account: str
    commit: tuple[Recorded, ...]


class Recent:
    """Entries after a floor, and those who wait for more. Closed until `open` says where it begins.

    Attributes:
        opened: set while it is open.
    """

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self._entries: list[Entry] = []
        self._first = 0
        self._floor: Place | None = None
        self._reached: Place | None = None
        self._sleepers: dict[_Key, set[asyncio.Future[int]]] = {}

    @property
    def reached(self) -> Place | None:
        """Up to where everything was read; None while closed."""
        return self._reached

    def open(self, place: Place) -> None:
        """Keep what comes after a place."""
        self._floor = self._reached = place
        self.opened.set()

    def close(self) -> None:
        """Keep nothing more, when nobody follows."""
        self._first += len(self._entries)
        self._entries.clear()
        self._floor = self._reached = None
        self.opened.clear()

    def add(self, entries: Sequence[Entry], reached: Place) -> None:
        """Take what was read up to a place, and wake whoever waits for any of it."""
        first = self._first + len(self._entries)
        self._entries.extend(entries)
        self._reached = reached
        for number, entry in enumerate(entries, first):
            self._wake((entry.place.order_id, entry.account, None), number)
        # Cutting off in large pieces is cheap.
        if len(self._entries) > 2 * COMMITS_KEPT_MAX:
            cut = len(self._entries) - COMMITS_KEPT_MAX
            self._floor = self._entries[cut - 1].place
            del self._entries[:cut]
            self._first += cut

    def number_after(self, place: Place) -> int | None:
        """The number of the first entry after a place; None if that is not kept, or closed."""
        if self._floor is None or place < self._floor:
            return None
        return self._first + bisect_right(self._entries, place, key=lambda entry: entry.place)

    def since(self, number: int) -> list[Entry] | None:
        """Some entries from a number on, oldest first; None if they are not kept any more."""
        first = number - self._first
        return None if first < 0 else self._entries[first : first + COMMITS_AT_ONCE]

    def place_before(self, number: int) -> Place | None:
        """After which place an entry comes; None if that is not known any more."""
        before = number - self._first - 1
        return self._entries[before].place if before >= 0 else self._floor

    async def wanted(self, account: str | None, interest: Interest) -> int:
        """Sleep until something comes that may be wanted; its number.

        A change of interest wakes, too: to what comes from then on.
        """
        woken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        keys: Iterable[_Key] = (account,) if interest.only is None else interest.only
        for key in keys:
            self._sleepers.setdefault(key, set()).add(woken)
        interest.when_changed(lambda: self._wake_one(woken, self._first + len(self._entries)))
        try:
            return await woken
        finally:
            for key in keys:
                self._sleepers[key].discard(woken)
                if not self._sleepers[key]:
                    del self._sleepers[key]

    def _wake(self, keys: Iterable[_Key], number: int) -> None:
        for key in keys:
            for woken in self._sleepers.get(key, ()):
                self._wake_one(woken, number)

    def _wake_one(self, woken: "asyncio.Future[int]", number: int) -> None:
        if not woken.done():
            woken.set_result(number)
