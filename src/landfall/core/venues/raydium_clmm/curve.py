"""Raydium CLMM: concentrated liquidity with limit orders, integer for integer.

The walk through the ticks is in `walk`; here are the program's checks before and after it, in its
own order, and the transfer fees of the tokens.

Units: amounts in base units of their own mints; rates in parts per million; sqrt prices Q64.64.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/{swap,swap_v2}.rs,
util/token.rs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from landfall.core.anchor import PANIC, REQUIRE_GT_VIOLATED, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, ChainClock, SwapMode
from landfall.core.vault import PoolSide
from landfall.core.venue import gives_first
from landfall.core.venues.raydium_clmm import faults
from landfall.core.venues.raydium_clmm.faults import checked_u64
from landfall.core.venues.raydium_clmm.layout import STATUS_SWAP_DISABLED, Pool
from landfall.core.venues.raydium_clmm.price_step import Traded
from landfall.core.venues.raydium_clmm.tick_array import TickArray
from landfall.core.venues.raydium_clmm.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE
from landfall.core.venues.raydium_clmm.walk import Walk, walk

QUOTER = Quoter(venue="raydium_clmm", dex="raydium", sentences=faults.SENTENCES)
NO_LIMIT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an instruction asks for, the trader's bound aside.

    `price_limit` is where to stop short, `NO_LIMIT` for all or nothing.
    """

    zero_for_one: bool
    exact_in: bool
    amount: int
    price_limit: int
    arrays: Sequence[TickArray]


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `vault_out` is what leaves the vault,
    before a transfer fee. `net_in` and `gross_out` are what was exchanged, all fees aside.
    """

    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    walk: Walk

    @property
    def fee(self) -> int:
        """All that the pool keeps, in the fee's mint."""
        return self.walk.fee

    @property
    def fee_on_input(self) -> bool:
        """Whether the fee is of the input mint."""
        return self.walk.direction.fee_on_input


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now."""
    zero_for_one = gives_first(pool, request)
    terms = Terms(
        zero_for_one=zero_for_one,
        exact_in=request.mode is SwapMode.EXACT_IN,
        amount=request.amount,
        price_limit=NO_LIMIT,
        arrays=pool.below if zero_for_one else pool.above,
    )
    try:
        swapped = execute(pool, terms, clock)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    square = pool.sqrt_price * pool.sqrt_price
    ratio = (1 << 128, square) if zero_for_one else (square, 1 << 128)
    return QUOTER.quote(pool, request, swapped, ratio)


def execute(
    pool: Pool, terms: Terms, clock: ChainClock, trail: list[Traded] | None = None
) -> Swapped:
    """The program's swap but for the trader's bound, with its checks in its own order.

    Args:
        trail: where to note the way; it then has also what came before a refusal.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    side_in, side_out = pool.sides if terms.zero_for_one else pool.sides[::-1]
    epoch = clock.epoch
    if terms.exact_in:
        asked = terms.amount - side_in.transfer_fee(terms.amount, epoch)
    else:
        asked = terms.amount + _inverse_transfer_fee(side_out, terms.amount, epoch)
        if asked > U64_MAX:
            raise SwapRefused(PANIC)
    walked = _walked(pool, terms, asked, clock, trail)
    used = asked - walked.remaining
    net, vault_out = (used, walked.calculated) if terms.exact_in else (walked.calculated, used)
    if net == 0 or vault_out == 0:
        raise SwapRefused(faults.TOO_SMALL)
    if terms.exact_in and net == asked:
        in_amount = terms.amount
    else:
        in_amount = checked_u64(net + _inverse_transfer_fee(side_in, net, epoch))
    if vault_out > side_out.balance:
        raise SwapRefused(faults.VAULT_EMPTY)
    if terms.price_limit == NO_LIMIT:
        filled = in_amount == terms.amount if terms.exact_in else vault_out == asked
        if not filled:
            raise SwapRefused(faults.PARTIAL_FILL)
    on_input = walked.direction.fee_on_input
    return Swapped(
        in_amount=in_amount,
        out_amount=vault_out - side_out.transfer_fee(vault_out, epoch),
        vault_out=vault_out,
        net_in=net - walked.fee if on_input else net,
        gross_out=vault_out if on_input else vault_out + walked.fee,
        walk=walked,
    )


def _walked(
    pool: Pool, terms: Terms, asked: int, clock: ChainClock, trail: list[Traded] | None
) -> Walk:
    if clock.unix_timestamp <= pool.open_time:
        raise SwapRefused(REQUIRE_GT_VIOLATED)
    if asked == 0:
        raise SwapRefused(faults.ZERO_AMOUNT)
    if pool.status & STATUS_SWAP_DISABLED:
        raise SwapRefused(faults.NOT_APPROVED)
    limit = terms.price_limit
    if limit == NO_LIMIT:
        limit = MIN_SQRT_PRICE + 1 if terms.zero_for_one else MAX_SQRT_PRICE - 1
    if terms.zero_for_one:
        ahead = MIN_SQRT_PRICE < limit < pool.sqrt_price
    else:
        ahead = pool.sqrt_price < limit < MAX_SQRT_PRICE
    if not ahead:
        raise SwapRefused(faults.PRICE_LIMIT_OVERFLOW)
    return walk(
        pool,
        terms.arrays,
        zero_for_one=terms.zero_for_one,
        exact_in=terms.exact_in,
        amount=asked,
        price_limit=limit,
        now=clock.unix_timestamp,
        trail=trail,
    )


def _inverse_transfer_fee(side: PoolSide, received: int, epoch: int) -> int:
    """The transfer fee to add so that `received` arrives, as the program finds it."""
    if side.transfer_fees is None:
        return 0
    schedule = side.transfer_fees.at(epoch)
    try:
        fee = schedule.inverse(received)
    except OverflowError:
        raise SwapRefused(faults.CALCULATE_OVERFLOW) from None
    if schedule.basis_points == BPS_DENOMINATOR:
        return fee
    if schedule.of(checked_u64(received + fee)) != fee:
        raise SwapRefused(faults.TRANSFER_FEE_MISMATCH)
    return fee
