"""What a pool would do, and the route made of it.

Units: `in_amount` is what leaves the trader's token account and `out_amount` what reaches it,
transfer fees included, in base units of their own mints; fees are in base units of `fee_mint`.
Rounding: a bound is always rounded in the trader's favour.
"""

from dataclasses import dataclass

from landfall.core.values import (
    BPS_DENOMINATOR,
    U64_MAX,
    BaseUnits,
    BasisPoints,
    Pubkey,
    Slot,
    SwapMode,
    ceil_div,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapRequest:
    """One swap asked of one pool.

    `amount` is of the input mint (exact in) or of the output mint (exact out).
    """

    in_mint: Pubkey
    out_mint: Pubkey
    mode: SwapMode
    amount: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """One pool's answer, to the base unit, as of one slot.

    `fee_amount` is everything the pool keeps (trade, protocol, fund and creator fees), not transfer
    fees. `price_impact_bps` compares the price obtained, fees aside, with the pool's price before
    the swap; rounded up.
    """

    venue: str
    dex: str
    pool: Pubkey
    request: SwapRequest
    in_amount: BaseUnits
    out_amount: BaseUnits
    fee_amount: BaseUnits
    fee_mint: Pubkey
    price_impact_bps: BasisPoints
    context_slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The pool's program would refuse this swap. `error` is the name the program gives it."""

    venue: str
    dex: str
    pool: Pubkey
    error: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One swap of a route, with the bound its instruction enforces on chain.

    `threshold` is the minimum output (exact in) or the maximum input (exact out).
    """

    quote: Quote
    threshold: BaseUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Legs in order, and what they come to.

    `context_slot` is the oldest state any leg was priced on.
    """

    legs: tuple[Leg, ...]
    in_amount: BaseUnits
    out_amount: BaseUnits
    context_slot: Slot


def min_out_amount(out_amount: BaseUnits, slippage_bps: BasisPoints) -> BaseUnits:
    """The least output acceptable, rounded up: in the trader's favour, and never zero.

    >>> min_out_amount(BaseUnits(1001), BasisPoints(100))
    991
    """
    assert out_amount > 0
    return BaseUnits(ceil_div(out_amount * (BPS_DENOMINATOR - slippage_bps), BPS_DENOMINATOR))


def behind_bps(best: Quote, other: Quote) -> BasisPoints:
    """How much worse `other` is than `best`, of the best's amount, rounded up; 0: as good."""
    match best.request.mode:
        case SwapMode.EXACT_IN:
            worse, of = best.out_amount - other.out_amount, best.out_amount
        case SwapMode.EXACT_OUT:
            worse, of = other.in_amount - best.in_amount, best.in_amount
    return BasisPoints(ceil_div(worse * BPS_DENOMINATOR, of))


def max_in_amount(in_amount: BaseUnits, slippage_bps: BasisPoints) -> BaseUnits:
    """The most input acceptable, rounded down: in the trader's favour.

    >>> max_in_amount(BaseUnits(1001), BasisPoints(100))
    1011
    """
    assert in_amount > 0
    return BaseUnits(min(U64_MAX, in_amount * (BPS_DENOMINATOR + slippage_bps) // BPS_DENOMINATOR))


def price_impact_bps(net_in: int, gross_out: int, reserve_in: int, reserve_out: int) -> BasisPoints:
    """How much worse the price obtained is than the price before; rounded up, at most 10 000.

    Args:
        net_in, gross_out: what the curve exchanged, all fees aside.
        reserve_in, reserve_out: any two numbers in the ratio of the price before the swap; both
            positive.

    >>> price_impact_bps(100, 90, 1_000, 1_000)
    1000
    """
    fair = net_in * reserve_out
    short = fair - gross_out * reserve_in
    if short <= 0:
        return BasisPoints(0)
    return BasisPoints(ceil_div(short * BPS_DENOMINATOR, fair))
