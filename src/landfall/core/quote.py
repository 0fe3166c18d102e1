"""What a pool would do, and the route made of it.

Units: `in_amount` is what leaves the trader's token account and `out_amount` what reaches it,
transfer fees included, in base units of their own mints; fees are in base units of `fee_mint`.
Rounding: a bound is always rounded in the trader's favour.
"""

from dataclasses import dataclass
from itertools import groupby

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

PPB = 10**9
"""Distances between routes are told in parts per billion: a basis point is 100 000 of them."""


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
class Alternative:
    """A route that was found and not taken, and why.

    `pools` are those of its legs, hop by hop; none where its bound was enough to turn it down, and
    the amounts are the bound. `behind_ppb` is how much worse than the chosen route it is, net of
    costs, in parts per billion of the chosen one, or how much at least; negative if it would have
    been better, had the transaction held it.
    """

    pools: tuple[tuple[Pubkey, ...], ...]
    mints: tuple[Pubkey, ...]
    in_amount: BaseUnits
    out_amount: BaseUnits
    behind_ppb: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Legs in the order in which they execute, and what they come to.

    A route goes one way or several at once: directly, or through a mint between. The legs of a
    direct way are in the order's own mode. Of a way in two hops, the legs into the mint between are
    exact out, those out of it exact in, and both sum to the same amount of it, fixed beforehand; so
    the account between ends as it began, and no program has to tell the second hop what the first
    one paid. Exact in, a route with such a way may take a little less than the order's amount,
    never more; exact out, it may pay a little more, never less. What is not taken stays with the
    trader.

    `context_slot` is the oldest state any leg was priced on. `upper_bound_out` is what no route of
    the kinds considered could exceed for the input that is taken (exact in), `lower_bound_in` what
    none could undercut for the order's output (exact out); both are before costs, None where
    unknown or of the other mode. `best_single` is the best that one pool could do, None where none
    trades the pair.
    """

    legs: tuple[Leg, ...]
    in_amount: BaseUnits
    out_amount: BaseUnits
    context_slot: Slot
    upper_bound_out: BaseUnits | None = None
    lower_bound_in: BaseUnits | None = None
    best_single: Quote | None = None
    alternatives: tuple[Alternative, ...] = ()

    @property
    def hops(self) -> tuple[tuple[Leg, ...], ...]:
        """The legs by the pair they trade: more than one leg in a hop is a split."""
        return tuple(tuple(legs) for _, legs in groupby(self.legs, key=_traded))

    @property
    def ways(self) -> tuple[tuple[tuple[Leg, ...], ...], ...]:
        """The hops of each way from the input mint to the output mint."""
        spent, found = self.mints[0], list[tuple[tuple[Leg, ...], ...]]()
        for hop in self.hops:
            if hop[0].quote.request.in_mint == spent:
                found.append((hop,))
            else:
                found[-1] = (*found[-1], hop)
        return tuple(found)

    @property
    def mints(self) -> tuple[Pubkey, ...]:
        """The input mint, every mint between, and the output mint."""
        asked = [leg.quote.request for leg in self.legs]
        spent = dict.fromkeys(request.in_mint for request in asked)
        return (*spent, asked[-1].out_mint)

    @property
    def most_in(self) -> BaseUnits:
        """The most of the input mint that the legs could take on chain."""
        spent = self.mints[0]
        return BaseUnits(
            sum(
                leg.quote.in_amount
                if leg.quote.request.mode is SwapMode.EXACT_IN
                else leg.threshold
                for leg in self.legs
                if leg.quote.request.in_mint == spent
            )
        )

    @property
    def least_out(self) -> BaseUnits:
        """The least of the output mint that the legs could pay on chain."""
        bought = self.mints[-1]
        return BaseUnits(
            sum(
                leg.threshold
                if leg.quote.request.mode is SwapMode.EXACT_IN
                else leg.quote.out_amount
                for leg in self.legs
                if leg.quote.request.out_mint == bought
            )
        )

    @property
    def gap_ppb(self) -> int | None:
        """How far from its bound the route is at most, in parts per billion, rounded up."""
        if self.upper_bound_out is not None:
            return _ppb(self.upper_bound_out - self.out_amount, self.upper_bound_out)
        if self.lower_bound_in is not None:
            return _ppb(self.in_amount - self.lower_bound_in, self.in_amount)
        return None

    @property
    def price_impact_bps(self) -> BasisPoints:
        """How much worse the whole is than the pools' prices before it, fees aside; rounded up.

        Several ways, and the legs of a split, weigh as much as their inputs; hops compound.
        """
        before = after = 0
        for way in self.ways:
            kept = BPS_DENOMINATOR
            for hop in way:
                taken = sum(leg.quote.in_amount for leg in hop)
                lost = sum(leg.quote.in_amount * leg.quote.price_impact_bps for leg in hop)
                kept = kept * (taken * BPS_DENOMINATOR - lost) // (taken * BPS_DENOMINATOR)
            spent = sum(leg.quote.in_amount for leg in way[0])
            before, after = before + spent, after + spent * kept
        return BasisPoints(BPS_DENOMINATOR - after // before)


def _traded(leg: Leg) -> tuple[Pubkey, Pubkey]:
    return leg.quote.request.in_mint, leg.quote.request.out_mint


def _ppb(part: int, whole: int) -> int:
    return max(0, ceil_div(part * PPB, whole))


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
