"""What CLMM's stand-in writes beside the pool's own numbers, and what it refuses by number."""

from dataclasses import replace

import pytest

from landfall.core.quote import Leg
from landfall.core.token import TOKEN_2022_PROGRAM
from landfall.core.values import ChainClock, Pubkey
from landfall.core.venue import Trader
from landfall.core.venues.raydium_clmm import layout
from landfall.core.venues.raydium_clmm import tick_array as ticks
from landfall.localnet.programs import AccountRef, Effects, ProgramRefused
from landfall.localnet.programs.raydium_clmm import RaydiumClmm
from landfall.localnet.programs.raydium_clmm_booking import (
    REWARD_EMISSIONS,
    REWARD_EMITTED,
    REWARD_END_TIME,
    REWARD_GROWTH,
    REWARD_OPENING,
    REWARD_STATE,
    REWARD_UPDATED_AT,
    REWARDS_OFFSET,
)
from landfall.localnet.programs.raydium_clmm_observation import (
    OBSERVATION_INDEX,
    OBSERVATIONS_OFFSET,
    observed,
)
from tests.core.venues.opened import CLOCK, HOLDINGS, WALLET, Opened, clmm

STRANGER = Pubkey.from_string("9Hn4VafJzoG2ESdjWL1sWYUJDThmLZdNgf4nB5cZFmwC")
REFS = {"config": 1, "pool": 2, "vault_in": 5, "vault_out": 6, "observation": 7, "arrays": 14}


def _swap(opened: Opened, amount: int = 10**8) -> tuple[bytes, list[AccountRef]]:
    quote = opened.quote(amount)
    request = quote.request
    trader = Trader(WALLET, HOLDINGS[request.in_mint], HOLDINGS[request.out_mint])
    built = opened.venue.swap(opened.pool(), Leg(quote=quote, threshold=quote.out_amount), trader)
    refs = [AccountRef(meta.pubkey, meta.is_signer, meta.is_writable) for meta in built.accounts]
    return bytes(built.data), refs


def _played(opened: Opened, amount: int = 10**8) -> Effects:
    data, refs = _swap(opened, amount)
    return RaydiumClmm().process(data, refs, opened.accounts, CLOCK)


def _code(opened: Opened, data: bytes, refs: list[AccountRef]) -> int | None:
    with pytest.raises(ProgramRefused) as caught:
        RaydiumClmm().process(data, refs, opened.accounts, CLOCK)
    return caught.value.code


def test_rewards_of_the_time_since_the_last_swap_are_counted_before_this_one():
    opened = clmm()
    now = CLOCK.unix_timestamp
    data = bytearray(2 * 169)
    REWARD_END_TIME.write(data, now + 100)
    REWARD_UPDATED_AT.write(data, now - 10)
    REWARD_EMISSIONS.write(data, 3 << 63)
    data[57:89] = bytes(STRANGER)
    opened = opened.with_bytes(opened.address, REWARDS_OFFSET, bytes(data[:169]))
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    after = _played(opened).writes[opened.address][REWARDS_OFFSET : REWARDS_OFFSET + 169]
    assert REWARD_EMITTED.read(after) == 15
    assert REWARD_GROWTH.read(after) == 10 * (3 << 63) // pool.liquidity
    assert REWARD_UPDATED_AT.read(after) == now
    assert REWARD_STATE.read(after) == REWARD_OPENING


def test_a_swap_leaves_its_epoch_and_its_share_of_the_fee():
    opened = clmm()
    quote = opened.quote(10**9)
    after = _played(opened, 10**9).writes[opened.address]
    assert layout.POOL_RECENT_EPOCH.read(after) == CLOCK.epoch
    assert layout.POOL_PROTOCOL_FEES[0].read(after) == quote.fee_amount * 12 // 100
    assert layout.POOL_FUND_FEES[0].read(after) == quote.fee_amount * 4 // 100
    assert layout.POOL_FEE_GROWTH[0].read(after) > 0
    assert layout.POOL_FEE_GROWTH[1].read(after) == 0


def test_a_tick_emptied_by_a_swap_takes_its_array_off_the_map():
    opened = clmm()
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    array = pool.below[0]
    at = array.offset_of(array.first(zero_for_one=True).number)
    # Orders alone keep this tick in use; the liquidity it would have added stays where it is.
    opened = opened.with_bytes(array.address, at + 4, bytes(32))
    opened = opened.with_bytes(
        array.address, at + ticks.ORDERS_WAITING.offset, (10**6).to_bytes(8, "little")
    )
    opened = opened.with_bytes(pool.sides[1].vault, 64, (2**60).to_bytes(8, "little"))
    writes = _played(opened, 2 * 10**12).writes
    assert ticks.ARRAY_TICKS_IN_USE.read(writes[array.address]) == 0
    assert ticks.ARRAY_RECENT_EPOCH.read(writes[array.address]) == CLOCK.epoch
    before, after = (
        int.from_bytes(data[layout.POOL_TICK_BITMAP], "little")
        for data in (opened.accounts[opened.address].data, writes[opened.address])
    )
    assert before ^ after == 1 << (pool.tick_map.number_of(array.start) + 512)


def test_ticks_are_summed_over_time_in_a_ring():
    opened = clmm()
    pool = opened.pool()
    assert isinstance(pool, layout.Pool)
    first = observed(opened.accounts[pool.observation].data, 7, CLOCK)
    soon = ChainClock(CLOCK.slot, CLOCK.epoch, CLOCK.unix_timestamp + 14)
    assert observed(first, 7, soon) == first
    later = ChainClock(CLOCK.slot, CLOCK.epoch, CLOCK.unix_timestamp + 20)
    second = observed(first, -7, later)
    assert OBSERVATION_INDEX.read(second) == 1
    entry = second[OBSERVATIONS_OFFSET + 44 :]
    assert int.from_bytes(entry[:4], "little") == later.unix_timestamp
    assert int.from_bytes(entry[4:12], "little", signed=True) == -140


@pytest.mark.parametrize(
    ("place", "code"),
    [("config", 3012), ("pool", 3007), ("vault_in", 3012), ("observation", 3007)],
)
def test_an_account_that_is_another_is_refused_by_the_programs_number(place: str, code: int):
    opened = clmm()
    data, refs = _swap(opened)
    refs[REFS[place]] = replace(refs[REFS[place]], address=STRANGER)
    assert _code(opened, data, refs) == code


def test_wrong_vaults_programs_and_arrays_are_refused_by_the_programs_number():
    opened = clmm()
    data, refs = _swap(opened)
    assert _code(opened, data, refs[: REFS["arrays"]]) == 6023
    assert _code(opened, data, refs[:12]) == 3005
    assert _code(opened, data, [replace(refs[0], is_signer=False), *refs[1:]]) == 3010
    programs = [*refs[:8], replace(refs[8], address=TOKEN_2022_PROGRAM), *refs[9:]]
    assert _code(opened, data, programs) == 3008
    twice = [*refs[:6], refs[5], *refs[7:12], refs[11], *refs[13:]]
    assert _code(opened, data, twice) == 6021
    read_only = [*refs[:-1], replace(refs[-1], is_writable=False)]
    assert _code(opened, data, read_only) == 3006
    assert _code(opened, data, [*refs[:14], *refs[15:]]) in (6023, 6024)
