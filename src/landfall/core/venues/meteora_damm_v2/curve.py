"""Meteora DAMM v2: what a swap moves, integer for integer.

The fee is taken from the output, or from the input where a pool collects only token B and B is what
comes in. Its rate is for `fees` to say, and what the amounts without it exchange for, for
`liquidity`. Every rounding is against the trader.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/{state/pool,instructions/swap/*}.rs.
"""

from math import isqrt
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
from landfall.core.token import TransferFeeConfig
from landfall.core.values import U64_MAX, ChainClock, Pubkey, SwapMode, ceil_div
from landfall.core.venue import gives_first
from landfall.core.venues.meteora_damm_v2 import faults, layout
from landfall.core.venues.meteora_damm_v2.fees import current_point, fee_numerator, split_fee
from landfall.core.venues.meteora_damm_v2.layout import Pool
from landfall.core.venues.meteora_damm_v2.liquidity import (
    amounts_before,
    exchange_in,
    exchange_out,
    price_ratio,
)

QUOTER = Quoter(venue="meteora_damm_v2", dex="meteora", sentences=faults.SENTENCES)

EARLY_ACCESS = (9_000, 3_600)
"""How long before activation the whitelisted vault may trade: slots, or seconds."""


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `vault_out` is what leaves the vault
    for the trader, before a transfer fee. `net_in` and `gross_out` are what the curve exchanged.
    The four fees add up to the whole; `claiming_fee` and `compounding_fee` are the liquidity
    providers'. `amounts`, `sqrt_price` and the volatility are the pool's afterwards.
    """

    a_to_b: bool
    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    claiming_fee: int
    compounding_fee: int
    protocol_fee: int
    referral_fee: int
    fee_on_input: bool
    fee_on_a: bool
    amounts: tuple[int, int]
    sqrt_price: int
    volatility: Volatility | None

    @property
    def fee(self) -> int:
        """All that the pool keeps, in the fee's mint."""
        return self.claiming_fee + self.compounding_fee + self.protocol_fee + self.referral_fee


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now, for a trader that is not whitelisted."""
    try:
        swapped = execute(pool, request, clock)
        if swapped.vault_out > pool.sides[swapped.a_to_b].balance:
            raise SwapRefused(INSUFFICIENT_FUNDS)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    a, b = price_ratio(pool)
    return QUOTER.quote(pool, request, swapped, (a, b) if swapped.a_to_b else (b, a))


def execute(
    pool: Pool,
    request: SwapRequest,
    clock: ChainClock,
    *,
    payer: Pubkey | None = None,
    has_referral: bool = False,
    is_partial_fill: bool = False,
) -> Swapped:
    """The program's swap but for the trader's bound, with its checks in its own order.

    Args:
        payer: who signs; only a whitelisted vault is treated differently.
        has_referral: a referral account takes its share of the protocol's fee.
        is_partial_fill: with an exact input, stop at the edge of the price range instead of
            refusing, and take no more than was used.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    a_to_b = gives_first(pool, request)
    check_open(pool, clock, payer)
    amounts = amounts_before(pool)
    if request.amount == 0:
        raise SwapRefused(faults.AMOUNT_IS_ZERO)
    on_input = pool.collect_fee_mode != layout.COLLECT_ON_OUTPUT and not a_to_b
    trade = _exact_in if request.mode is SwapMode.EXACT_IN else _exact_out
    exchanged = trade(pool, a_to_b, request.amount, clock, on_input, is_partial_fill)
    in_amount, out_amount, vault_out, net_in, gross_out, fee, sqrt_price = exchanged
    claiming, compounding, protocol, referral = split_fee(pool, fee, has_referral)
    if pool.liquidity == 0:
        raise SwapRefused(faults.MATH_OVERFLOW)
    a, b = _amounts_after(amounts, a_to_b, net_in, gross_out, compounding)
    if pool.collect_fee_mode == layout.COLLECT_COMPOUNDING:
        if a == 0:
            raise SwapRefused(faults.MATH_OVERFLOW)
        sqrt_price = isqrt((b << 128) // a)
    return Swapped(
        a_to_b,
        in_amount,
        out_amount,
        vault_out,
        net_in,
        gross_out,
        claiming,
        compounding,
        protocol,
        referral,
        on_input,
        pool.collect_fee_mode == layout.COLLECT_ON_OUTPUT and not a_to_b,
        (a, b),
        sqrt_price,
        volatility_after(
            pool.dynamic_fee,
            pool.sqrt_price,
            sqrt_price,
            clock.unix_timestamp,
            faults.FEE_FAULTS,
        ),
    )


def check_open(pool: Pool, clock: ChainClock, payer: Pubkey | None) -> None:
    """Refuse a pool that is switched off or not active yet; the whitelisted vault may come early.

    Raises:
        SwapRefused: the pool does not trade for this payer now.
    """
    start = pool.activation_point
    point = current_point(pool, clock)
    if payer is not None and payer == pool.whitelisted_vault:
        start = max(0, start - EARLY_ACCESS[pool.activation_type])
    if pool.status != 0 or point < start:
        raise SwapRefused(faults.POOL_DISABLED)


def _amounts_after(
    amounts: tuple[int, int], a_to_b: bool, net_in: int, gross_out: int, compounding: int
) -> tuple[int, int]:
    """The reserves as the program counts them; what compounds is always token B."""
    a, b = amounts
    a, b = (a + net_in, b - gross_out) if a_to_b else (a - gross_out, b + net_in)
    b += compounding
    if min(a, b) < 0 or max(a, b) > U64_MAX:
        raise SwapRefused(faults.MATH_OVERFLOW)
    return a, b


class _Exchanged(NamedTuple):
    """What either mode comes to; the amounts are those of `Swapped`, `fee` is the whole of it."""

    in_amount: int
    out_amount: int
    vault_out: int
    net_in: int
    gross_out: int
    fee: int
    sqrt_price: int


def _exact_in(
    pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, on_input: bool, partial: bool
) -> _Exchanged:
    side_in, side_out = pool.sides if a_to_b else pool.sides[::-1]
    taxed = amount - side_in.transfer_fee(amount, clock.epoch)
    if taxed <= 0:
        raise SwapRefused(faults.AMOUNT_IS_ZERO)
    numerator = fee_numerator(pool, a_to_b, taxed, clock, is_net=False)
    fee = ceil_div(taxed * numerator, FEE_DENOMINATOR) if on_input else 0
    offered = taxed - fee
    net_in, gross_out, sqrt_price = exchange_in(pool, a_to_b, offered, partial)
    if net_in < offered:
        taxed = net_in
        if on_input:
            numerator = fee_numerator(pool, a_to_b, net_in, clock, is_net=True)
            taxed = before_fee(net_in, numerator, faults.FEE_FAULTS)
            fee = taxed - net_in
    vault_out = gross_out
    if not on_input:
        fee = ceil_div(gross_out * numerator, FEE_DENOMINATOR)
        vault_out -= fee
    if partial:
        if taxed == 0:
            raise SwapRefused(faults.AMOUNT_IS_ZERO)
        amount = _with_transfer_fee(side_in.transfer_fees, taxed, clock.epoch)
    received = vault_out - side_out.transfer_fee(vault_out, clock.epoch)
    return _Exchanged(amount, received, vault_out, net_in, gross_out, fee, sqrt_price)


def _exact_out(
    pool: Pool, a_to_b: bool, amount: int, clock: ChainClock, on_input: bool, _partial: bool
) -> _Exchanged:
    side_in, side_out = pool.sides if a_to_b else pool.sides[::-1]
    vault_out = _with_transfer_fee(side_out.transfer_fees, amount, clock.epoch)
    gross_out, fee = vault_out, 0
    if not on_input:
        numerator = fee_numerator(pool, a_to_b, vault_out, clock, is_net=True)
        gross_out = before_fee(vault_out, numerator, faults.FEE_FAULTS)
        fee = gross_out - vault_out
    net_in, sqrt_price = exchange_out(pool, a_to_b, gross_out)
    taxed = net_in
    if on_input:
        numerator = fee_numerator(pool, a_to_b, net_in, clock, is_net=True)
        taxed = before_fee(net_in, numerator, faults.FEE_FAULTS)
        fee = taxed - net_in
    in_amount = _with_transfer_fee(side_in.transfer_fees, taxed, clock.epoch)
    return _Exchanged(in_amount, amount, vault_out, net_in, gross_out, fee, sqrt_price)


def _with_transfer_fee(config: TransferFeeConfig | None, received: int, epoch: int) -> int:
    """What to send so that `received` arrives; the program checks its own inverse."""
    if config is None or received == 0:
        return received
    fee = config.at(epoch)
    try:
        sent = received + fee.inverse(received)
    except OverflowError:
        raise SwapRefused(faults.MATH_OVERFLOW) from None
    if sent > U64_MAX:
        raise SwapRefused(faults.MATH_OVERFLOW)
    if sent - fee.of(sent) != received:
        raise SwapRefused(faults.FEE_INVERSE_INCORRECT)
    return sent
