"""Meteora DAMM v2: the rate of a swap, how a fee is shared, and the volatility a swap leaves.

The rate is a base fee, set by one of three schedules, plus a volatility part, together capped. The
volatility part is fixed by the state the last swap left; this swap's own move counts for the next
one. A fee rounds up, its shares down.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/{pool,fee}.rs, base_fee/*.rs.
Not modelled: the rule that a transaction may hold one rate-limited swap of a pool, which no single
swap can see.
"""

from dataclasses import dataclass
from math import isqrt

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, U128_MAX, ChainClock, ceil_div
from landfall.core.venues.meteora_damm_v2 import layout
from landfall.core.venues.meteora_damm_v2.faults import (
    INVALID_ACTIVATION_TYPE,
    INVALID_BASE_FEE_MODE,
    INVALID_POOL_VERSION,
    MATH_OVERFLOW,
    TYPE_CAST_FAILED,
    UNDETERMINED_ERROR,
    cast_u64,
)
from landfall.core.venues.meteora_damm_v2.fee_layout import (
    DynamicFee,
    MarketCapSchedule,
    RateLimiter,
    TimeSchedule,
)
from landfall.core.venues.meteora_damm_v2.layout import Pool

FEE_DENOMINATOR = 10**9
FEE_NUMERATOR_MAX = (500_000_000, 990_000_000)
"""The cap on the whole fee, by the pool's fee version."""
NUMERATOR_PER_BPS = FEE_DENOMINATOR // BPS_DENOMINATOR
VOLATILITY_SCALE = 10**11
ONE_Q64 = 1 << 64


@dataclass(frozen=True, slots=True)
class Volatility:
    """The state of a dynamic fee after a swap."""

    sqrt_reference: int
    accumulator: int
    reference: int
    updated_at: int


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
                base = _limiter_fee_of_net(fee, amount) if is_net else _limiter_fee(fee, amount)
        case MarketCapSchedule():
            base = _market_cap_fee(pool, fee, current_point(pool, clock) - pool.activation_point)
        case None:
            raise SwapRefused(INVALID_BASE_FEE_MODE)
    total = base + _variable_fee(pool.dynamic_fee)
    return min(cast_u64(total), FEE_NUMERATOR_MAX[pool.fee_version])


