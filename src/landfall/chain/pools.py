"""The pools of every venue: found rarely, followed from the first question on.

Asking for a pair that was asked for before touches no network: its pools are in the mirror. A pool
that the mirror cannot vouch for is read at once; if that fails, or shows it too far in the past, it
is left out and says why. What nobody asks for is forgotten.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

from landfall import observe
from landfall.chain.accounts import CLOCK_SYSVAR
from landfall.chain.discovery import Discovery
from landfall.chain.following import Following
from landfall.chain.loading import Look, PoolLoader, left_out
from landfall.chain.pool_lists import PoolLists
from landfall.chain.rpc import ACCOUNTS_PER_CALL
from landfall.chain.sharing import Sharing
from landfall.core.errors import Unavailable
from landfall.core.quote import Refused
from landfall.core.routing.supplies import Curves
from landfall.core.values import ChainClock, Pubkey, Slot
from landfall.ports import ChainClient, Clock, LoadedPool, PoolBook, PoolsAt

FORGOTTEN_MS = 600_000
POOLS_MAX = 5_000
_IN_USE_MS = 60_000
_ROUNDS_MAX = 3

_Read = Mapping[Pubkey, Unavailable | None]
"""What became of reading some pools just now, and the clock."""

_Ends = tuple[Pubkey, Pubkey]

_VOUCHED: _Read = MappingProxyType({})
"""Nothing needed to be read."""


@dataclass(slots=True)
class _Group:
    """Pools that are asked for together, to trade `ends` against one another if that is given.

    `answer` was right at the mirror's `tick`, given what was `read` for it.
    """

    order: tuple[Pubkey, ...]
    ends: _Ends | None
    through_thirds: bool
    asked_ms: int = 0
    tick: int = -1
    read: _Read | None = None
    answer: PoolsAt | None = None


class LivePools:
    """The `Pools` port.

    Args:
        chain: where a named pool's program is looked up.
        following: keeps the accounts.
        discovery: finds pools; its venues are those that there are.
        clock: discovery's time.
        book: through which workers hear of one another.
        remembered_ms: how long a list of pools is taken as complete.
        pinned: pools known by configuration; never forgotten.
        thirds: mints that are always tried between two others.
    """

    def __init__(
        self,
        chain: ChainClient,
        following: Following,
        discovery: Discovery,
        clock: Clock,
        *,
        book: PoolBook,
        remembered_ms: int,
        pinned: Sequence[Pubkey] = (),
        thirds: Sequence[Pubkey] = (),
    ) -> None:
        self._chain = chain
        self._following = following
        self._clock = clock
        self._book = book
        self._pinned = frozenset(pinned)
        self._by_program = {each.program_id: each for each in discovery.venues.values()}
        self._loader = PoolLoader(following)
        self._lists = PoolLists(
            discovery,
            self._loader,
            self.named,
            clock,
            remembered_ms=remembered_ms,
            pinned=pinned,
            thirds=thirds,
        )
        self._groups: dict[tuple[frozenset[Pubkey], _Ends | None, bool], _Group] = {}
        self._reads = Sharing(self._read)
        self._curves = Curves()

    async def run(self) -> None:
        """Keep the mirror true and bounded; it ends only by being cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._following.run_stream())
            while True:
                await self._compare_notes()
                await self._following.compare()
                self._forget()

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools of the pair. A pool that cannot be traded is left out, with the reason."""
        return await self._at(await self._lists.of_pair(mint, other), (mint, other))

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """The pools of the pair, and those that lead through a third mint in two swaps."""
        pools = await self._lists.around(mint, other)
        return await self._at(pools, (mint, other), through_thirds=True)

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        """These pools. One whose venue is not known yet is recognised by its owner."""
        unknown = [address for address in addresses if self._loader.venue(address) is None]
        for start in range(0, len(unknown), ACCOUNTS_PER_CALL):
            at = await self._chain.accounts(unknown[start : start + ACCOUNTS_PER_CALL])
            found = {
                address: self._by_program[account.owner]
                for address, account in at.accounts.items()
                if account is not None and account.owner in self._by_program
            }
            self._loader.learn(found)
        return await self._at(frozenset(addresses))

    async def _compare_notes(self) -> None:
        """Hear how far others have got: what is far behind them is stale, however true it seems."""
        mirror = self._following.mirror
        with suppress(Unavailable):
            newest = await self._book.newest_slot(mirror.newest)
            mirror.newest = max(mirror.newest, newest)

    async def _at(
        self, pools: frozenset[Pubkey], ends: _Ends | None = None, *, through_thirds: bool = False
    ) -> PoolsAt:
        key = (pools, ends, through_thirds)
        group = self._groups.get(key)
        if group is None:
            order = tuple(sorted(pools, key=bytes))
            group = self._groups[key] = _Group(order, ends, through_thirds)
        group.asked_ms = self._clock.now_ms()
        mirror, flowing = self._following.mirror, self._following.flowing
        if group.answer and flowing and group.read is _VOUCHED and group.tick == mirror.tick:
            return group.answer
        known = [pool for pool in group.order if self._loader.venue(pool) is not None]
        looks = {pool: self._loader.look(pool) for pool in known}
        read = _VOUCHED
        doubtful = [pool for pool, look in looks.items() if not (flowing and look.covered)]
        if doubtful or not (flowing and self._following.vouched_clock):
            read = await self._reads.answer(frozenset(doubtful))
            looks = {pool: self._loader.look(pool) for pool in known}
        # Whoever shared the read shares the answer, too.
        if group.answer is None or group.read is not read or group.tick != mirror.tick:
            group.answer = self._assemble(group, looks, read)
            group.read, group.tick = read, mirror.tick
        return group.answer

    async def _read(self, pools: frozenset[Pubkey]) -> _Read:
        """Read what the pools are made of, and again those that turn out to need more."""
        read: dict[Pubkey, Unavailable | None] = {}
        pending = [*pools]
        for _ in range(_ROUNDS_MAX):
            read |= await self._following.read(pending)
            pending = [
                pool
                for pool in pending
                if read[pool] is None and self._loader.look(pool).state is None
            ]
            if not pending:
                break
        return read

    def _assemble(self, group: _Group, looks: Mapping[Pubkey, Look], read: _Read) -> PoolsAt:
        """What can be traded, given what was read for it just now.

        Raises:
            Unavailable: nothing is known well enough.
        """
        clock = self._clock_now(read)
        pools: list[LoadedPool] = []
        refused: list[Refused] = []
        for pool in group.order:
            state = self._shown(pool, looks.get(pool), read)
            if isinstance(state, LoadedPool):
                pools.append(state)
            else:
                refused.append(state)
        if group.ends is not None:
            # Some programs write only one mint into a pool, so searching finds others', too.
            pools = _leading(pools, group.ends, group.through_thirds)
        errors = [error for error in read.values() if error is not None]
        if errors and not pools:
            raise errors[0]
        return PoolsAt(
            slot=min((loaded.pool.context_slot for loaded in pools), default=clock.slot),
            clock=clock,
            pools=tuple(pools),
            left_out=tuple(refused),
            curves=self._curves,
        )

    def _shown(self, pool: Pubkey, look: Look | None, read: _Read) -> LoadedPool | Refused:
        venue = self._loader.venue(pool)
        if venue is None or look is None:
            return left_out(pool, None, "UnknownProgram", "no venue knows it")
        error = read.get(pool)
        if error is not None:
            observe.pool_left_out("unread")
            return left_out(pool, venue, "Unread", f"it could not be read just now: {error}")
        if look.state is None:
            return left_out(pool, venue, "Unread", "it needs more accounts at every read")
        behind = self._following.mirror.newest - look.as_of
        if behind > self._following.slots_behind_max:
            observe.pool_left_out("stale")
            return left_out(pool, venue, "Stale", f"it is only known {behind} slots in the past")
        return look.state

    def _clock_now(self, read: _Read) -> ChainClock:
        error = read.get(CLOCK_SYSVAR)
        if error is not None:
            raise error
        held = self._following.mirror.held[CLOCK_SYSVAR]
        behind = self._following.mirror.newest - self._following.mirror.as_of(held)
        if behind > self._following.slots_behind_max:
            raise Unavailable(f"the cluster is only known {behind} slots in the past")
        if held.account is None or len(held.account.data) < 40:
            raise Unavailable("the node does not show the cluster's clock")
        return _clock(held.account.data)

    def _forget(self) -> None:
        """Let go of what nobody asked for in a while, and of the oldest where there is too much."""
        now_ms = self._clock.now_ms()
        self._lists.forget(now_ms - FORGOTTEN_MS)
        kept: set[Pubkey] = set(self._pinned)
        for key, group in sorted(self._groups.items(), key=lambda each: -each[1].asked_ms):
            idle_ms = now_ms - group.asked_ms
            too_many = len(kept) + len(group.order) > POOLS_MAX
            if idle_ms > FORGOTTEN_MS or (too_many and idle_ms > _IN_USE_MS):
                del self._groups[key]
            else:
                kept.update(group.order)
        self._following.keep_only(kept)
        self._loader.keep_only(kept)
        self._curves.keep_only(kept)


def _leading(pools: list[LoadedPool], ends: _Ends, through_thirds: bool) -> list[LoadedPool]:
    """Those of the pools that lead from one end to the other, also through a third mint if wanted,
    which then both ends have a pool with.
    """
    both = set(ends)
    beyond: dict[Pubkey, set[Pubkey]] = {end: set() for end in ends}
    for loaded in pools:
        for end in both.intersection(loaded.pool.mints):
            beyond[end].update(loaded.pool.mints)
    thirds = beyond[ends[0]] & beyond[ends[1]] if through_thirds else set()
    return [
        loaded
        for loaded in pools
        if both.issuperset(loaded.pool.mints)
        or (both.intersection(loaded.pool.mints) and thirds.intersection(loaded.pool.mints) - both)
    ]


def _clock(data: bytes) -> ChainClock:
    """The Clock sysvar: slot u64, epoch start i64, epoch u64, leader epoch u64, unix time i64."""
    return ChainClock(
        slot=Slot(int.from_bytes(data[0:8], "little")),
        epoch=int.from_bytes(data[16:24], "little"),
        unix_timestamp=int.from_bytes(data[32:40], "little", signed=True),
    )
