"""Raydium AMM v4: constant product with one fee on the input, integer for integer.

The fee rounds up; the curve itself rounds the output down and the input up. The fee stays in the
reserves. A pool that waits for its opening opens with the first swap at or after that second.

Units: amounts in base units of their own mints.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/{math,processor}.rs. Builds before
2025-08 took no fee where it came to less than half a unit; that is not modelled.
"""

from dataclasses import dataclass
from typing import NamedTuple

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.values import U64_MAX, ChainClock, SwapMode, ceil_div
from landfall.core.venue import gives_first
from landfall.core.venues.raydium_amm import faults
from landfall.core.venues.raydium_amm.layout import (
    STATUS_MAX,
    STATUS_UNINITIALIZED,
    STATUS_WAITING_TRADE,
    STATUSES_THAT_SWAP,
    Pool,
)

QUOTER = Quoter(venue="raydium_amm", dex="raydium", sentences=faults.SENTENCES)


class Swapped(NamedTuple):
    """What one swap moves. `in_amount` is `net_in`, which the curve exchanged, and `fee`."""

    coin_to_pc: bool
    in_amount: int
    out_amount: int
    net_in: int
    fee: int

    @property
    def gross_out(self) -> int:
        """What the curve gave: all of it reaches the trader."""
        return self.out_amount

    @property
    def fee_on_input(self) -> bool:
        """The fee is of the input mint, always."""
        return True


@dataclass(frozen=True, slots=True)
class Terms:
    """What the program knows of the trader besides the swap, and tests between its own checks.

    `min_out` bounds exact in, `max_in` exact out.
    """

    balance: int = U64_MAX
    min_out: int = 0
    max_in: int = U64_MAX


ANY_TRADER = Terms()


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now."""
    try:
        swapped = execute(pool, request, clock)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    reserves = pool.reserves if swapped.coin_to_pc else pool.reserves[::-1]
    return QUOTER.quote(pool, request, swapped, reserves)


def execute(
    pool: Pool, request: SwapRequest, clock: ChainClock, terms: Terms = ANY_TRADER
) -> Swapped:
    """The program's swap, with its checks in its own order.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    coin_to_pc = gives_first(pool, request)
    check_open(pool, clock)
    x, y = pool.reserves if coin_to_pc else pool.reserves[::-1]
    if request.mode is SwapMode.EXACT_IN:
        net_in, out_amount = _exact_in(pool, request.amount, x, y, terms)
        return Swapped(coin_to_pc, request.amount, out_amount, net_in, request.amount - net_in)
    net_in, in_amount = _exact_out(pool, request.amount, x, y, terms)
    return Swapped(coin_to_pc, in_amount, request.amount, net_in, in_amount - net_in)


def check_open(pool: Pool, clock: ChainClock) -> None:
    """What the program tests before it looks at the swap: its status and what the vaults hold.

    Raises:
        SwapRefused: the pool takes no swaps now.
    """
    if pool.status == STATUS_UNINITIALIZED:
        raise SwapRefused(faults.INVALID_STATUS)
    if pool.status > STATUS_MAX:
        raise SwapRefused(PANIC)
    if pool.status not in STATUSES_THAT_SWAP:
        raise SwapRefused(faults.INVALID_STATUS)
    if pool.status == STATUS_WAITING_TRADE and clock.unix_timestamp < pool.open_time:
        raise SwapRefused(faults.INVALID_STATUS)
    if min(pool.reserves) < 0:
        raise SwapRefused(faults.CHECKED_SUB_OVERFLOW)


def _exact_in(pool: Pool, amount: int, x: int, y: int, terms: Terms) -> tuple[int, int]:
    """Input after the fee, and output."""
    if amount > terms.balance:
        raise SwapRefused(faults.INSUFFICIENT_FUNDS)
    if pool.fee_denominator == 0:
        raise SwapRefused(PANIC)
    net_in = amount - ceil_div(amount * pool.fee_numerator, pool.fee_denominator)
    if net_in < 0 or x + net_in == 0:
        raise SwapRefused(PANIC)
    out_amount = y * net_in // (x + net_in)
    if out_amount < terms.min_out:
        raise SwapRefused(faults.EXCEEDED_SLIPPAGE)
    if out_amount == 0:
        raise SwapRefused(faults.INVALID_INPUT)
    if out_amount >= y:
        raise SwapRefused(faults.INSUFFICIENT_FUNDS)
    return net_in, out_amount


def _exact_out(pool: Pool, amount: int, x: int, y: int, terms: Terms) -> tuple[int, int]:
    """Input before the fee is added, and with it."""
    if amount >= y or pool.fee_numerator >= pool.fee_denominator:
        raise SwapRefused(PANIC)
    net_in = ceil_div(x * amount, y - amount)
    in_amount = ceil_div(net_in * pool.fee_denominator, pool.fee_denominator - pool.fee_numerator)
    if in_amount > U64_MAX:
        raise SwapRefused(PANIC)
    if in_amount > terms.balance:
        raise SwapRefused(faults.INSUFFICIENT_FUNDS)
    if in_amount > terms.max_in:
        raise SwapRefused(faults.EXCEEDED_SLIPPAGE)
    if in_amount == 0 or amount == 0:
        raise SwapRefused(faults.INVALID_INPUT)
    return net_in, in_amount
