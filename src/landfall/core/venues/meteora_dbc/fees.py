"""Meteora DBC: the rate of a swap, and how a fee is shared.

The rate is a base fee, a schedule by time or a limiter for buyers, plus a volatility part, together
capped. The protocol's and the referral's shares are the program's own constants.

Units: amounts in base units; fee numerators in parts per 1e9.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
{state/config,base_fee/*,constants}.rs.
Not modelled: that the first swap pays the schedule's last fee where a configuration says so and the
same transaction opens the pool; and that a transaction holds one rate-limited swap of a pool. No
single swap sees either.
"""

from landfall.core.anchor import SwapRefused
from landfall.core.fee_schedules import (
    RateLimiter,
    TimeSchedule,
    limiter_fee,
    limiter_fee_of_net,
    limiter_marginal,
    reduced,
    variable_fee,
)
from landfall.core.values import ChainClock
from landfall.core.venues.meteora_dbc import layout
from landfall.core.venues.meteora_dbc.faults import (
    FEE_FAULTS,
    INVALID_ACTIVATION_TYPE,
    INVALID_BASE_FEE_MODE,
    MATH_OVERFLOW,
)
from landfall.core.venues.meteora_dbc.layout import Pool

FEE_NUMERATOR_MAX = 990_000_000
PROTOCOL_PERCENT = 20
REFERRAL_PERCENT = 20
"""Of the protocol's share."""


def fee_numerator(pool: Pool, is_buy: bool, amount: int, clock: ChainClock, *, is_net: bool) -> int:
    """Base fee plus volatility fee, capped; `is_net` says that `amount` has no fee in it yet."""
    fee = pool.base_fee
    match fee:
        case TimeSchedule():
            base = _time_fee(fee, current_point(pool, clock) - pool.activation_point)
        case RateLimiter():
            base = fee.cliff
            if is_rate_limited(pool, is_buy, clock):
                rate_of = limiter_fee_of_net if is_net else limiter_fee
                base = rate_of(fee, amount, FEE_FAULTS)
        case None:
            raise SwapRefused(INVALID_BASE_FEE_MODE)
    return min(base + variable_fee(pool.dynamic_fee, FEE_FAULTS), FEE_NUMERATOR_MAX)


def marginal_numerator(pool: Pool, is_buy: bool, amount: int, clock: ChainClock) -> int:
    """The fee of the unit after `amount`; more than that of the whole while a limiter applies."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or not is_rate_limited(pool, is_buy, clock):
        return fee_numerator(pool, is_buy, amount, clock, is_net=False)
    total = limiter_marginal(fee, amount) + variable_fee(pool.dynamic_fee, FEE_FAULTS)
    return min(total, FEE_NUMERATOR_MAX)


def is_rate_limited(pool: Pool, is_buy: bool, clock: ChainClock) -> bool:
    """Whether the rate limiter applies, and the instructions sysvar must be passed."""
    fee = pool.base_fee
    if not isinstance(fee, RateLimiter) or not is_buy:
        return False
    if not (fee.reference or fee.duration or fee.increment_bps):
        return False
    return current_point(pool, clock) <= pool.activation_point + fee.duration


def current_point(pool: Pool, clock: ChainClock) -> int:
    """Where the clock stands by which the pool's fees run: slot or second."""
    if pool.activation_type == layout.ACTIVATION_BY_SLOT:
        return clock.slot
    if pool.activation_type == layout.ACTIVATION_BY_TIME:
        return clock.unix_timestamp
    raise SwapRefused(INVALID_ACTIVATION_TYPE)


def split_fee(fee: int, has_referral: bool) -> tuple[int, int, int]:
    """Trading, protocol and referral part; the trading one takes the remainders."""
    protocol = fee * PROTOCOL_PERCENT // 100
    referral = protocol * REFERRAL_PERCENT // 100 if has_referral else 0
    return fee - protocol, protocol - referral, referral


def _time_fee(fee: TimeSchedule, elapsed: int) -> int:
    if fee.frequency == 0:
        return fee.cliff
    if elapsed < 0:
        raise SwapRefused(MATH_OVERFLOW)
    return reduced(
        fee.cliff,
        fee.reduction,
        min(elapsed // fee.frequency, fee.periods),
        is_exponential=fee.is_exponential,
        faults=FEE_FAULTS,
    )
