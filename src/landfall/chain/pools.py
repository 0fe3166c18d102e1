"""Pools read from the cluster when they are asked for, each pool all of one slot.

Which pools trade a pair is asked rarely (`getProgramAccounts` is dear) and remembered for a while;
their accounts are read every time. Orders that ask for the same pools while a read is under way
share its answer.
"""

import asyncio
from collections.abc import Iterable, Sequence

from landfall.chain.rpc import ACCOUNTS_PER_CALL
from landfall.chain.sharing import Sharing
from landfall.core.errors import MalformedAccount, Unavailable
from landfall.core.quote import Refused
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import Accounts, ChainClock, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.venue import AnyVenue, NeedAccounts
from landfall.core.venues import VENUES
from landfall.ports import ChainClient, Clock, LoadedPool, PoolsAt

CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
_ROUNDS_MAX = 3


class FreshPools:
    """The `Pools` port over any ChainClient.

    Args:
        chain: where accounts are read.
        clock: only for how long discovery is remembered.
        remembered_ms: how long a pair's list of pools is taken as complete.
    """

    def __init__(self, chain: ChainClient, clock: Clock, remembered_ms: int) -> None:
        self._chain = chain
        self._clock = clock
        self._remembered_ms = remembered_ms
        self._found: dict[ProgramAccountsFilter, tuple[int, tuple[Pubkey, ...]]] = {}
        self._needs: dict[Pubkey, tuple[Pubkey, ...]] = {}
        self._venues: dict[Pubkey, AnyVenue] = {}
        self._reads = Sharing(self._read)
        self._questions = Sharing(self._chain.program_accounts)

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """All pools of the pair. A pool that cannot be traded is left out, with the reason."""
        return await self._reads.answer(await self._of_pair(mint, other))

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        """The pools of the pair, and those that lead through a well-known third mint.

        Only well-known mints are tried: nodes refuse the question for every pool of one mint.
        """
        thirds = [token.mint for token in KNOWN_TOKENS.values() if token.mint not in (mint, other)]
        pairs = [(mint, other)]
        pairs += [pair for third in thirds for pair in ((mint, third), (third, other))]
        direct, *sides = await asyncio.gather(*(self._of_pair(*pair) for pair in pairs))
        addresses = set(direct)
        for near, far in zip(sides[::2], sides[1::2], strict=True):
            if near and far:
                addresses |= near | far
        return await self._reads.answer(frozenset(addresses))

    async def _of_pair(self, mint: Pubkey, other: Pubkey) -> frozenset[Pubkey]:
        addresses: list[Pubkey] = []
        for venue in VENUES.values():
            for question in venue.pools_trading(mint, other):
                found = await self._discover(question)
                self._venues.update(dict.fromkeys(found, venue))
                addresses += found
        return frozenset(addresses)

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        """These pools. One whose venue is not known yet is recognised by its owner."""
        unknown = [address for address in addresses if address not in self._venues]
        if unknown:
            owners = await self._chain.accounts(unknown)
            by_program = {venue.program_id: venue for venue in VENUES.values()}
            for address, account in owners.accounts.items():
                if account is not None and account.owner in by_program:
                    self._venues[address] = by_program[account.owner]
        return await self._reads.answer(frozenset(addresses))

    async def _discover(self, question: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        now_ms = self._clock.now_ms()
        found = self._found.get(question)
        if found is None or now_ms - found[0] > self._remembered_ms:
            found = (now_ms, await self._questions.answer(question))
            self._found[question] = found
        return found[1]

    async def _read(self, addresses: frozenset[Pubkey]) -> PoolsAt:
        """Read what the pools needed last time; while one needs more, read everything again."""
        for _ in range(_ROUNDS_MAX):
            reads = [self._read_together(group) for group in self._groups(addresses)]
            parts = await asyncio.gather(*reads)
            if all(part is not None for part in parts):
                return _joined([part for part in parts if part is not None])
        raise Unavailable("a pool needs more accounts at every read")

    def _groups(self, addresses: Iterable[Pubkey]) -> list[list[Pubkey]]:
        """The pools in as few groups as one call each can read whole, with the clock."""
        groups: list[list[Pubkey]] = [[]]
        room = ACCOUNTS_PER_CALL - 1
        for address in sorted(addresses, key=bytes):
            size = 1 + len(self._needs.get(address, ()))
            if size > room and groups[-1]:
                groups.append([])
                room = ACCOUNTS_PER_CALL - 1
            groups[-1].append(address)
            room -= size
        return groups

    async def _read_together(self, addresses: list[Pubkey]) -> PoolsAt | None:
        """These pools, all of one slot; None if one of them needs more."""
        wanted = {CLOCK_SYSVAR, *addresses}
        wanted.update(*(self._needs.get(address, ()) for address in addresses))
        at = await self._chain.accounts(sorted(wanted, key=bytes))
        loaded = self._load_all(addresses, at.accounts, at.slot)
        if loaded is None:
            return None
        pools, left_out = loaded
        return PoolsAt(at.slot, _clock_of(at.accounts), pools, left_out)

    def _load_all(
        self, addresses: Iterable[Pubkey], accounts: Accounts, slot: Slot
    ) -> tuple[tuple[LoadedPool, ...], tuple[Refused, ...]] | None:
        pools: list[LoadedPool] = []
        left_out: list[Refused] = []
        complete = True
        for address in sorted(addresses, key=bytes):
            venue = self._venues.get(address)
            if venue is None:
                left_out.append(_left_out(address, "unknown", "unknown", "no venue knows it"))
                continue
            # Only what was read for this pool, for next time it may be read in other company.
            own = (address, *self._needs.get(address, ()))
            try:
                pool = venue.load(address, _those(own, accounts), slot)
            except MalformedAccount as error:
                left_out.append(_left_out(address, venue.name, venue.dex, str(error)))
                continue
            if isinstance(pool, NeedAccounts):
                self._needs[address] = (*self._needs.get(address, ()), *pool.addresses)
                complete = False
            else:
                pools.append(LoadedPool(venue, pool))
        return (tuple(pools), tuple(left_out)) if complete else None


def _joined(parts: list[PoolsAt]) -> PoolsAt:
    """Several reads as one, as old as the oldest of them."""
    oldest = min(parts, key=lambda part: part.slot)
    return PoolsAt(
        slot=oldest.slot,
        clock=oldest.clock,
        pools=tuple(pool for part in parts for pool in part.pools),
        left_out=tuple(refused for part in parts for refused in part.left_out),
    )


def _those(addresses: Iterable[Pubkey], accounts: Accounts) -> Accounts:
    return {address: accounts[address] for address in addresses if address in accounts}


def _left_out(pool: Pubkey, venue: str, dex: str, sentence: str) -> Refused:
    return Refused(venue=venue, dex=dex, pool=pool, error="MalformedAccount", sentence=sentence)


def _clock_of(accounts: Accounts) -> ChainClock:
    """The Clock sysvar: slot u64, epoch start i64, epoch u64, leader epoch u64, unix time i64."""
    account = accounts[CLOCK_SYSVAR]
    if account is None or len(account.data) < 40:
        raise Unavailable("the node does not show the cluster's clock")
    data = account.data
    return ChainClock(
        slot=Slot(int.from_bytes(data[0:8], "little")),
        epoch=int.from_bytes(data[16:24], "little"),
        unix_timestamp=int.from_bytes(data[32:40], "little", signed=True),
    )
