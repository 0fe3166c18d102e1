"""Meteora DAMM v2: the fee part of a pool, from bytes.

The base fee is one of three schedules that share the same 32 bytes, told apart by a mode; the
volatility part follows, parameters first and then the state that swaps carry forward. Offsets are
the pool account's.

Units: fee numerators are parts per 1e9; a point is a slot or a Unix second, as the pool's
`activation_type` says.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/fee.rs, base_fee/*.rs.
"""

from dataclasses import dataclass

from landfall.core.account_fields import u8, u16, u32, u64, u128
from landfall.core.fee_schedules import DynamicFee, RateLimiter, TimeSchedule

POOL_CLIFF_FEE = u64(8)
POOL_BASE_FEE_MODE = u8(16)
POOL_BASE_FEE_COUNT = u16(22)
POOL_BASE_FEE_LONG = u64(24)
POOL_BASE_FEE_FIRST = u32(24)
POOL_BASE_FEE_SECOND = u32(28)
POOL_BASE_FEE_LAST = u64(32)
POOL_PROTOCOL_PERCENT = u8(48)
POOL_REFERRAL_PERCENT = u8(50)
POOL_COMPOUNDING_BPS = u16(54)
POOL_DYNAMIC_ENABLED = u8(56)
POOL_MAX_VOLATILITY = u32(64)
POOL_VARIABLE_FEE_CONTROL = u32(68)
POOL_BIN_STEP = u16(72)
POOL_FILTER_PERIOD = u16(74)
POOL_DECAY_PERIOD = u16(76)
POOL_REDUCTION_FACTOR = u16(78)
POOL_VOLATILITY_UPDATED_AT = u64(80)
POOL_BIN_STEP_Q64 = u128(88)
POOL_SQRT_REFERENCE = u128(104)
POOL_VOLATILITY = u128(120)
POOL_VOLATILITY_REFERENCE = u128(136)

MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL, MODE_RATE_LIMITER = 0, 1, 2
MODE_MARKET_CAP_LINEAR, MODE_MARKET_CAP_EXPONENTIAL = 3, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketCapSchedule:
    """The fee falls with every `step_bps` that the square root of the price has risen."""

    cliff: int
    is_exponential: bool
    periods: int
    step_bps: int
    duration: int
    reduction: int


BaseFee = TimeSchedule | RateLimiter | MarketCapSchedule


def decode_base_fee(data: bytes) -> BaseFee | None:
    """The schedule in a pool's bytes; None where its mode is unknown."""
    cliff, count = POOL_CLIFF_FEE.read(data), POOL_BASE_FEE_COUNT.read(data)
    first, second = POOL_BASE_FEE_FIRST.read(data), POOL_BASE_FEE_SECOND.read(data)
    last = POOL_BASE_FEE_LAST.read(data)
    mode = POOL_BASE_FEE_MODE.read(data)
    if mode in (MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL):
        return TimeSchedule(
            cliff=cliff,
            is_exponential=mode == MODE_TIME_EXPONENTIAL,
            periods=count,
            frequency=POOL_BASE_FEE_LONG.read(data),
            reduction=last,
        )
    if mode == MODE_RATE_LIMITER:
        return RateLimiter(
            cliff=cliff, increment_bps=count, duration=first, max_bps=second, reference=last
        )
    if mode in (MODE_MARKET_CAP_LINEAR, MODE_MARKET_CAP_EXPONENTIAL):
        return MarketCapSchedule(
            cliff=cliff,
            is_exponential=mode == MODE_MARKET_CAP_EXPONENTIAL,
            periods=count,
            step_bps=first,
            duration=second,
            reduction=last,
        )
    return None


def decode_dynamic_fee(data: bytes) -> DynamicFee | None:
    """The volatility part in a pool's bytes; None where it is switched off."""
    if not POOL_DYNAMIC_ENABLED.read(data):
        return None
    return DynamicFee(
        max_volatility=POOL_MAX_VOLATILITY.read(data),
        variable_fee_control=POOL_VARIABLE_FEE_CONTROL.read(data),
        bin_step=POOL_BIN_STEP.read(data),
        filter_period=POOL_FILTER_PERIOD.read(data),
        decay_period=POOL_DECAY_PERIOD.read(data),
        reduction_factor=POOL_REDUCTION_FACTOR.read(data),
        bin_step_q64=POOL_BIN_STEP_Q64.read(data),
        updated_at=POOL_VOLATILITY_UPDATED_AT.read(data),
        sqrt_reference=POOL_SQRT_REFERENCE.read(data),
        volatility=POOL_VOLATILITY.read(data),
        volatility_reference=POOL_VOLATILITY_REFERENCE.read(data),
    )
