"""What a Raydium CLMM swap writes down: the pool, the ticks it came to, the bitmap, the prices.

Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/swap.rs,
states/{pool,tick_array,pool_fee}.rs.
"""

from collections.abc import Mapping

from landfall.core.account_fields import UInt, u8, u64, u128
from landfall.core.values import U64_MAX, U128_MAX, Accounts, ChainClock, Pubkey, ceil_div
from landfall.core.venues.raydium_clmm import faults, layout
from landfall.core.venues.raydium_clmm import tick_array as ticks
from landfall.core.venues.raydium_clmm.layout import FEE_ON_INPUT, Pool
from landfall.core.venues.raydium_clmm.tick_array import TICK_BYTES, Tick
from landfall.core.venues.raydium_clmm.tick_map import (
    EXTENSION_HALF,
    NEGATIVE_OFFSET,
    POOL_BITS_EACH_WAY,
    POSITIVE_OFFSET,
)
from landfall.core.venues.raydium_clmm.walk import Visit, Walk
from landfall.localnet.programs.raydium_clmm_observation import observed
from landfall.localnet.programs.refusals import refuse, require

REWARDS_OFFSET, REWARD_BYTES, REWARDS = 397, 169, 3
REWARD_STATE = u8(0)
REWARD_OPEN_TIME, REWARD_END_TIME, REWARD_UPDATED_AT = u64(1), u64(9), u64(17)
REWARD_EMISSIONS = u128(25)
REWARD_EMITTED = u64(41)
REWARD_MINT = slice(57, 89)
REWARD_GROWTH = u128(153)
REWARD_OPENING, REWARD_ENDED = 2, 3


def booked(
    pool: Pool, walked: Walk, accounts: Accounts, clock: ChainClock
) -> Mapping[Pubkey, bytes]:
    """The program's own accounts after this swap."""
    data = _data(accounts, pool.address)
    _accrue_rewards(data, pool.liquidity, clock)
    growths = _fee_growths(data, pool, walked)
    written: dict[Pubkey, bytearray] = {pool.address: data}
    for visit in walked.visits:
        address = visit.array.address
        array = written.setdefault(address, bytearray(visit.array.data))
        _book_visit(array, visit, growths, data)
        ticks.ARRAY_RECENT_EPOCH.write(array, clock.epoch)
        if visit.was_in_use and not visit.tick.is_in_use:
            count = ticks.ARRAY_TICKS_IN_USE.read(array)
            require(count > 0, faults.CALCULATE_OVERFLOW)
            ticks.ARRAY_TICKS_IN_USE.write(array, count - 1)
            if count == 1:
                _flip(pool, visit.array.start, written, accounts)
    if walked.tick != pool.tick:
        before = bytes(_data(accounts, pool.observation))
        written[pool.observation] = bytearray(observed(before, pool.tick, clock))
    _book_pool(data, pool, walked)
    return {address: bytes(after) for address, after in written.items()}


def _data(accounts: Accounts, address: Pubkey) -> bytearray:
    account = accounts[address]
    assert account is not None
    return bytearray(account.data)


def _fee_side(pool: Pool, walked: Walk) -> int:
    """Which token the fee is of."""
    if pool.fee_on == FEE_ON_INPUT:
        return 0 if walked.direction.zero_for_one else 1
    return pool.fee_on - layout.FEE_ON_TOKEN_0


def _fee_growths(data: bytearray, pool: Pool, walked: Walk) -> tuple[int, int, int]:
    """Fees per liquidity before the swap, of both tokens, and which of them grows."""
    first, second = (growth.read(data) for growth in layout.POOL_FEE_GROWTH)
    return first, second, _fee_side(pool, walked)


def _book_visit(
    array: bytearray, visit: Visit, growths: tuple[int, int, int], pool: bytearray
) -> None:
    at = visit.array.offset_of(visit.tick.number)
    data = bytearray(array[at : at + TICK_BYTES])
    _write_orders(data, visit.tick)
    if visit.is_crossed:
        side = growths[2]
        for token, outside in enumerate(ticks.FEE_GROWTH_OUTSIDE):
            growth = growths[token] + (visit.fee_growth if token == side else 0)
            _turn(data, outside, growth)
        for number, outside in enumerate(ticks.REWARD_GROWTH_OUTSIDE):
            reward = _reward(pool, number)
            if any(reward[REWARD_MINT]):
                _turn(data, outside, REWARD_GROWTH.read(reward))
    array[at : at + TICK_BYTES] = data


def _write_orders(data: bytearray, tick: Tick) -> None:
    for order_field, value in (
        (ticks.ORDER_PHASE, tick.order_phase),
        (ticks.ORDERS_WAITING, tick.orders_waiting),
        (ticks.ORDERS_STARTED, tick.orders_started),
        (ticks.UNFILLED_RATIO, tick.unfilled_ratio),
    ):
        order_field.write(data, value)


