"""Pools as orders ask for them, without a stream: found rarely, read together, all of one slot."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from landfall.chain import following as following_module
from landfall.chain.accounts import CLOCK_SYSVAR
from landfall.chain.pools import LivePools
from landfall.core.clusters import DEVNET
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import AccountsAt
from landfall.core.token import TOKEN_PROGRAM
from landfall.core.values import Account, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.venue import NeedAccounts
from landfall.core.venues import venues_of
from tests.chain.clocks import SleptClock
from tests.core.venues.opened import SOL, USDC, Opened, cpmm, damm_v2
from tests.fresh_pools import fresh_pools

REMEMBERED_MS = 30_000
NOBODYS = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
POOLS: Sequence[Opened] = (cpmm(), damm_v2())
ADDRESSES = {pool.address for pool in POOLS}


def clock_account(slot: int) -> Account:
    numbers = (slot, 0, 5, 6, 1_800_000_000 + slot)
    data = b"".join(number.to_bytes(8, "little") for number in numbers)
    return Account(NOBODYS, 1, data, False)


@dataclass
class Ledger:
    """Accounts in memory behind the questions of ChainClient; a slot passes with every read."""

    state: dict[Pubkey, Account]
    slot: int = 100
    discoveries: list[ProgramAccountsFilter] = field(default_factory=list)
    reads: list[list[Pubkey]] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    down: bool = False

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        self.discoveries.append(wanted)
        if self.down:
            raise Unavailable("down")
        return tuple(address for address, account in self.state.items() if matches(account, wanted))

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        self.reads.append(list(addresses))
        await self.open.wait()
        if self.down:
            raise Unavailable("down")
        self.slot += 1
        state: Mapping[Pubkey, Account] = {**self.state, CLOCK_SYSVAR: clock_account(self.slot)}
        return AccountsAt(Slot(self.slot), {each: state.get(each) for each in addresses})


def matches(account: Account, wanted: ProgramAccountsFilter) -> bool:
    return (
        account.owner == wanted.program_id
        and len(account.data) == wanted.data_size
        and all(
            account.data[each.offset : each.offset + len(each.wanted)] == each.wanted
            for each in wanted.memcmps
        )
    )


@pytest.fixture
def ledger() -> Ledger:
    state = {address: account for pool in POOLS for address, account in pool.accounts.items()}
    ledger = Ledger(state)
    ledger.open.set()
    return ledger


@pytest.fixture
def clock() -> SleptClock:
    return SleptClock()


@pytest.fixture
def pools(ledger: Ledger, clock: SleptClock) -> LivePools:
    return fresh_pools(ledger, clock, REMEMBERED_MS)  # type: ignore[arg-type]


async def test_every_venue_s_pools_of_a_pair_are_found_whichever_way_it_is_named(pools: LivePools):
    for pair in ((SOL.mint, USDC.mint), (USDC.mint, SOL.mint)):
        found = await pools.trading(*pair)
        assert {each.pool.address for each in found.pools} == ADDRESSES
        assert {each.venue.name for each in found.pools} == {"raydium_cpmm", "meteora_damm_v2"}
        assert found.left_out == ()


async def test_a_pair_nobody_trades_has_no_pools_but_a_clock(pools: LivePools):
    found = await pools.trading(SOL.mint, NOBODYS)
    assert (found.pools, found.left_out) == ((), ())
    assert found.clock.slot == found.slot


async def test_pools_and_clock_are_all_of_the_slot_of_one_read(pools: LivePools, ledger: Ledger):
    for _ in range(2):
        found = await pools.trading(SOL.mint, USDC.mint)
        assert found.slot == ledger.slot
        assert (found.clock.slot, found.clock.epoch) == (ledger.slot, 5)
        assert found.clock.unix_timestamp == 1_800_000_000 + ledger.slot
        assert {each.pool.context_slot for each in found.pools} == {ledger.slot}


async def test_more_pools_than_one_read_takes_are_each_read_whole_and_as_old_as_the_oldest(
    pools: LivePools, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
):
    await pools.trading(SOL.mint, USDC.mint)
    room = len(ledger.reads[-1]) - 1
    monkeypatch.setattr(following_module, "ACCOUNTS_PER_CALL", room)
    ledger.reads.clear()
    found = await pools.trading(SOL.mint, USDC.mint)
    assert [len(read) <= room for read in ledger.reads] == [True, True]
    assert {each.pool.address for each in found.pools} == ADDRESSES
    slots = [each.pool.context_slot for each in found.pools]
    assert sorted(slots) == [ledger.slot - 1, ledger.slot]
    assert (found.slot, found.clock.slot) == (ledger.slot - 1, ledger.slot)


async def test_what_a_pool_needs_is_asked_for_at_once_from_the_second_time_on(
    pools: LivePools, ledger: Ledger
):
    await pools.trading(SOL.mint, USDC.mint)
    first = len(ledger.reads)
    assert first > 1
    await pools.trading(SOL.mint, USDC.mint)
    assert len(ledger.reads) == first + 1
    assert all(len(read) == len(set(read)) for read in ledger.reads)


async def test_which_pools_trade_a_pair_is_asked_again_only_after_a_while(
    pools: LivePools, ledger: Ledger, clock: SleptClock
):
    await pools.trading(SOL.mint, USDC.mint)
    asked = len(ledger.discoveries)
    clock.ms += REMEMBERED_MS
    await pools.trading(SOL.mint, USDC.mint)
    assert len(ledger.discoveries) == asked
    del ledger.state[POOLS[0].address]
    clock.ms += 1
    # Whoever asks is not kept waiting: the list is renewed behind his back.
    assert len((await pools.trading(SOL.mint, USDC.mint)).left_out) == 1
    async with asyncio.timeout(10):
        while (found := await pools.trading(SOL.mint, USDC.mint)).left_out:
            await asyncio.sleep(0)
    assert [each.pool.address for each in found.pools] == [POOLS[1].address]
    assert len(ledger.discoveries) == 2 * asked


async def test_an_outage_is_not_remembered(pools: LivePools, ledger: Ledger):
    ledger.down = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await pools.trading(SOL.mint, USDC.mint)
    ledger.down = False
    assert len((await pools.trading(SOL.mint, USDC.mint)).pools) == 2
    ledger.down = True
    with pytest.raises(Unavailable):
        await pools.trading(SOL.mint, USDC.mint)
    ledger.down = False
    assert len((await pools.trading(SOL.mint, USDC.mint)).pools) == 2


async def test_orders_that_ask_at_once_share_a_read_and_the_next_one_reads_anew(
    pools: LivePools, ledger: Ledger
):
    await pools.trading(SOL.mint, USDC.mint)
    ledger.reads.clear()
    ledger.open.clear()
    asking = [asyncio.create_task(pools.trading(SOL.mint, USDC.mint)) for _ in range(20)]
    asking += [asyncio.create_task(pools.named(sorted(ADDRESSES, key=bytes)))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ledger.open.set()
    found = await asyncio.gather(*asking)
    assert len(ledger.reads) == 1
    assert len({id(each) for each in found[:-1]}) == 1
    assert {each.slot for each in found} == {found[0].slot}
    assert (await pools.trading(SOL.mint, USDC.mint)).slot > found[0].slot
    assert len(ledger.reads) == 2


async def test_an_order_that_lets_go_takes_the_answer_from_nobody(pools: LivePools, ledger: Ledger):
    await pools.trading(SOL.mint, USDC.mint)
    ledger.reads.clear()
    ledger.open.clear()
    asking = [asyncio.create_task(pools.trading(SOL.mint, USDC.mint)) for _ in range(3)]
    while not ledger.reads:
        await asyncio.sleep(0)
    asking[0].cancel()
    asking[2].cancel()
    ledger.open.set()
    assert len((await asking[1]).pools) == 2
    assert len(ledger.reads) == 1
    for task in (asking[0], asking[2]):
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_shared_read_that_fails_fails_all_who_share_it_and_nobody_after(
    pools: LivePools, ledger: Ledger
):
    await pools.trading(SOL.mint, USDC.mint)
    ledger.down = True
    asking = [asyncio.create_task(pools.trading(SOL.mint, USDC.mint)) for _ in range(3)]
    failed = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(each) for each in failed] == [Unavailable] * 3
    ledger.down = False
    assert len((await pools.trading(SOL.mint, USDC.mint)).pools) == 2


@pytest.mark.parametrize("spoiled", POOLS, ids=lambda pool: pool.venue.name)
async def test_a_malformed_pool_is_left_out_with_the_reason(
    pools: LivePools, ledger: Ledger, spoiled: Opened
):
    await pools.trading(SOL.mint, USDC.mint)
    account = ledger.state[spoiled.address]
    ledger.state[spoiled.address] = replace(account, data=bytes(len(account.data)))
    found = await pools.trading(SOL.mint, USDC.mint)
    assert {each.pool.address for each in found.pools} == ADDRESSES - {spoiled.address}
    (left_out,) = found.left_out
    assert (left_out.pool, left_out.venue) == (spoiled.address, spoiled.venue.name)
    assert (left_out.error, str(spoiled.address) in left_out.sentence) == ("MalformedAccount", True)


async def test_a_pool_that_is_gone_is_left_out_with_the_reason(pools: LivePools, ledger: Ledger):
    await pools.trading(SOL.mint, USDC.mint)
    del ledger.state[POOLS[0].address]
    found = await pools.trading(SOL.mint, USDC.mint)
    assert [each.pool.address for each in found.pools] == [POOLS[1].address]
    assert "does not exist" in found.left_out[0].sentence


async def test_a_named_pool_is_recognised_by_its_owner(pools: LivePools, ledger: Ledger):
    ledger.state[NOBODYS] = Account(TOKEN_PROGRAM, 1, b"", False)
    found = await pools.named([*sorted(ADDRESSES, key=bytes), NOBODYS])
    assert {each.pool.address for each in found.pools} == ADDRESSES
    assert {each.pool.address: each.venue.name for each in found.pools} == {
        pool.address: pool.venue.name for pool in POOLS
    }
    (left_out,) = found.left_out
    assert (left_out.pool, left_out.venue, left_out.sentence) == (
        NOBODYS,
        "unknown",
        "no venue knows it",
    )
    assert ledger.discoveries == []


async def test_a_named_pool_of_another_cluster_s_program_is_nobody_s(
    ledger: Ledger, clock: SleptClock
):
    on_devnet = fresh_pools(ledger, clock, REMEMBERED_MS, venues=venues_of(DEVNET))  # type: ignore[arg-type]
    raydium = next(pool for pool in POOLS if pool.venue.dex == "raydium")
    found = await on_devnet.named([raydium.address])
    assert [each.sentence for each in found.left_out] == ["no venue knows it"]
    assert found.pools == ()


async def test_a_named_pool_that_does_not_exist_is_left_out_until_it_does(
    pools: LivePools, ledger: Ledger
):
    account = ledger.state.pop(POOLS[0].address)
    found = await pools.named([POOLS[0].address])
    assert (found.pools, len(found.left_out)) == ((), 1)
    ledger.state[POOLS[0].address] = account
    assert len((await pools.named([POOLS[0].address])).pools) == 1


async def test_a_pool_that_always_needs_more_is_left_out(ledger: Ledger, clock: SleptClock):
    def insatiable(address: Pubkey, accounts: Mapping[Pubkey, object], slot: Slot) -> NeedAccounts:
        return NeedAccounts((Pubkey.new_unique(),))

    venue = replace(POOLS[0].venue, load=insatiable)
    pools = fresh_pools(ledger, clock, REMEMBERED_MS, venues={venue.name: venue})  # type: ignore[arg-type]
    found = await pools.trading(SOL.mint, USDC.mint)
    assert found.pools == ()
    assert [each.sentence for each in found.left_out] == ["it needs more accounts at every read"]
    assert len(ledger.reads) == 3


@pytest.mark.parametrize("shown", [None, Account(NOBODYS, 1, bytes(39), False)])
async def test_without_the_cluster_s_clock_nothing_is_priced(
    pools: LivePools, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, shown: Account | None
):
    monkeypatch.setattr("tests.chain.test_pools.clock_account", lambda slot: shown)
    with pytest.raises(Unavailable, match="clock"):
        await pools.trading(SOL.mint, USDC.mint)