def is_rate_limited(pool: Pool, a_to_b: bool, clock: ChainClock) -> bool:
    """Whether the rate limiter applies, and the instructions sysvar must be passed."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or fee.is_off or a_to_b:
        return False
    return 0 <= current_point(pool, clock) - pool.activation_point <= fee.duration


def current_point(pool: Pool, clock: ChainClock) -> int:
    """Where the clock stands by which the pool opens and its schedules run: slot or second."""
    if pool.activation_type == layout.ACTIVATION_BY_SLOT:
        return clock.slot
    if pool.activation_type == layout.ACTIVATION_BY_TIME:
        return clock.unix_timestamp
    raise SwapRefused(INVALID_ACTIVATION_TYPE)


def before_fee(net: int, numerator: int) -> int:
    """The amount of which `net` is left after the fee, rounded up."""
    if numerator >= FEE_DENOMINATOR:
        raise SwapRefused(MATH_OVERFLOW)
    return cast_u64(ceil_div(net * FEE_DENOMINATOR, FEE_DENOMINATOR - numerator))


def split_fee(pool: Pool, fee: int, has_referral: bool) -> tuple[int, int, int, int]:
    """Claiming, compounding, protocol and referral part; the claiming one takes the remainders."""
    protocol = fee * pool.protocol_percent // 100
    trading = fee - protocol
    compounding = trading * pool.compounding_bps // BPS_DENOMINATOR
    referral = protocol * pool.referral_percent // 100 if has_referral else 0
    if min(trading, trading - compounding, protocol - referral) < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return trading - compounding, compounding, protocol - referral, referral


def volatility_after(
    fee: DynamicFee | None, before: int, after: int, now: int
) -> Volatility | None:
    """References are renewed by the time since the last move, then this move is added to them."""
    if fee is None:
        return None
    sqrt_reference, reference = fee.sqrt_reference, fee.volatility_reference
    elapsed = max(0, now - fee.updated_at)
    if elapsed >= fee.filter_period:
        sqrt_reference, reference = before, 0
        if elapsed < fee.decay_period:
            reference = fee.volatility * fee.reduction_factor // BPS_DENOMINATOR
    moved = _bins_between(fee, after, sqrt_reference) * BPS_DENOMINATOR
    updated_at = now if _bins_between(fee, before, after) > 0 else fee.updated_at
    accumulator = min(reference + moved, fee.max_volatility)
    return Volatility(sqrt_reference, accumulator, reference, updated_at)


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
    """The cliff after so many reductions; the exponential power is floored at every squaring."""
    if not fee.is_exponential:
        if fee.reduction * period > fee.cliff:
            raise SwapRefused(MATH_OVERFLOW)
        return fee.cliff - fee.reduction * period
    if fee.reduction == 0:
        return fee.cliff
    square = ONE_Q64 - (fee.reduction << 64) // BPS_DENOMINATOR
    if square < 0:
        raise SwapRefused(MATH_OVERFLOW)
    power = ONE_Q64
    while period:
        if period & 1:
            power = power * square >> 64
        square = square * square >> 64
        period >>= 1
    if power == 0:
        raise SwapRefused(MATH_OVERFLOW)
    return power * fee.cliff >> 64


def _limiter_slope(fee: RateLimiter) -> tuple[int, int, int]:
    """Numerator added per step, the highest numerator, and how many steps lead there."""
    step, cap = fee.increment_bps * NUMERATOR_PER_BPS, fee.max_bps * NUMERATOR_PER_BPS
    if cap < fee.cliff or step == 0:
        raise SwapRefused(MATH_OVERFLOW)
    return step, cap, (cap - fee.cliff) // step


def _limiter_fee(fee: RateLimiter, amount: int) -> int:
    """The numerator for an input with its fee in it: each `reference` of it pays a step more."""
    c, x0 = fee.cliff, fee.reference
    if amount <= x0:
        return c
    if x0 == 0:
        raise SwapRefused(PANIC)
    full, rest = divmod(amount - x0, x0)
    step, cap, steps_max = _limiter_slope(fee)
    if full < steps_max:
        charged = x0 * (c + c * full + step * full * (full + 1) // 2)
        charged += rest * (c + step * (full + 1))
    else:
        charged = x0 * (c + c * steps_max + step * steps_max * (steps_max + 1) // 2)
        charged += ((full - steps_max) * x0 + rest) * cap
    fee_amount = cast_u64(ceil_div(charged, FEE_DENOMINATOR))
    return cast_u64(ceil_div(fee_amount * FEE_DENOMINATOR, amount))


def _limiter_net(fee: RateLimiter, amount: int) -> int:
    net = amount - ceil_div(amount * _limiter_fee(fee, amount), FEE_DENOMINATOR)
    if net < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return net


def _limiter_fee_of_net(fee: RateLimiter, net: int) -> int:
    """The numerator for an input without its fee: `_limiter_fee` inverted, as the program does."""
    c, x0 = fee.cliff, fee.reference
    if net <= _limiter_net(fee, x0):
        return c
    step, cap, steps_max = _limiter_slope(fee)
    knee = min((steps_max + 1) * x0, U64_MAX)
    net_at_knee = _limiter_net(fee, knee)
    if net == net_at_knee:
        return _limiter_fee(fee, knee)
    if net > net_at_knee:
        if (steps_max + 1) * x0 > U64_MAX:
            raise SwapRefused(MATH_OVERFLOW)
        gross = knee + before_fee(net - net_at_knee, cap)
    else:
        y = x0 * (2 * FEE_DENOMINATOR + step - 2 * c)
        radicand = y * y - 8 * step * net * FEE_DENOMINATOR * x0
        if radicand < 0:
            raise SwapRefused(TYPE_CAST_FAILED)
        gross = cast_u64((y - isqrt(radicand)) // (2 * step))
        short = net - _limiter_net(fee, gross)
        if short < 0:
            raise SwapRefused(MATH_OVERFLOW)
        gross += before_fee(short, c + step * (gross // x0))
    if gross > U64_MAX or gross < net:
        raise SwapRefused(MATH_OVERFLOW)
    rate = cast_u64(ceil_div((gross - net) * FEE_DENOMINATOR, gross))
    if rate < c:
        raise SwapRefused(UNDETERMINED_ERROR)
    return rate


def _variable_fee(fee: DynamicFee | None) -> int:
    if fee is None:
        return 0
    square = (fee.volatility * fee.bin_step) ** 2
    if square > U128_MAX:
        raise SwapRefused(TYPE_CAST_FAILED)
    if square * fee.variable_fee_control + VOLATILITY_SCALE > U128_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return ceil_div(square * fee.variable_fee_control, VOLATILITY_SCALE)


def _bins_between(fee: DynamicFee, one: int, other: int) -> int:
    upper, lower = (one, other) if one > other else (other, one)
    if lower == 0 or fee.bin_step_q64 == 0:
        raise SwapRefused(MATH_OVERFLOW)
    ratio = (upper << 64) // lower
    if ratio > U128_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return (ratio - ONE_Q64) // fee.bin_step_q64 * 2
