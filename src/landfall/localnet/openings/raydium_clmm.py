"""A Raydium CLMM pool as it is after `create_pool` and two positions opened.

One position covers all prices, the other those near the first; each gets half of what is deposited,
as far as the price can use it.

Units: amounts in base units; rates in parts per million; sqrt prices Q64.64.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/{create_pool,
open_position}.rs, states/{pool,tick_array}.rs, libraries/liquidity_math.rs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from landfall.core.values import Account, Pubkey
from landfall.core.venues.raydium_clmm import layout
from landfall.core.venues.raydium_clmm import tick_array as ticks
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID, TICK_BYTES, TickArray
from landfall.core.venues.raydium_clmm.tick_map import (
    EXTENSION,
    EXTENSION_POOL,
    POOL_BITS_EACH_WAY,
    extension_address,
)
from landfall.core.venues.raydium_clmm.tick_math import (
    MAX_TICK,
    sqrt_price_at_tick,
    tick_at_sqrt_price,
)
from landfall.localnet.openings.deposits import Deposit, derived, owned_account, token_account
from landfall.localnet.programs.raydium_clmm_observation import fresh_observation

NEAR_TICKS = 6_000
"""How far the nearer position goes: prices from about half to about twice the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A config's tick spacing, at least 15, and its rates; `protocol` and `fund` are shares of
    `trade`.
    """

    tick_spacing: int = 60
    trade: int = 2_500
    protocol: int = 120_000
    fund: int = 40_000


DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicFee:
    """A dynamic fee as pools are given one; see `dynamic_fee` of the venue."""

    filter_period: int = 10
    decay_period: int = 60
    reduction_factor: int = 5_000
    control: int = 2_000
    accumulator_max: int = 150_000


def pool_address(deposits: tuple[Deposit, Deposit], config_index: int = 0) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints under this config."""
    mints = sorted(bytes(deposit.token.mint) for deposit in deposits)
    return derived(PROGRAM_ID, b"pool", bytes(_config_address(config_index)), *mints)


