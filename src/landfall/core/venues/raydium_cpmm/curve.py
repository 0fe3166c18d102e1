"""Raydium CPMM: constant product with a trade fee and a creator fee, integer for integer.

The trade fee is always taken from the input. The creator fee is taken from the input or from the
output, as the pool's mode and the direction say. The curve itself rounds the output down and the
input up; every fee rounds up, against the trader, and its shares round down.

Units: amounts in base units of their own mints; rates in parts per million.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/curve/{calculator,fees,
constant_product}.rs, instructions/swap_base_{input,output}.rs, utils/token.rs. The release of
2025-08 rounded trade and creator fee up one by one on the input, which could cost the trader one
or two units more; it is not modelled.
"""

from typing import NamedTuple

from landfall.core.anchor import PANIC, REQUIRE_GT_VIOLATED, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.token import TransferFeeConfig
from landfall.core.values import BPS_DENOMINATOR, ChainClock, SwapMode, ceil_div
from landfall.core.venue import gives_first
from landfall.core.venues.raydium_cpmm import faults, layout
from landfall.core.venues.raydium_cpmm.faults import checked_u64
from landfall.core.venues.raydium_cpmm.layout import (
    RATE_DENOMINATOR,
    STATUS_SWAP_DISABLED,
    Pool,
)

QUOTER = Quoter(venue="raydium_cpmm", dex="raydium", sentences=faults.SENTENCES)


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `vault_out` is what leaves the vault,
    before a transfer fee. `net_in` and `gross_out` are what the curve exchanged. `protocol_fee` and
    `fund_fee` are parts of `trade_fee`.
    """

    zero_for_one: bool
    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    trade_fee: int
    protocol_fee: int
    fund_fee: int
    creator_fee: int
    creator_fee_on_input: bool

    @property
    def fee(self) -> int:
        """All that the pool keeps, in the input mint.

        A creator fee taken from the output is restated at the price of this swap, rounded up, so
        that the whole is one amount of one mint.
        """
        if self.creator_fee and not self.creator_fee_on_input:
            return self.trade_fee + ceil_div(self.creator_fee * self.net_in, self.gross_out)
        return self.trade_fee + self.creator_fee

    @property
    def fee_on_input(self) -> bool:
        """The fee is of the input mint, always."""
        return True


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now."""
    try:
        swapped = execute(pool, request, clock)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    reserves = pool.reserves if swapped.zero_for_one else pool.reserves[::-1]
    return QUOTER.quote(pool, request, swapped, reserves)