def _turn(data: bytearray, outside: UInt, growth: int) -> None:
    """What grew outside a tick is on its other side once the price has crossed it."""
    outside.write(data, (growth - outside.read(data)) & U128_MAX)


def _flip(pool: Pool, start: int, written: dict[Pubkey, bytearray], accounts: Accounts) -> None:
    number = start // pool.tick_map.ticks_per_array
    if -POOL_BITS_EACH_WAY <= number < POOL_BITS_EACH_WAY:
        place = number + POOL_BITS_EACH_WAY
        at = layout.POOL_TICK_BITMAP.start + place // 8
        written[pool.address][at] ^= 1 << place % 8
        return
    if pool.extension is None:
        refuse(faults.MISSING_EXTENSION)
    data = written.setdefault(pool.extension, _data(accounts, pool.extension))
    block, place = divmod(number, POOL_BITS_EACH_WAY)
    # Blocks below zero are kept from the one next to the pool's own downwards.
    at = POSITIVE_OFFSET + (block - 1) * 64 if number >= 0 else NEGATIVE_OFFSET + (-2 - block) * 64
    require(POSITIVE_OFFSET <= at < NEGATIVE_OFFSET + EXTENSION_HALF, faults.INVALID_TICK_ARRAY)
    data[at + place // 8] ^= 1 << place % 8


def _book_pool(data: bytearray, pool: Pool, walked: Walk) -> None:
    side = _fee_side(pool, walked)
    layout.POOL_TICK.write(data, walked.tick)
    layout.POOL_SQRT_PRICE.write(data, walked.sqrt_price)
    layout.POOL_LIQUIDITY.write(data, walked.liquidity)
    growth = layout.POOL_FEE_GROWTH[side]
    growth.write(data, (growth.read(data) + walked.fee_growth) & U128_MAX)
    for owed, fee in (
        (layout.POOL_PROTOCOL_FEES[side], walked.protocol_fee),
        (layout.POOL_FUND_FEES[side], walked.fund_fee),
    ):
        total = owed.read(data) + fee
        require(total <= U64_MAX, faults.CALCULATE_OVERFLOW)
        owed.write(data, total)
    if walked.dynamic is not None:
        layout.DYNAMIC_UPDATED_AT.write(data, walked.dynamic.updated_at)
        layout.DYNAMIC_REFERENCE.write(data, walked.dynamic.reference)
        layout.DYNAMIC_INDEX_REFERENCE.write(data, walked.dynamic.index_reference)
        layout.DYNAMIC_ACCUMULATOR.write(data, walked.dynamic.accumulator)


def _reward(pool: bytearray, number: int) -> bytearray:
    at = REWARDS_OFFSET + number * REWARD_BYTES
    return pool[at : at + REWARD_BYTES]


def _accrue_rewards(data: bytearray, liquidity: int, clock: ChainClock) -> None:
    """Rewards are paid per second to the liquidity in range; every swap counts them first."""
    for number in range(REWARDS):
        reward = _reward(data, number)
        is_set = any(reward[REWARD_MINT]) and REWARD_EMITTED.read(reward) != U64_MAX
        if is_set and clock.unix_timestamp > REWARD_OPEN_TIME.read(reward):
            _accrue(reward, liquidity, clock.unix_timestamp)
            at = REWARDS_OFFSET + number * REWARD_BYTES
            data[at : at + REWARD_BYTES] = reward
    layout.POOL_RECENT_EPOCH.write(data, clock.epoch)


def _accrue(reward: bytearray, liquidity: int, now: int) -> None:
    end = REWARD_END_TIME.read(reward)
    until = min(now, end)
    if liquidity:
        seconds = max(0, until - REWARD_UPDATED_AT.read(reward))
        if seconds == 0:
            return
        emissions = seconds * REWARD_EMISSIONS.read(reward)
        emitted, growth = ceil_div(emissions, 1 << 64), emissions // liquidity
        left = U64_MAX - REWARD_EMITTED.read(reward)
        if emitted <= left:
            REWARD_EMITTED.add(reward, emitted)
        else:
            REWARD_EMITTED.write(reward, U64_MAX)
            growth = (left << 64) // liquidity
        # A growth too wide for its field counts as none.
        growth = growth if growth <= U128_MAX else 0
        REWARD_GROWTH.write(reward, (REWARD_GROWTH.read(reward) + growth) & U128_MAX)
    REWARD_UPDATED_AT.write(reward, until)
    if REWARD_OPEN_TIME.read(reward) <= until < end:
        REWARD_STATE.write(reward, REWARD_OPENING)
    elif until == end:
        REWARD_STATE.write(reward, REWARD_ENDED)
