"""Fees that change with time, size and volatility, in the arithmetic that two programs share.

Meteora's two newer pool programs compute their rates alike and store and bound them differently. So
the numbers are given as plain values here, and what each program does where a number does not fit
comes with them, as `FeeFaults`.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/{state/fee.rs,base_fee/*.rs};
MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), src/{state/{config,fee}.rs,base_fee/*.rs}.
"""

from dataclasses import dataclass
from math import isqrt

from landfall.core.anchor import PANIC, ProgramFault, SwapRefused
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, U128_MAX, ceil_div

FEE_DENOMINATOR = 10**9
NUMERATOR_PER_BPS = FEE_DENOMINATOR // BPS_DENOMINATOR
VOLATILITY_SCALE = 10**11
ONE_Q64 = 1 << 64

CLIFF_FEE_MAX = 990_000_000
"""The most that either program lets a fee begin with."""
SQRT_PRICE_MIN, SQRT_PRICE_MAX = 4_295_048_016, 79_226_673_521_066_979_257_578_248_091
"""The prices that either program lets a pool have, as square roots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeFaults:
    """What a program gives where a number does not fit: computed, cast, inverted or squared."""

    overflow: ProgramFault
    cast_failed: ProgramFault
    undetermined: ProgramFault
    square_overflow: ProgramFault


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSchedule:
    """The fee falls with every `frequency` points after activation, at most `periods` times.

    `reduction` is a numerator per period (linear) or basis points per period (exponential);
    `frequency` 0 means that the fee stays at `cliff`.
    """

    cliff: int
    is_exponential: bool
    periods: int
    frequency: int
    reduction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiter:
    """For `duration` points after activation, buying costs the more the larger the amount.

    Each further `reference` of input pays `increment_bps` more, up to `max_bps`.
    """

    cliff: int
    increment_bps: int
    duration: int
    max_bps: int
    reference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicFee:
    """The fee's volatility part: parameters, then the state that swaps carry forward."""

    max_volatility: int
    variable_fee_control: int
    bin_step: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    bin_step_q64: int
    updated_at: int
    sqrt_reference: int
    volatility: int
    volatility_reference: int


@dataclass(frozen=True, slots=True)
class Volatility:
    """The state of a dynamic fee after a swap."""

    sqrt_reference: int
    accumulator: int
    reference: int
    updated_at: int