def open_pool(
    deposits: tuple[Deposit, Deposit],
    *,
    config_index: int = 0,
    terms: Terms = DEFAULT_TERMS,
    fee_on: int = layout.FEE_ON_INPUT,
    dynamic_fee: DynamicFee | None = None,
    open_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pool and everything a swap of it touches: config, pool, vaults, ticks, observation.

    The price is the ratio of the deposits. The mints themselves are the caller's.

    Args:
        deposits: in any order; the pool keeps its mints ascending.
        config_index: pools of one index share a config, and must be given the same terms.
        open_time: Unix seconds until which the pool refuses swaps.
    """
    pool = pool_address(deposits, config_index)
    ordered = sorted(deposits, key=lambda deposit: bytes(deposit.token.mint))
    sqrt_price = isqrt((ordered[1].amount << 128) // ordered[0].amount)
    tick = tick_at_sqrt_price(sqrt_price)
    data = layout.POOL.blank()
    vaults = [
        derived(PROGRAM_ID, b"pool_vault", bytes(pool), bytes(deposit.token.mint))
        for deposit in ordered
    ]
    for side, deposit in enumerate(ordered):
        layout.POOL_MINTS[side].write(data, deposit.token.mint)
        layout.POOL_VAULTS[side].write(data, vaults[side])
        layout.POOL_DECIMALS[side].write(data, deposit.token.decimals)
    observation = derived(PROGRAM_ID, b"observation", bytes(pool))
    layout.POOL_CONFIG.write(data, _config_address(config_index))
    layout.POOL_OBSERVATION.write(data, observation)
    layout.POOL_TICK_SPACING.write(data, terms.tick_spacing)
    layout.POOL_SQRT_PRICE.write(data, sqrt_price)
    layout.POOL_TICK.write(data, tick)
    layout.POOL_FEE_ON.write(data, fee_on)
    layout.POOL_OPEN_TIME.write(data, open_time)
    if dynamic_fee is not None:
        _write_dynamic_fee(data, dynamic_fee, tick // terms.tick_spacing)
    amounts = (ordered[0].amount // 2, ordered[1].amount // 2)
    arrays: dict[int, bytearray] = {}
    for low, high in _ranges(tick, terms.tick_spacing):
        liquidity = _liquidity(amounts, sqrt_price, low, high)
        layout.POOL_LIQUIDITY.add(data, liquidity)
        _open_position(arrays, data, pool, terms.tick_spacing, (low, high), liquidity)
    extension = EXTENSION.blank()
    EXTENSION_POOL.write(extension, pool)
    return {
        _config_address(config_index): owned_account(
            PROGRAM_ID, _config_bytes(config_index, terms)
        ),
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vaults[0]: token_account(ordered[0], pool),
        vaults[1]: token_account(ordered[1], pool),
        observation: owned_account(PROGRAM_ID, fresh_observation(pool)),
        extension_address(PROGRAM_ID, pool): owned_account(PROGRAM_ID, bytes(extension)),
        **{
            ticks.array_address(PROGRAM_ID, pool, start): owned_account(PROGRAM_ID, bytes(array))
            for start, array in arrays.items()
        },
    }


def _ranges(tick: int, spacing: int) -> tuple[tuple[int, int], tuple[int, int]]:
    widest, near = MAX_TICK // spacing * spacing, tick // spacing * spacing
    reach = NEAR_TICKS // spacing * spacing
    return (-widest, widest), (max(near - reach, -widest), min(near + reach, widest))


def _liquidity(amounts: tuple[int, int], sqrt_price: int, low: int, high: int) -> int:
    """What both amounts suffice for between two ticks."""
    low_price, high_price = sqrt_price_at_tick(low), sqrt_price_at_tick(high)
    of_first = (amounts[0] * sqrt_price * high_price >> 64) // (high_price - sqrt_price)
    return min(of_first, (amounts[1] << 64) // (sqrt_price - low_price))


def _open_position(
    arrays: dict[int, bytearray],
    pool_data: bytearray,
    pool: Pubkey,
    spacing: int,
    ends: tuple[int, int],
    liquidity: int,
) -> None:
    for end, net in zip(ends, (liquidity, -liquidity), strict=True):
        number = end // (spacing * ticks.TICKS_PER_ARRAY)
        start = number * spacing * ticks.TICKS_PER_ARRAY
        if start not in arrays:
            arrays[start] = ticks.TICK_ARRAY.blank()
            ticks.ARRAY_POOL.write(arrays[start], pool)
            ticks.ARRAY_START.write(arrays[start], start)
            place = number + POOL_BITS_EACH_WAY
            pool_data[layout.POOL_TICK_BITMAP.start + place // 8] |= 1 << place % 8
        array = arrays[start]
        at = TickArray(pool, start, spacing, bytes(array)).offset_of(end)
        tick = array[at : at + TICK_BYTES]
        if ticks.LIQUIDITY_GROSS.read(tick) == 0:
            ticks.ARRAY_TICKS_IN_USE.add(array, 1)
        ticks.TICK_NUMBER.write(tick, end)
        ticks.LIQUIDITY_NET.write(tick, ticks.LIQUIDITY_NET.read(tick) + net)
        ticks.LIQUIDITY_GROSS.add(tick, liquidity)
        array[at : at + TICK_BYTES] = tick


def _write_dynamic_fee(data: bytearray, fee: DynamicFee, group: int) -> None:
    for setting, value in (
        (layout.DYNAMIC_FILTER_PERIOD, fee.filter_period),
        (layout.DYNAMIC_DECAY_PERIOD, fee.decay_period),
        (layout.DYNAMIC_REDUCTION_FACTOR, fee.reduction_factor),
        (layout.DYNAMIC_CONTROL, fee.control),
        (layout.DYNAMIC_ACCUMULATOR_MAX, fee.accumulator_max),
    ):
        setting.write(data, value)
    layout.DYNAMIC_INDEX_REFERENCE.write(data, group)


def _config_address(index: int) -> Pubkey:
    return derived(PROGRAM_ID, b"amm_config", index.to_bytes(2, "big"))


def _config_bytes(index: int, terms: Terms) -> bytes:
    data = layout.CONFIG.blank()
    for rate, value in (
        (layout.CONFIG_INDEX, index),
        (layout.CONFIG_PROTOCOL_RATE, terms.protocol),
        (layout.CONFIG_TRADE_RATE, terms.trade),
        (layout.CONFIG_TICK_SPACING, terms.tick_spacing),
        (layout.CONFIG_FUND_RATE, terms.fund),
    ):
        rate.write(data, value)
    return bytes(data)