def execute(pool: Pool, request: SwapRequest, clock: ChainClock) -> Swapped:
    """The program's swap but for the trader's bound, with its checks in its own order.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    zero_for_one = gives_first(pool, request)
    if request.mode is SwapMode.EXACT_IN:
        return _exact_in(pool, zero_for_one, request.amount, clock)
    return _exact_out(pool, zero_for_one, request.amount, clock)


def _exact_in(pool: Pool, zero_for_one: bool, amount: int, clock: ChainClock) -> Swapped:
    _check_open(pool, clock)
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    taxed = amount - side_in.transfer_fee(amount, clock.epoch)
    if taxed <= 0:
        raise SwapRefused(REQUIRE_GT_VIOLATED)
    x, y = _reserves(pool, zero_for_one)
    on_input = creator_fee_is_on_input(pool, zero_for_one)
    if on_input:
        rate = pool.trade_rate + pool.creator_rate
        total_fee = ceil_div(taxed * rate, RATE_DENOMINATOR)
        creator_fee = _creator_share(pool, total_fee)
        trade_fee = total_fee - creator_fee
        net_in = _left(taxed, total_fee)
        gross_out = vault_out = net_in * y // (x + net_in)
    else:
        trade_fee = ceil_div(taxed * pool.trade_rate, RATE_DENOMINATOR)
        net_in = _left(taxed, trade_fee)
        gross_out = net_in * y // (x + net_in)
        creator_fee = ceil_div(gross_out * pool.creator_rate, RATE_DENOMINATOR)
        vault_out = _left(gross_out, creator_fee)
    received = vault_out - side_out.transfer_fee(vault_out, clock.epoch)
    if received <= 0:
        raise SwapRefused(REQUIRE_GT_VIOLATED)
    return Swapped(
        zero_for_one,
        amount,
        received,
        vault_out,
        net_in,
        gross_out,
        trade_fee,
        trade_fee * pool.protocol_rate // RATE_DENOMINATOR,
        trade_fee * pool.fund_rate // RATE_DENOMINATOR,
        creator_fee,
        on_input,
    )


def _exact_out(pool: Pool, zero_for_one: bool, amount: int, clock: ChainClock) -> Swapped:
    if amount == 0:
        raise SwapRefused(REQUIRE_GT_VIOLATED)
    _check_open(pool, clock)
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    vault_out = checked_u64(amount + _inverse_fee(side_out.transfer_fees, amount, clock.epoch))
    x, y = _reserves(pool, zero_for_one)
    on_input = creator_fee_is_on_input(pool, zero_for_one)
    gross_out = vault_out if on_input else _before_fee(vault_out, pool.creator_rate)
    if gross_out >= y:
        raise SwapRefused(PANIC)
    net_in = ceil_div(x * gross_out, y - gross_out)
    if on_input:
        taxed = _before_fee(net_in, pool.trade_rate + pool.creator_rate)
        creator_fee = _creator_share(pool, taxed - net_in)
        trade_fee = taxed - net_in - creator_fee
    else:
        taxed = _before_fee(net_in, pool.trade_rate)
        creator_fee = gross_out - vault_out
        trade_fee = taxed - net_in
    checked_u64(taxed)
    in_amount = checked_u64(taxed + _inverse_fee(side_in.transfer_fees, taxed, clock.epoch))
    return Swapped(
        zero_for_one,
        in_amount,
        amount,
        vault_out,
        net_in,
        gross_out,
        trade_fee,
        trade_fee * pool.protocol_rate // RATE_DENOMINATOR,
        trade_fee * pool.fund_rate // RATE_DENOMINATOR,
        creator_fee,
        on_input,
    )


def _check_open(pool: Pool, clock: ChainClock) -> None:
    if pool.status & STATUS_SWAP_DISABLED or clock.unix_timestamp < pool.open_time:
        raise SwapRefused(faults.NOT_APPROVED)


def _reserves(pool: Pool, zero_for_one: bool) -> tuple[int, int]:
    """Input and output reserve; both positive, for the program divides one by the other first."""
    x, y = pool.reserves if zero_for_one else pool.reserves[::-1]
    if x < 0 or y < 0:
        raise SwapRefused(faults.INSUFFICIENT_VAULT)
    if x == 0 or y == 0:
        raise SwapRefused(PANIC)
    return x, y


def creator_fee_is_on_input(pool: Pool, zero_for_one: bool) -> bool:
    """Whether a swap in this direction pays its creator fee in the token it gives."""
    match pool.creator_fee_on:
        case layout.CREATOR_FEE_ON_INPUT:
            return True
        case layout.CREATOR_FEE_ON_TOKEN_0:
            return zero_for_one
        case layout.CREATOR_FEE_ON_TOKEN_1:
            return not zero_for_one
        case _:
            raise SwapRefused(faults.INVALID_FEE_MODEL)


def _creator_share(pool: Pool, total_fee: int) -> int:
    """The creator's part of a fee charged for both at once, rounded down."""
    rate = pool.trade_rate + pool.creator_rate
    if rate == 0:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    return total_fee * pool.creator_rate // rate


def _left(amount: int, fee: int) -> int:
    if fee > amount:
        raise SwapRefused(faults.ZERO_TRADING_TOKENS)
    return amount - fee


def _before_fee(amount: int, rate: int) -> int:
    """The amount of which `amount` is left after a fee of `rate`, rounded up."""
    if rate >= RATE_DENOMINATOR:
        raise SwapRefused(PANIC)
    return ceil_div(amount * RATE_DENOMINATOR, RATE_DENOMINATOR - rate)


def _inverse_fee(config: TransferFeeConfig | None, received: int, epoch: int) -> int:
    """What to add to `received`; the program checks it, except at 100 %, where it cannot."""
    if config is None:
        return 0
    fee = config.at(epoch)
    try:
        added = fee.inverse(received)
    except OverflowError:
        raise SwapRefused(PANIC) from None
    if fee.basis_points == BPS_DENOMINATOR:
        return added
    if fee.of(checked_u64(received + added)) != added:
        raise SwapRefused(faults.TRANSFER_FEE_MISMATCH)
    return added