def period_reached(fee: TimeSchedule | RateLimiter | None, elapsed: int) -> tuple[bool, int]:
    """All that a fee depends on of the points since activation: whether that has come, and how many
    times the fee has fallen, or whether the limiter is over.
    """
    match fee:
        case TimeSchedule(frequency=frequency, periods=periods) if frequency:
            return elapsed < 0, min(elapsed // frequency, periods)
        case RateLimiter(duration=duration):
            return elapsed < 0, elapsed > duration
        case _:
            return elapsed < 0, 0


def fading(elapsed: int, filter_period: int, decay_period: int) -> tuple[bool, bool]:
    """All that a volatility depends on of the time since it was counted: whether it still stands,
    and whether some of it is left.
    """
    return elapsed < filter_period, elapsed < decay_period


def before_fee(net: int, numerator: int, faults: FeeFaults) -> int:
    """The amount of which `net` is left after the fee, rounded up."""
    if numerator >= FEE_DENOMINATOR:
        raise SwapRefused(faults.overflow)
    return _cast(ceil_div(net * FEE_DENOMINATOR, FEE_DENOMINATOR - numerator), faults)


def reduced(
    cliff: int, reduction: int, period: int, *, is_exponential: bool, faults: FeeFaults
) -> int:
    """The cliff after so many reductions; the exponential power is floored at every squaring."""
    if not is_exponential:
        if reduction * period > cliff:
            raise SwapRefused(faults.overflow)
        return cliff - reduction * period
    if reduction == 0:
        return cliff
    square = ONE_Q64 - (reduction << 64) // BPS_DENOMINATOR
    if square < 0:
        raise SwapRefused(faults.overflow)
    power = ONE_Q64
    while period:
        if period & 1:
            power = power * square >> 64
        square = square * square >> 64
        period >>= 1
    if power == 0:
        raise SwapRefused(faults.overflow)
    return power * cliff >> 64


def limiter_fee(fee: RateLimiter, amount: int, faults: FeeFaults) -> int:
    """The numerator for an input with its fee in it: each `reference` of it pays a step more."""
    c, x0 = fee.cliff, fee.reference
    if amount <= x0:
        return c
    if x0 == 0:
        raise SwapRefused(PANIC)
    full, rest = divmod(amount - x0, x0)
    step, cap, steps_max = _limiter_slope(fee, faults)
    if full < steps_max:
        charged = x0 * (c + c * full + step * full * (full + 1) // 2)
        charged += rest * (c + step * (full + 1))
    else:
        charged = x0 * (c + c * steps_max + step * steps_max * (steps_max + 1) // 2)
        charged += ((full - steps_max) * x0 + rest) * cap
    fee_amount = _cast(ceil_div(charged, FEE_DENOMINATOR), faults)
    return _cast(ceil_div(fee_amount * FEE_DENOMINATOR, amount), faults)


def limiter_fee_of_net(fee: RateLimiter, net: int, faults: FeeFaults) -> int:
    """The numerator for an input without its fee: `limiter_fee` inverted, as the programs do."""
    c, x0 = fee.cliff, fee.reference
    if net <= _limiter_net(fee, x0, faults):
        return c
    step, cap, steps_max = _limiter_slope(fee, faults)
    knee = min((steps_max + 1) * x0, U64_MAX)
    net_at_knee = _limiter_net(fee, knee, faults)
    if net == net_at_knee:
        return limiter_fee(fee, knee, faults)
    if net > net_at_knee:
        if (steps_max + 1) * x0 > U64_MAX:
            raise SwapRefused(faults.overflow)
        gross = knee + before_fee(net - net_at_knee, cap, faults)
    else:
        y = x0 * (2 * FEE_DENOMINATOR + step - 2 * c)
        radicand = y * y - 8 * step * net * FEE_DENOMINATOR * x0
        if radicand < 0:
            raise SwapRefused(faults.cast_failed)
        gross = _cast((y - isqrt(radicand)) // (2 * step), faults)
        short = net - _limiter_net(fee, gross, faults)
        if short < 0:
            raise SwapRefused(faults.overflow)
        gross += before_fee(short, c + step * (gross // x0), faults)
    if gross > U64_MAX or gross < net:
        raise SwapRefused(faults.overflow)
    rate = _cast(ceil_div((gross - net) * FEE_DENOMINATOR, gross), faults)
    if rate < c:
        raise SwapRefused(faults.undetermined)
    return rate


def limiter_cuts(fee: RateLimiter, most: int) -> tuple[int, ...]:
    """Inputs below `most` that part it where the marginal fee steps up; each twice the one before,
    and the last one where the fee is highest.
    """
    if fee.reference == 0 or fee.increment_bps == 0:
        return ()
    highest = max(1, _limiter_steps(fee) + 1)
    steps = [1 << bit for bit in range(highest.bit_length()) if 1 << bit < highest]
    return tuple(cut for step in (*steps, highest) if (cut := step * fee.reference) < most)


def limiter_marginal(fee: RateLimiter, amount: int) -> int:
    """The numerator that the unit after `amount` pays, while the limiter applies."""
    if fee.reference == 0 or fee.increment_bps == 0:
        return fee.cliff
    step = amount // fee.reference
    if step > _limiter_steps(fee):
        return fee.max_bps * NUMERATOR_PER_BPS
    return fee.cliff + fee.increment_bps * NUMERATOR_PER_BPS * step


def variable_fee(fee: DynamicFee | None, faults: FeeFaults) -> int:
    """The numerator of the volatility that the last swap left; it may be far above the whole."""
    if fee is None:
        return 0
    square = (fee.volatility * fee.bin_step) ** 2
    if square > U128_MAX:
        raise SwapRefused(faults.square_overflow)
    if square * fee.variable_fee_control + VOLATILITY_SCALE > U128_MAX:
        raise SwapRefused(faults.overflow)
    return ceil_div(square * fee.variable_fee_control, VOLATILITY_SCALE)


def volatility_after(
    fee: DynamicFee | None, before: int, after: int, now: int, faults: FeeFaults
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
    moved = _bins_between(fee, after, sqrt_reference, faults) * BPS_DENOMINATOR
    updated_at = now if _bins_between(fee, before, after, faults) > 0 else fee.updated_at
    accumulator = min(reference + moved, fee.max_volatility)
    return Volatility(sqrt_reference, accumulator, reference, updated_at)


def _limiter_slope(fee: RateLimiter, faults: FeeFaults) -> tuple[int, int, int]:
    """Numerator added per step, the highest numerator, and how many steps lead there."""
    step, cap = fee.increment_bps * NUMERATOR_PER_BPS, fee.max_bps * NUMERATOR_PER_BPS
    if cap < fee.cliff or step == 0:
        raise SwapRefused(faults.overflow)
    return step, cap, _limiter_steps(fee)


def _limiter_steps(fee: RateLimiter) -> int:
    room = fee.max_bps * NUMERATOR_PER_BPS - fee.cliff
    return room // (fee.increment_bps * NUMERATOR_PER_BPS)


def _limiter_net(fee: RateLimiter, amount: int, faults: FeeFaults) -> int:
    net = amount - ceil_div(amount * limiter_fee(fee, amount, faults), FEE_DENOMINATOR)
    if net < 0:
        raise SwapRefused(faults.overflow)
    return net


def _bins_between(fee: DynamicFee, one: int, other: int, faults: FeeFaults) -> int:
    upper, lower = (one, other) if one > other else (other, one)
    if lower == 0 or fee.bin_step_q64 == 0:
        raise SwapRefused(faults.overflow)
    ratio = (upper << 64) // lower
    if ratio > U128_MAX:
        raise SwapRefused(faults.overflow)
    return (ratio - ONE_Q64) // fee.bin_step_q64 * 2


def _cast(value: int, faults: FeeFaults) -> int:
    if value > U64_MAX:
        raise SwapRefused(faults.cast_failed)
    return value
