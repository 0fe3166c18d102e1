"""Meteora DAMM v2: the rate of a swap, and how a fee is shared.

The rate is a base fee, set by one of three schedules, plus a volatility part, together capped. The
volatility part is fixed by the state the last swap left; this swap's own move counts for the next
one. A fee rounds up, its shares down.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/{pool,fee}.rs, base_fee/*.rs.
Not modelled: the rule that a transaction may hold one rate-limited swap of a pool, which no single
swap can see.
"""

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import (
    RateLimiter,
    TimeSchedule,
    limiter_fee,
    limiter_fee_of_net,
    limiter_marginal,
    period_reached,
    reduced,
    variable_fee,
)
from landfall.core.values import BPS_DENOMINATOR, ChainClock
from landfall.core.venues.meteora_damm_v2 import layout
from landfall.core.venues.meteora_damm_v2.faults import (
    FEE_FAULTS,
    INVALID_ACTIVATION_TYPE,
    INVALID_BASE_FEE_MODE,
    INVALID_POOL_VERSION,
    MATH_OVERFLOW,
    cast_u64,
)
from landfall.core.venues.meteora_damm_v2.fee_layout import BaseFee, MarketCapSchedule
from landfall.core.venues.meteora_damm_v2.layout import Pool

FEE_NUMERATOR_MAX = (500_000_000, 990_000_000)
"""The cap on the whole fee, by the pool's fee version."""


def fee_numerator(pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, *, is_net: bool) -> int:
    """Base fee plus volatility fee, capped; `is_net` says that `amount` has no fee in it yet."""
    if pool.fee_version >= len(FEE_NUMERATOR_MAX):
        raise SwapRefused(INVALID_POOL_VERSION)
    fee = pool.base_fee
    match fee:
        case TimeSchedule():
            base = fee.cliff
            if fee.frequency:
                base = _time_fee(fee, current_point(pool, clock) - pool.activation_point)
        case RateLimiter():
            base = fee.cliff
            if is_rate_limited(pool, a_to_b, clock):
                rate_of = limiter_fee_of_net if is_net else limiter_fee
                base = rate_of(fee, amount, FEE_FAULTS)
        case MarketCapSchedule():
            base = _market_cap_fee(pool, fee, current_point(pool, clock) - pool.activation_point)
        case None:
            raise SwapRefused(INVALID_BASE_FEE_MODE)
    total = base + variable_fee(pool.dynamic_fee, FEE_FAULTS)
    return min(cast_u64(total), FEE_NUMERATOR_MAX[pool.fee_version])


def marginal_numerator(pool: Pool, a_to_b: bool, amount: int, clock: ChainClock) -> int:
    """The fee of the unit after `amount`; more than that of the whole while a limiter applies."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or not is_rate_limited(pool, a_to_b, clock):
        return fee_numerator(pool, a_to_b, amount, clock, is_net=False)
    total = limiter_marginal(fee, amount) + variable_fee(pool.dynamic_fee, FEE_FAULTS)
    return min(total, FEE_NUMERATOR_MAX[pool.fee_version])


def is_rate_limited(pool: Pool, a_to_b: bool, clock: ChainClock) -> bool:
    """Whether the rate limiter applies, and the instructions sysvar must be passed."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or a_to_b:
        return False
    if not (fee.reference or fee.duration or fee.max_bps or fee.increment_bps):
        return False
    return 0 <= current_point(pool, clock) - pool.activation_point <= fee.duration


def current_point(pool: Pool, clock: ChainClock) -> int:
    """Where the clock stands by which the pool opens and its schedules run: slot or second."""
    if pool.activation_type == layout.ACTIVATION_BY_SLOT:
        return clock.slot
    if pool.activation_type == layout.ACTIVATION_BY_TIME:
        return clock.unix_timestamp
    raise SwapRefused(INVALID_ACTIVATION_TYPE)


def reached(fee: BaseFee | None, elapsed: int) -> tuple[bool, int]:
    """All that the base fee depends on of the points since activation."""
    if isinstance(fee, MarketCapSchedule):
        return elapsed < 0, elapsed > fee.duration
    return period_reached(fee, elapsed)


def split_fee(pool: Pool, fee: int, has_referral: bool) -> tuple[int, int, int, int]:
    """Claiming, compounding, protocol and referral part; the claiming one takes the remainders."""
    protocol = fee * pool.protocol_percent // 100
    trading = fee - protocol
    compounding = trading * pool.compounding_bps // BPS_DENOMINATOR
    referral = protocol * pool.referral_percent // 100 if has_referral else 0
    if min(trading, trading - compounding, protocol - referral) < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return trading - compounding, compounding, protocol - referral, referral


def _time_fee(fee: TimeSchedule, elapsed: int) -> int:
    period = fee.periods if elapsed < 0 else min(elapsed // fee.frequency, fee.periods)
    return _reduced(fee, period)


def _market_cap_fee(pool: Pool, fee: MarketCapSchedule, elapsed: int) -> int:
    if elapsed < 0 or elapsed > fee.duration:
        period = fee.periods
    elif pool.sqrt_price <= pool.init_sqrt_price:
        period = 0
    elif pool.init_sqrt_price == 0 or fee.step_bps == 0:
        raise SwapRefused(MATH_OVERFLOW)
    else:
        risen = (pool.sqrt_price - pool.init_sqrt_price) * BPS_DENOMINATOR // pool.init_sqrt_price
        period = min(risen // fee.step_bps, fee.periods)
    return _reduced(fee, period)


def _reduced(fee: TimeSchedule | MarketCapSchedule, period: int) -> int:
    return reduced(
        fee.cliff,
        fee.reduction,
        period,
        is_exponential=fee.is_exponential,
        faults=FEE_FAULTS,
    )
