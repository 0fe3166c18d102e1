"""A Meteora DAMM v2 pool as its opening would leave it.

Units: square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/{instructions/initialize_pool/*,
state/*}.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isqrt

from landfall.core.account_fields import UInt
from landfall.core.token import TOKEN_2022_PROGRAM
from landfall.core.values import U128_MAX, Account, Pubkey, ceil_div
from landfall.core.venues.meteora_damm_v2 import fee_layout, layout
from landfall.core.venues.meteora_damm_v2.layout import AUTHORITY, PROGRAM_ID
from landfall.localnet.openings.deposits import Deposit, derived, owned_account, token_account

SQRT_PRICE_MIN = 4_295_048_016
SQRT_PRICE_MAX = 79_226_673_521_066_979_257_578_248_091
PROTOCOL_PERCENT, REFERRAL_PERCENT = 20, 20
BIN_STEP_BPS = 1
BIN_STEP_Q64 = (BIN_STEP_BPS << 64) // 10_000
CUSTOMIZABLE_POOL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityFee:
    """The parameters of a dynamic fee: periods in seconds, reduction in basis points."""

    filter_period: int = 10
    decay_period: int = 120
    reduction_factor: int = 5_000
    variable_fee_control: int = 2_000_000
    max_volatility: int = 100_000


def pool_address(token_a: Deposit, token_b: Deposit, config_index: int | None = None) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints; one pair has one customizable pool."""
    low, high = sorted((bytes(token_a.token.mint), bytes(token_b.token.mint)))
    if config_index is None:
        return derived(PROGRAM_ID, b"cpool", high, low)
    config = derived(PROGRAM_ID, b"config", config_index.to_bytes(8, "little"))
    return derived(PROGRAM_ID, b"pool", bytes(config), high, low)


def open_pool(
    token_a: Deposit,
    token_b: Deposit,
    *,
    fee_numerator: int = 2_500_000,
    volatility_fee: VolatilityFee | None = None,
    collect_fee_mode: int = layout.COLLECT_ON_OUTPUT,
    compounding_bps: int = 0,
    config_index: int | None = None,
    creator: Pubkey = AUTHORITY,
    activation_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh full-range pool and everything a swap of it touches: pool and both vaults.

    The price is the ratio of the deposits; of each the vault gets as much as the liquidity takes,
    which may be a few units less. The mints themselves are the caller's. No swap reads a config, so
    none is made: `config_index` only gives the pool another address.

    Args:
        fee_numerator: the constant base fee, in parts per 1e9.
        volatility_fee: parameters of a dynamic fee on top.
        collect_fee_mode: fee on the output, only in token B, or compounding (see `layout`).
        compounding_bps: share of the fee that compounds; above 0 exactly in a compounding pool.
        activation_time: Unix seconds before which the pool refuses swaps.
    """
    assert (compounding_bps > 0) == (collect_fee_mode == layout.COLLECT_COMPOUNDING)
    pool = pool_address(token_a, token_b, config_index)
    shape = (_compounding if compounding_bps else _full_range)(token_a.amount, token_b.amount)
    deposits = tuple(
        replace(deposit, amount=amount)
        for deposit, amount in zip((token_a, token_b), shape.amounts, strict=True)
    )
    vaults = [
        derived(PROGRAM_ID, b"token_vault", bytes(deposit.token.mint), bytes(pool))
        for deposit in deposits
    ]
    data = layout.POOL.blank()
    for side, deposit in enumerate(deposits):
        layout.POOL_MINTS[side].write(data, deposit.token.mint)
        layout.POOL_VAULTS[side].write(data, vaults[side])
        flag = int(deposit.token.program == TOKEN_2022_PROGRAM)
        layout.POOL_TOKEN_FLAGS[side].write(data, flag)
        layout.POOL_AMOUNTS[side].write(data, deposit.amount)
    layout.POOL_CREATOR.write(data, creator)
    for field, value in (
        (fee_layout.POOL_CLIFF_FEE, fee_numerator),
        (fee_layout.POOL_PROTOCOL_PERCENT, PROTOCOL_PERCENT),
        (fee_layout.POOL_REFERRAL_PERCENT, REFERRAL_PERCENT),
        (fee_layout.POOL_COMPOUNDING_BPS, compounding_bps),
        (layout.POOL_INIT_SQRT_PRICE, shape.sqrt_price),
        (layout.POOL_SQRT_PRICE, shape.sqrt_price),
        (layout.POOL_SQRT_MIN, shape.sqrt_min),
        (layout.POOL_SQRT_MAX, shape.sqrt_max),
        (layout.POOL_LIQUIDITY, shape.liquidity),
        (layout.POOL_ACTIVATION_POINT, activation_time),
        (layout.POOL_ACTIVATION_TYPE, layout.ACTIVATION_BY_TIME),
        (layout.POOL_COLLECT_FEE_MODE, collect_fee_mode),
        (layout.POOL_TYPE, CUSTOMIZABLE_POOL if config_index is None else 0),
        (layout.POOL_FEE_VERSION, layout.FEE_VERSION_MAX),
        (layout.POOL_LAYOUT_VERSION, layout.LAYOUT_VERSION_MAX),
        *_volatility_fields(volatility_fee),
    ):
        field.write(data, value)
    return {
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vaults[0]: token_account(deposits[0], AUTHORITY),
        vaults[1]: token_account(deposits[1], AUTHORITY),
    }


@dataclass(frozen=True, slots=True)
class _Shape:
    """A fresh pool's liquidity and the amounts it takes, each rounded up from the liquidity."""

    liquidity: int
    sqrt_price: int
    sqrt_min: int
    sqrt_max: int
    amounts: tuple[int, int]


def _full_range(a: int, b: int) -> _Shape:
    low, high = SQRT_PRICE_MIN, SQRT_PRICE_MAX
    s = isqrt((b << 128) // a)
    assert low < s < high, "the price is outside what the program allows"
    liquidity = min(a * s * high // (high - s), (b << 128) // (s - low))
    amounts = (
        ceil_div(liquidity * (high - s), s * high),
        ceil_div(liquidity * (s - low), 1 << 128),
    )
    return _Shape(liquidity, s, low, high, amounts)


def _compounding(a: int, b: int) -> _Shape:
    s, liquidity = isqrt((b << 128) // a), isqrt(a * b) << 64
    amounts = (ceil_div(liquidity, s), ceil_div(liquidity * s, 1 << 128))
    return _Shape(liquidity, isqrt((amounts[1] << 128) // amounts[0]), 0, U128_MAX, amounts)


def _volatility_fields(fee: VolatilityFee | None) -> tuple[tuple[UInt, int], ...]:
    if fee is None:
        return ()
    return (
        (fee_layout.POOL_DYNAMIC_ENABLED, 1),
        (fee_layout.POOL_MAX_VOLATILITY, fee.max_volatility),
        (fee_layout.POOL_VARIABLE_FEE_CONTROL, fee.variable_fee_control),
        (fee_layout.POOL_BIN_STEP, BIN_STEP_BPS),
        (fee_layout.POOL_FILTER_PERIOD, fee.filter_period),
        (fee_layout.POOL_DECAY_PERIOD, fee.decay_period),
        (fee_layout.POOL_REDUCTION_FACTOR, fee.reduction_factor),
        (fee_layout.POOL_BIN_STEP_Q64, BIN_STEP_Q64),
    )
