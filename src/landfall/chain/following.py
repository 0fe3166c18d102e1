"""Keeping the mirror true: a stream while there is one, reads beside it, reads alone without it.

The stream is believed while its heart beats. Reads at intervals compare the mirror with what a node
says: they find accounts of which the stream has gone silent, and a stream that has fallen behind. A
pool is always read whole, in one call and with the cluster's clock.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from landfall import observe
from landfall.chain.accounts import CLOCK_SYSVAR, AccountMirror, ImplausibleSlot
from landfall.chain.pubsub import Listener, StreamEnded
from landfall.chain.rpc import ACCOUNTS_PER_CALL
from landfall.core.errors import Unavailable
from landfall.core.values import Account, Pubkey, Slot
from landfall.ports import ChainClient

SETTLE_MS = 20
"""A slot's news come in one burst; this long after the last of it, it is over."""
_READS_AT_ONCE = 4
_SILENCES_TO_RECONNECT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """When the mirror is true enough to trade on.

    `silence_ms`: without a heartbeat for so long, the stream is not believed. `compare_ms`: between
    comparisons with a node. `slots_behind_max`: an account known only as of a slot further behind
    the newest one seen is stale.
    """

    silence_ms: int = 1_000
    compare_ms: int = 2_000
    slots_behind_max: int = 8


class Stream(Protocol):
    """What following asks of a stream; see PubSub."""

    def follow(self, addresses: Iterable[Pubkey]) -> None: ...

    def unfollow(self, addresses: Iterable[Pubkey]) -> None: ...

    def renew(self, addresses: Iterable[Pubkey]) -> None: ...

    def end(self, reason: str) -> None: ...

    async def run(self) -> None: ...


def monotonic_ms() -> int:
    """Milliseconds since some moment; they never jump."""
    return time.monotonic_ns() // 1_000_000


