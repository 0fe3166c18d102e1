"""Meteora DLMM: one bin, where everything trades at one price.

A bin pays out of three layers, in this order: pooled liquidity, what is left of limit orders being
filled, and limit orders not begun. Orders trade in one direction only, and in pairs that know them.

Units: amounts in base units; prices are token Y per token X in Q64.64.
Rounding: what a layer takes is rounded up and what it pays down, against the trader.
Source: MeteoraAg/dlmm-sdk fb02e51, commons/src/{quote,extensions/bin,math/price_math}.rs.
"""

from typing import NamedTuple

from landfall.core.account_fields import u8, u32, u64, u128
from landfall.core.anchor import SwapRefused
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, U128_MAX, ceil_div
from landfall.core.venues.meteora_dlmm.faults import (
    MATH_OVERFLOW,
    UNDETERMINED_ERROR,
    checked_u64,
)
from landfall.core.venues.meteora_dlmm.fees import of_gross, on_net

BIN_BYTES = 144
BIN_AMOUNTS = (u64(0), u64(8))
BIN_PRICE = u128(16)
BIN_LIQUIDITY = u128(32)
BIN_FULFILLED = (u64(48), u64(56))
BIN_ORDER_FEES = (u64(64), u64(72))
BIN_FEES_PER_LIQUIDITY = (u128(80), u128(96))
BIN_OPEN_ORDERS = u64(112)
BIN_PROCESSING_ORDERS = u64(120)
BIN_PROCESSED_REMAINING = u64(128)
BIN_ORDER_AGE = u32(136)
BIN_ASK_SIDE = u8(140)

ONE = 1 << 64
EXPONENT_BITS = 19

Layers = tuple[int, int, int]


class Terms(NamedTuple):
    """On what terms a bin trades: its price, the direction, the fee and where it is taken."""

    price: int
    x_to_y: bool
    fee_rate: int
    fee_on_input: bool


class BinSwap(NamedTuple):
    """What one bin did: `taken` from the trader and `paid` to it, fees aside by layer in `ins` and
    `outs`; `fee` is in the fee's mint. `excess` is what rounding left the pool of an exact output.
    """

    bin_id: int
    terms: Terms
    taken: int
    paid: int
    fee: int
    ins: Layers
    outs: Layers
    excess: int = 0


def layers(raw: bytes, x_to_y: bool, fills_orders: bool) -> Layers:
    """What the bin pays out in this direction, by layer."""
    pooled = BIN_AMOUNTS[x_to_y].read(raw)
    if not fills_orders or (BIN_ASK_SIDE.read(raw) != 0) == x_to_y:
        return pooled, 0, 0
    return pooled, BIN_PROCESSED_REMAINING.read(raw), BIN_OPEN_ORDERS.read(raw)


def price_of(bin_id: int, bin_step: int) -> int:
    """The price of a bin that does not have its price written down yet.

    Raises:
        SwapRefused: 64.64 bits do not hold it.
    """
    if bin_id == 0:
        return ONE
    factor = U128_MAX // (ONE + (bin_step << 64) // BPS_DENOMINATOR)
    result, exponent = ONE, abs(bin_id)
    if exponent >> EXPONENT_BITS:
        raise SwapRefused(MATH_OVERFLOW)
    while exponent:
        if exponent & 1:
            result = result * factor >> 64
        factor = factor * factor >> 64
        exponent >>= 1
    if result == 0:
        raise SwapRefused(MATH_OVERFLOW)
    return U128_MAX // result if bin_id > 0 else result


def cost(amount_out: int, price: int, x_to_y: bool) -> int:
    """The input that buys this output; rounded up."""
    if x_to_y:
        return checked_u64(ceil_div(amount_out << 64, price))
    return checked_u64(-(-amount_out * price >> 64))


def worth(amount_in: int, price: int, x_to_y: bool) -> int:
    """The output that this input buys; rounded down."""
    return checked_u64(amount_in * price >> 64 if x_to_y else (amount_in << 64) // price)


def swap_in(bin_id: int, available: Layers, offered: int, terms: Terms) -> BinSwap:
    """Swap as much of `offered` as the bin takes."""
    price, x_to_y, fee_rate, on_input = terms
    fee = of_gross(offered, fee_rate) if on_input else 0
    left = offered - fee
    ins, outs = [0, 0, 0], [0, 0, 0]
    for layer, most in enumerate(available):
        if most == 0 or left == 0:
            continue
        need = cost(most, price, x_to_y)
        if left >= need:
            ins[layer], outs[layer] = need, most
        else:
            ins[layer], outs[layer] = left, worth(left, price, x_to_y)
        left -= ins[layer]
    taken, out = offered, sum(outs)
    if left > 0:
        taken = sum(ins)
        if on_input:
            fee = on_net(taken, fee_rate)
            taken = checked_u64(taken + fee)
    if not on_input:
        fee = of_gross(out, fee_rate)
        out -= fee
    by_layer = (ins[0], ins[1], ins[2]), (outs[0], outs[1], outs[2])
    return BinSwap(bin_id, terms, taken, out, fee, *by_layer)


def swap_out(bin_id: int, available: Layers, wanted: int, terms: Terms) -> BinSwap:
    """Swap for `wanted`, or for all the bin has where that is no more.

    Raises:
        SwapRefused: rounding leaves the trader with less than it wanted.
    """
    price, x_to_y, fee_rate, on_input = terms
    gross = wanted if on_input else checked_u64(wanted + on_net(wanted, fee_rate))
    if gross >= sum(available):
        return swap_in(bin_id, available, U64_MAX, terms)
    need = cost(gross, price, x_to_y)
    if on_input:
        need = checked_u64(need + on_net(need, fee_rate))
    swapped = swap_in(bin_id, available, need, terms)
    if swapped.paid < wanted:
        raise SwapRefused(UNDETERMINED_ERROR)
    return swapped._replace(paid=wanted, excess=swapped.paid - wanted)
