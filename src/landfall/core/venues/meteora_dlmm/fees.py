"""Meteora DLMM: the fee rate, which rises with every bin crossed and falls with time.

Volatility is counted in bins from a reference. The reference moves once, before a swap, by the
time since the last one; the count is renewed at every bin that trades.

Units: rates in parts per 1e9; volatility in bins times 10 000; times in seconds.
Source: MeteoraAg/dlmm-sdk fb02e51, commons/src/extensions/lb_pair.rs, quote.rs.
"""

from dataclasses import dataclass
from typing import NamedTuple

from landfall.core.anchor import SwapRefused
from landfall.core.values import BPS_DENOMINATOR, U128_MAX, ceil_div
from landfall.core.venues.meteora_dlmm.faults import MATH_OVERFLOW

FEE_DENOMINATOR = 1_000_000_000
RATE_MAX = 100_000_000
VARIABLE_DENOMINATOR = 100_000_000_000
ORDER_SHARE_BPS = 5_000
"""What the maker of a limit order gets of the fee that its order earned."""
HOST_SHARE_BPS = 2_000
"""What a host account gets of the protocol's fee."""
_U32_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeParameters:
    """What the pair's fees are made of; `protocol_share` is in basis points of the fee."""

    base_factor: int
    base_fee_power: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    variable_fee_control: int
    max_volatility: int
    protocol_share: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatility:
    """How far the price has moved lately, and from where that is counted."""

    accumulator: int
    reference: int
    index_reference: int
    updated_at: int


def referred(
    fees: FeeParameters, volatility: Volatility, active_id: int, now: int
) -> tuple[int, int]:
    """The volatility reference and the bin it is counted from, for a swap made now.

    Raises:
        SwapRefused: the program computes the decay in 32 bits, and they do not hold it.
    """
    elapsed = now - volatility.updated_at
    if elapsed < fees.filter_period:
        return volatility.reference, volatility.index_reference
    if elapsed >= fees.decay_period:
        return 0, active_id
    decayed = volatility.accumulator * fees.reduction_factor
    if decayed > _U32_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return decayed // BPS_DENOMINATOR, active_id


def accumulated(fees: FeeParameters, reference: int, index_reference: int, bin_id: int) -> int:
    """The volatility when a swap trades in this bin."""
    moved = abs(index_reference - bin_id) * BPS_DENOMINATOR
    return min(reference + moved, fees.max_volatility)


def rate(fees: FeeParameters, bin_step: int, volatility: int) -> int:
    """The whole fee rate at this volatility.

    Raises:
        SwapRefused: 128 bits do not hold it.
    """
    total: int = fees.base_factor * bin_step * 10 * 10**fees.base_fee_power
    if fees.variable_fee_control:
        variable = fees.variable_fee_control * (volatility * bin_step) ** 2
        total += ceil_div(variable, VARIABLE_DENOMINATOR)
    if total > U128_MAX:
        raise SwapRefused(MATH_OVERFLOW)
    return min(total, RATE_MAX)


def of_gross(amount: int, fee_rate: int) -> int:
    """The fee contained in an amount; rounded up."""
    return ceil_div(amount * fee_rate, FEE_DENOMINATOR)


def on_net(amount: int, fee_rate: int) -> int:
    """The fee to add to an amount so that it remains; rounded up."""
    return ceil_div(amount * fee_rate, FEE_DENOMINATOR - fee_rate)


class Shares(NamedTuple):
    """A bin's fee as the liquidity providers', the order makers' and the protocol's share; and the
    host's, which is taken from the protocol's where there is a host.
    """

    providers: int
    orders: int
    protocol: int
    host: int


def split(fee: int, protocol_share: int, pooled_in: int, whole_in: int) -> Shares:
    """Who gets what of a bin's fee.

    Args:
        pooled_in, whole_in: what the pooled liquidity took of the input, and what the bin took.
    """
    if fee == 0 or whole_in == 0:
        return Shares(0, 0, 0, 0)
    pooled = ceil_div(fee * pooled_in, whole_in)
    ordered = fee - pooled
    orders = ordered * ORDER_SHARE_BPS // BPS_DENOMINATOR
    protocol = pooled * protocol_share // BPS_DENOMINATOR
    # The host's part of what orders earn is reckoned at the protocol's share of other fees.
    hosted = (protocol, ordered * protocol_share // BPS_DENOMINATOR)
    host = sum(part * HOST_SHARE_BPS // BPS_DENOMINATOR for part in hosted)
    return Shares(pooled - protocol, orders, protocol + ordered - orders, host)