class Following:
    """The mirror of some pools' accounts, and what keeps it true. It is the stream's listener.

    Args:
        chain: where accounts are read.
        freshness: see there.
        stream: makes the stream, given its listener; None where there is none.
        now_ms: for silences alone.
    """

    def __init__(
        self,
        chain: ChainClient,
        freshness: Freshness,
        stream: Callable[[Listener], Stream] | None = None,
        now_ms: Callable[[], int] = monotonic_ms,
    ) -> None:
        self._chain = chain
        self._freshness = freshness
        self._now_ms = now_ms
        self._stream = None if stream is None else stream(self)
        self._made_of: dict[Pubkey, tuple[Pubkey, ...]] = {}
        self._heard_ms: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._uncovered = asyncio.Event()
        self._lanes = asyncio.Semaphore(_READS_AT_ONCE)
        self.mirror = AccountMirror()
        self._hold((CLOCK_SYSVAR,))

    # ── What is followed ─────────────────────────────────────────────────────────────────────────

    @property
    def pools(self) -> Collection[Pubkey]:
        """The pools followed."""
        return self._made_of.keys()

    def follow(self, pool: Pubkey, accounts: Iterable[Pubkey]) -> None:
        """Keep a pool, which is made of these accounts and its own."""
        made_of = (pool, *(address for address in accounts if address != pool))
        self._made_of[pool] = made_of
        self._hold(made_of)

    def keep_only(self, pools: Collection[Pubkey]) -> None:
        """Forget all other pools, and all accounts that none of these is made of."""
        for pool in self._made_of.keys() - pools:
            del self._made_of[pool]
        used = {CLOCK_SYSVAR}.union(*self._made_of.values())
        unused = self.mirror.held.keys() - used
        if unused:
            self.mirror.drop(unused)
            if self._stream is not None:
                self._stream.unfollow(unused)

    def _hold(self, addresses: Iterable[Pubkey]) -> None:
        new = [address for address in addresses if address not in self.mirror.held]
        if new:
            self.mirror.hold(new)
            if self._stream is not None:
                self._stream.follow(new)

    # ── How true it is ───────────────────────────────────────────────────────────────────────────

    @property
    def flowing(self) -> bool:
        """Is the stream to be believed: does its heart beat, and not in the past?"""
        slot = self.mirror.stream_slot
        return (
            slot is not None
            and self._heard_ms is not None
            and self._now_ms() - self._heard_ms <= self._freshness.silence_ms
            and self.mirror.newest - slot <= self._freshness.slots_behind_max
        )

    @property
    def vouched_clock(self) -> bool:
        """Does the stream keep the cluster's clock true?"""
        return self.mirror.held[CLOCK_SYSVAR].covered

    @property
    def slots_behind_max(self) -> int:
        """How far behind the newest slot seen something may be."""
        return self._freshness.slots_behind_max

    async def read(self, pools: Collection[Pubkey]) -> dict[Pubkey, Unavailable | None]:
        """Read these pools whole, and the clock. The answer says of each pool whether it was read,
        and of the clock under its own address.
        """
        groups = self._groups(pools)
        errors = await asyncio.gather(*(self._read_together(group) for group in groups))
        outcome: dict[Pubkey, Unavailable | None] = {CLOCK_SYSVAR: errors[0]}
        for group, error in zip(groups, errors, strict=True):
            outcome.update(dict.fromkeys(group, error))
            if error is None:
                outcome[CLOCK_SYSVAR] = None
        return outcome

    def _groups(self, pools: Iterable[Pubkey]) -> list[list[Pubkey]]:
        """The pools in as few groups as one call each can read whole, with the clock."""
        groups: list[list[Pubkey]] = [[]]
        room = ACCOUNTS_PER_CALL - 1
        for pool in sorted(pools, key=bytes):
            size = len(self._made_of[pool])
            if size > room and groups[-1]:
                groups.append([])
                room = ACCOUNTS_PER_CALL - 1
            groups[-1].append(pool)
            room -= size
        return groups

    async def _read_together(self, pools: Sequence[Pubkey]) -> Unavailable | None:
        wanted = {CLOCK_SYSVAR}.union(*(self._made_of[pool] for pool in pools))
        try:
            async with self._lanes:
                at = await self._chain.accounts(sorted(wanted, key=bytes))
        except Unavailable as error:
            return error
        self._subscribe_anew(self.mirror.read(at))
        return None

    # ── Comparing ────────────────────────────────────────────────────────────────────────────────

    async def run_stream(self) -> None:
        """The stream's own business; without a stream there is none."""
        if self._stream is not None:
            await self._stream.run()

    async def compare(self) -> None:
        """Wait until it is time, then read what is followed, and judge the stream by it.

        Pools that the stream has just been asked for are read as soon as it tells of them.
        """
        try:
            async with asyncio.timeout(self._freshness.compare_ms / 1000):
                await self._uncovered.wait()
            pools = [pool for pool in self._made_of if not self._covered(pool)]
        except TimeoutError:
            pools = [*self._made_of]
        self._uncovered.clear()
        # Not all at once: whoever trades on a pool needs the node more than we do.
        for group in self._groups(pools):
            await self._read_together([pool for pool in group if pool in self._made_of])
        self._judge()

    def _covered(self, pool: Pubkey) -> bool:
        return all(self.mirror.held[address].covered for address in self._made_of[pool])

    def _judge(self) -> None:
        clock = self.mirror.held[CLOCK_SYSVAR]
        behind = self.mirror.newest - (self.mirror.stream_slot or 0)
        observe.mirror(
            pools=len(self._made_of),
            accounts=len(self.mirror.held),
            covered=sum(held.covered for held in self.mirror.held.values()),
            slots_behind=self.mirror.newest - self.mirror.as_of(clock),
            flowing=self.flowing,
        )
        if self._stream is None or self._heard_ms is None:
            return
        silence_ms = self._now_ms() - self._heard_ms
        if (
            behind > self._freshness.slots_behind_max
            and silence_ms > self._freshness.silence_ms * _SILENCES_TO_RECONNECT
        ):
            self._stream.end("silent")

    def _subscribe_anew(self, missed: Collection[Pubkey]) -> None:
        if missed and self._stream is not None:
            observe.stream_missed(len(missed))
            self._stream.renew(missed)

    # ── What the stream says ─────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        """A silence begins now, if one does."""
        self._heard_ms = self._now_ms()

    def subscribed(self, address: Pubkey) -> None:
        """The stream will tell of this account."""
        self.mirror.subscribed(address)

    def told(self, address: Pubkey, account: Account | None, slot: Slot) -> None:
        """The stream tells of an account.

        Raises:
            StreamEnded: it makes slots up.
        """
        before = self.mirror.stream_slot
        try:
            missed = self.mirror.tell(address, account, slot)
        except ImplausibleSlot:
            raise StreamEnded("implausible") from None
        self._after_settling(before, missed)
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SETTLE_MS / 1000, self._settle)

    def disconnected(self) -> None:
        """The stream is gone."""
        self._heard_ms = None
        self.mirror.disconnected()

    def _settle(self) -> None:
        before = self.mirror.stream_slot
        self._after_settling(before, self.mirror.settle())

    def _after_settling(self, before: Slot | None, missed: Collection[Pubkey]) -> None:
        self._subscribe_anew(missed)
        if self.mirror.stream_slot != before:
            self._heard_ms = self._now_ms()
            if self.mirror.unread:
                self._uncovered.set()
