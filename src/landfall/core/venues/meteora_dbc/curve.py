"""Meteora DBC: what a swap moves, integer for integer.

A buyer gives quote for base and walks up the curve, a seller walks down. The fee is taken from the
output, or from a buyer's input where a pool collects only quote. Once the reserves hold the quote
of the migration, the pool takes no further swap; the one that gets there may overshoot.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
{state/virtual_pool,instructions/swap/*}.rs.
"""

from typing import NamedTuple

from landfall.core.anchor import INSUFFICIENT_FUNDS, SwapRefused
from landfall.core.fee_schedules import (
    FEE_DENOMINATOR,
    Volatility,
    before_fee,
    volatility_after,
)
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.values import ChainClock, SwapMode, ceil_div
from landfall.core.venues.meteora_dbc import faults, layout, walk
from landfall.core.venues.meteora_dbc.fees import fee_numerator, split_fee
from landfall.core.venues.meteora_dbc.layout import Pool

QUOTER = Quoter(venue="meteora_dbc", dex="meteora", sentences=faults.SENTENCES)


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `net_in` and `gross_out` are what the
    curve exchanged. The three fees add up to the whole. `reserves`, `sqrt_price` and the
    volatility are the pool's afterwards; `completes` says that it is the pool's last swap.
    """

    is_buy: bool
    in_amount: int
    out_amount: int
    net_in: int
    gross_out: int
    trading_fee: int
    protocol_fee: int
    referral_fee: int
    fee_on_input: bool
    fee_on_base: bool
    reserves: tuple[int, int]
    sqrt_price: int
    volatility: Volatility | None
    completes: bool

    @property
    def fee(self) -> int:
        """All that the pool keeps, in the fee's mint."""
        return self.trading_fee + self.protocol_fee + self.referral_fee


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now.

    Pools are found by their base token alone, so one that sells it for another token is asked, too,
    and refuses.
    """
    try:
        if {request.in_mint, request.out_mint} != set(pool.mints):
            raise SwapRefused(faults.INVALID_QUOTE_MINT)
        swapped = execute(pool, request, clock)
        check_migration(pool, swapped)
        if swapped.out_amount > pool.sides[not swapped.is_buy].balance:
            raise SwapRefused(INSUFFICIENT_FUNDS)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    base, quoted = 1 << 128, pool.sqrt_price * pool.sqrt_price
    return QUOTER.quote(
        pool, request, swapped, (quoted, base) if swapped.is_buy else (base, quoted)
    )


def execute(
    pool: Pool,
    request: SwapRequest,
    clock: ChainClock,
    *,
    has_referral: bool = False,
    is_partial_fill: bool = False,
) -> Swapped:
    """The program's swap but for the trader's bound and the migration's needs.

    Args:
        has_referral: a referral account takes its share of the protocol's fee.
        is_partial_fill: with an exact input, stop at the end of the curve instead of refusing, and
            take no more than was used.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    is_buy = request.in_mint == pool.mints[1]
    if request.amount == 0:
        raise SwapRefused(faults.AMOUNT_IS_ZERO)
    if pool.reserves[1] >= pool.migration_quote:
        raise SwapRefused(faults.POOL_IS_COMPLETED)
    if pool.collect_fee_mode > layout.COLLECT_ON_OUTPUT:
        raise SwapRefused(faults.INVALID_COLLECT_FEE_MODE)
    on_input = pool.collect_fee_mode == layout.COLLECT_ONLY_QUOTE and is_buy
    if request.mode is SwapMode.EXACT_IN:
        exchanged = _exact_in(pool, is_buy, request.amount, clock, on_input, is_partial_fill)
    else:
        exchanged = _exact_out(pool, is_buy, request.amount, clock, on_input)
    in_amount, out_amount, net_in, gross_out, fee, sqrt_price = exchanged
    trading, protocol, referral = split_fee(fee, has_referral)
    base, quoted = pool.reserves
    base, quoted = (
        (base - gross_out, quoted + net_in) if is_buy else (base + net_in, quoted - gross_out)
    )
    reserves = faults.checked_u64(base), faults.checked_u64(quoted)
    moved = volatility_after(
        pool.dynamic_fee, pool.sqrt_price, sqrt_price, clock.unix_timestamp, faults.FEE_FAULTS
    )
    return Swapped(
        is_buy,
        in_amount,
        out_amount,
        net_in,
        gross_out,
        trading,
        protocol,
        referral,
        on_input,
        is_buy and not on_input,
        reserves,
        sqrt_price,
        moved,
        reserves[1] >= pool.migration_quote,
    )


def check_migration(pool: Pool, swapped: Swapped) -> None:
    """Refuse the last swap if the base vault is then short of what the migration needs.

    Raises:
        SwapRefused: it is.
    """
    if not swapped.completes:
        return
    held, owed = pool.sides[0].balance, pool.base_owed + pool.migration_base
    if swapped.is_buy:
        held -= swapped.out_amount
    else:
        held += swapped.in_amount
    if swapped.fee_on_base:
        held -= swapped.referral_fee
        owed += swapped.trading_fee + swapped.protocol_fee
    if held < owed:
        raise SwapRefused(faults.TOO_LITTLE_TO_MIGRATE)


class _Exchanged(NamedTuple):
    """What either mode comes to; the amounts are those of `Swapped`, `fee` is the whole of it."""

    in_amount: int
    out_amount: int
    net_in: int
    gross_out: int
    fee: int
    sqrt_price: int


def _exact_in(
    pool: Pool, is_buy: bool, amount: int, clock: ChainClock, on_input: bool, partial: bool
) -> _Exchanged:
    numerator = fee_numerator(pool, is_buy, amount, clock, is_net=False)
    fee = ceil_div(amount * numerator, FEE_DENOMINATOR) if on_input else 0
    offered = amount - fee
    walked = walk.buy_with(pool, offered) if is_buy else walk.sell(pool, offered)
    if walked.left:
        if not partial:
            raise SwapRefused(faults.INSUFFICIENT_LIQUIDITY)
        offered -= walked.left
        amount = offered
        if on_input:
            rate = fee_numerator(pool, is_buy, offered, clock, is_net=True)
            amount = before_fee(offered, rate, faults.FEE_FAULTS)
            fee = amount - offered
    if not on_input:
        fee = ceil_div(walked.amount * numerator, FEE_DENOMINATOR)
    paid = walked.amount if on_input else walked.amount - fee
    return _Exchanged(amount, paid, offered, walked.amount, fee, walked.sqrt_price)


def _exact_out(
    pool: Pool, is_buy: bool, amount: int, clock: ChainClock, on_input: bool
) -> _Exchanged:
    gross_out = amount
    if not on_input:
        rate = fee_numerator(pool, is_buy, amount, clock, is_net=True)
        gross_out = before_fee(amount, rate, faults.FEE_FAULTS)
    given = walk.buy_exactly if is_buy else walk.sell_for_exactly
    walked = given(pool, gross_out)
    if walked.sqrt_price > pool.migration_sqrt_price:
        raise SwapRefused(faults.INSUFFICIENT_LIQUIDITY)
    in_amount = walked.amount
    if on_input:
        rate = fee_numerator(pool, is_buy, walked.amount, clock, is_net=True)
        in_amount = before_fee(walked.amount, rate, faults.FEE_FAULTS)
    fee = gross_out - amount if not on_input else in_amount - walked.amount
    return _Exchanged(in_amount, amount, walked.amount, gross_out, fee, walked.sqrt_price)
