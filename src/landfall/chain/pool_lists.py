"""Which pools a question leads to: those of a pair, and those around it.

A list is remembered and renewed behind the back of whoever asks, so that nobody but the first waits
for a search. Pools named in the configuration are on every list where they belong.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from landfall.chain.discovery import Discovery
from landfall.chain.loading import PoolLoader
from landfall.chain.sharing import Sharing
from landfall.core.errors import Unavailable
from landfall.core.values import Pubkey
from landfall.ports import Clock, PoolsAt

RETRY_MS = 1_000
CROWDED = 200
"""A mint that more pools name leads to too many places to look at them all."""
_THIRDS_MAX = 30

_Pair = tuple[Pubkey, Pubkey]


@dataclass(slots=True)
class _List:
    """The pools found, until when they are taken as all, and when somebody last asked.

    `refused`: why there may be more, if so.
    """

    pools: frozenset[Pubkey]
    renew_at_ms: int
    asked_ms: int
    refused: str | None


class PoolLists:
    """Lists of pools by question.

    Args:
        discovery: finds pools.
        loader: is told of every pool found.
        show: reads pools, so that their mints are known.
        clock: discovery's time.
        remembered_ms: how long a list is taken as complete.
        pinned: pools that need not be searched for.
        thirds: mints that are always tried between two others.
    """

    def __init__(
        self,
        discovery: Discovery,
        loader: PoolLoader,
        show: Callable[[Sequence[Pubkey]], Awaitable[PoolsAt]],
        clock: Clock,
        *,
        remembered_ms: int,
        pinned: Sequence[Pubkey],
        thirds: Sequence[Pubkey],
    ) -> None:
        self._discovery = discovery
        self._loader = loader
        self._show = show
        self._clock = clock
        self._remembered_ms = remembered_ms
        self._pinned = tuple(pinned)
        self._well_known = tuple(thirds)
        self._pinned_mints: dict[Pubkey, _Pair] = {}
        self._pairs: dict[_Pair, _List] = {}
        self._around: dict[_Pair, _List] = {}
        self._renewals: set[asyncio.Future[None]] = set()
        self._finding_pairs = Sharing(self._find_pair)
        self._finding_around = Sharing(self._find_around)

    async def of_pair(self, mint: Pubkey, other: Pubkey) -> frozenset[Pubkey]:
        """All pools that trade the two mints against one another.

        Raises:
            Unavailable: they cannot be searched for, and none is known.
        """
        return await self._listed(_ordered(mint, other), self._pairs, self._finding_pairs)

    async def around(self, mint: Pubkey, other: Pubkey) -> frozenset[Pubkey]:
        """The pools of the pair, and those that lead through a third mint.

        Third mints are the well-known ones, those of pools at hand, and, for a mint that few pools
        name, those of all its pools.

        Raises:
            Unavailable: as for a pair.
        """
        return await self._listed(_ordered(mint, other), self._around, self._finding_around)

    def forget(self, before_ms: int) -> None:
        """Drop the lists that nobody has asked for since."""
        for lists in (self._pairs, self._around):
            for pair in [pair for pair, each in lists.items() if each.asked_ms < before_ms]:
                del lists[pair]

    async def _listed(
        self, pair: _Pair, lists: dict[_Pair, _List], finding: Sharing[_Pair, _List]
    ) -> frozenset[Pubkey]:
        now_ms = self._clock.now_ms()
        listed = lists.get(pair)
        if listed is None:
            listed = lists[pair] = await finding.answer(pair)
        elif now_ms > listed.renew_at_ms:
            listed.renew_at_ms = now_ms + RETRY_MS
            renewal = asyncio.ensure_future(self._renew(pair, lists, finding))
            self._renewals.add(renewal)
            renewal.add_done_callback(self._renewals.discard)
        listed.asked_ms = now_ms
        if not listed.pools and listed.refused is not None:
            raise Unavailable(
                f"The RPC node does not search for pools ({listed.refused}). Name the pools to "
                "trade in POOLS, or use a node that serves getProgramAccounts."
            )
        return listed.pools

    async def _renew(
        self, pair: _Pair, lists: dict[_Pair, _List], finding: Sharing[_Pair, _List]
    ) -> None:
        # What cannot be renewed now is still listed, and tried again.
        with suppress(Unavailable):
            lists[pair] = await finding.answer(pair)

    async def _find_pair(self, pair: _Pair) -> _List:
        await self._pin()
        pinned = {pool for pool, mints in self._pinned_mints.items() if _ordered(*mints) == pair}
        try:
            found = await self._discovery.of_pair(*pair)
        except Unavailable:
            if not pinned:
                raise
            return self._list(frozenset(pinned), 0, None)
        self._loader.learn(found.venues)
        return self._list(pinned | found.venues.keys(), found.found_at_ms, found.refused)

    async def _find_around(self, pair: _Pair) -> _List:
        direct = await self.of_pair(*pair)
        pools = set(direct)
        sides = await asyncio.gather(
            *(self._through(third, pair) for third in await self._thirds(pair))
        )
        pools.update(*sides)
        return self._list(frozenset(pools), self._clock.now_ms(), None)

    async def _thirds(self, pair: _Pair) -> list[Pubkey]:
        """Mints that may stand between the two, the likeliest first."""
        known = self._well_known
        for mint in pair:
            if mint not in known:
                with suppress(Unavailable):
                    found = await self._discovery.of_mint(mint)
                    if 0 < len(found.venues) <= CROWDED:
                        self._loader.learn(found.venues)
                        await self._show(tuple(found.venues))
        partners = self._loader.partners(pair[0]) | self._loader.partners(pair[1])
        others = sorted(partners.difference(known), key=bytes)
        thirds = [mint for mint in (*known, *others) if mint not in pair]
        return thirds[: len(known) + _THIRDS_MAX]

    async def _through(self, third: Pubkey, pair: _Pair) -> frozenset[Pubkey]:
        """The pools of both steps; none unless there are some of each."""
        with suppress(Unavailable):
            near = await self.of_pair(pair[0], third)
            far = await self.of_pair(third, pair[1]) if near else frozenset()
            if far:
                return near | far
        return frozenset()

    async def _pin(self) -> None:
        """Find out which mints the pinned pools trade."""
        unknown = [pool for pool in self._pinned if pool not in self._pinned_mints]
        if unknown:
            with suppress(Unavailable):
                at = await self._show(unknown)
                self._pinned_mints.update(
                    {loaded.pool.address: loaded.pool.mints for loaded in at.pools}
                )

    def _list(
        self, pools: frozenset[Pubkey] | set[Pubkey], found_at_ms: int, refused: str | None
    ) -> _List:
        now_ms = self._clock.now_ms()
        renew_at_ms = max(found_at_ms + self._remembered_ms, now_ms + RETRY_MS)
        return _List(frozenset(pools), renew_at_ms, now_ms, refused)


def _ordered(mint: Pubkey, other: Pubkey) -> _Pair:
    return (mint, other) if bytes(mint) < bytes(other) else (other, mint)
