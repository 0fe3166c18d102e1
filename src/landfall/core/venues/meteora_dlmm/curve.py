"""Meteora DLMM: what a swap moves, integer for integer.

A swap walks bin by bin from the active one, downwards for X to Y, upwards for Y to X, through the
arrays that the bitmap says hold liquidity. The fee is taken bin by bin, at a rate that grows as it
goes; from the input, or from the output where a pair collects only Y and Y is what comes out.

Units: amounts in base units; prices are token Y per token X in Q64.64.
Source: MeteoraAg/dlmm-sdk fb02e51, commons/src/quote.rs; where the program itself rounds or refuses
otherwise, the program.
"""

from collections.abc import Iterator
from typing import NamedTuple

from landfall.core.anchor import ACCOUNT_NOT_ENOUGH_KEYS, INSUFFICIENT_FUNDS, SwapRefused
from landfall.core.quote import Quote, Refused, SwapRequest
from landfall.core.quoter import Quoter
from landfall.core.token import TransferFeeConfig
from landfall.core.values import ChainClock, Pubkey, SwapMode
from landfall.core.venue import gives_first
from landfall.core.venues.meteora_dlmm import bins, faults, fees, layout
from landfall.core.venues.meteora_dlmm.arrays import BIN_ARRAY_BINS, BinArray
from landfall.core.venues.meteora_dlmm.bins import BinSwap, Terms
from landfall.core.venues.meteora_dlmm.faults import checked_u64
from landfall.core.venues.meteora_dlmm.layout import Pool

QUOTER = Quoter(venue="meteora_dlmm", dex="meteora", sentences=faults.SENTENCES)


class Swapped(NamedTuple):
    """Everything one swap changes.

    `in_amount` leaves the trader and `out_amount` reaches it; `vault_in` reaches the pool's vault
    and `vault_out` leaves it, with transfer fees in between. `active_id` and the volatility are the
    pair's afterwards; `bins` are those that traded, in order.
    """

    x_to_y: bool
    in_amount: int
    out_amount: int
    vault_in: int
    vault_out: int
    fee: int
    fee_on_input: bool
    active_id: int
    volatility: fees.Volatility
    bins: tuple[BinSwap, ...]

    @property
    def net_in(self) -> int:
        """What the bins took, fees aside."""
        return sum(sum(one.ins) for one in self.bins)

    @property
    def gross_out(self) -> int:
        """What the bins gave, fees aside."""
        return sum(sum(one.outs) for one in self.bins)


def quote(pool: Pool, request: SwapRequest, clock: ChainClock) -> Quote | Refused:
    """What the program would do with this swap now, for a trader without early access."""
    try:
        swapped = execute(pool, request, clock)
        price = bins.price_of(pool.active_id, pool.bin_step)
        if swapped.vault_out > pool.sides[swapped.x_to_y].balance:
            raise SwapRefused(INSUFFICIENT_FUNDS)
    except SwapRefused as refused:
        return QUOTER.refused(pool, refused.fault)
    ratio = (bins.ONE, price) if swapped.x_to_y else (price, bins.ONE)
    return QUOTER.quote(pool, request, swapped, ratio)


def execute(
    pool: Pool,
    request: SwapRequest,
    clock: ChainClock,
    *,
    payer: Pubkey | None = None,
    trail: list[BinSwap] | None = None,
) -> Swapped:
    """The program's swap but for the trader's bound.

    Args:
        payer: who signs; only the address with early access is treated differently.
        trail: where to note the bins that trade; it then has also those before a refusal.

    Raises:
        SwapRefused: the program would refuse, by the name it gives.
    """
    x_to_y = gives_first(pool, request)
    check_open(pool, clock, payer)
    is_exact_in = request.mode is SwapMode.EXACT_IN
    if request.amount == 0:
        raise SwapRefused(faults.INVALID_INPUT if is_exact_in else faults.INSUFFICIENT_OUT)
    side_in, side_out = pool.sides if x_to_y else pool.sides[::-1]
    if is_exact_in:
        left = request.amount - side_in.transfer_fee(request.amount, clock.epoch)
    else:
        left = _with_transfer_fee(side_out.transfer_fees, request.amount, clock.epoch)
    on_input = not (pool.collects_only_y and x_to_y)
    traded = [] if trail is None else trail
    active_id, volatility = _walk(pool, x_to_y, left, is_exact_in, on_input, clock, traded)
    vault_in = checked_u64(sum(one.taken for one in traded))
    vault_out = checked_u64(sum(one.paid for one in traded))
    if is_exact_in:
        in_amount = int(request.amount)
        out_amount = vault_out - side_out.transfer_fee(vault_out, clock.epoch)
    else:
        in_amount = _with_transfer_fee(side_in.transfer_fees, vault_in, clock.epoch)
        out_amount = int(request.amount)
    if out_amount == 0:
        raise SwapRefused(faults.INSUFFICIENT_OUT)
    return Swapped(
        x_to_y=x_to_y,
        in_amount=in_amount,
        out_amount=out_amount,
        vault_in=vault_in,
        vault_out=vault_out,
        fee=sum(one.fee for one in traded),
        fee_on_input=on_input,
        active_id=active_id,
        volatility=volatility,
        bins=tuple(traded),
    )


def check_open(pool: Pool, clock: ChainClock, payer: Pubkey | None) -> None:
    """Refuse a pair that is switched off or not active yet; one address may come early.

    Raises:
        SwapRefused: the pair does not trade for this payer now.
    """
    is_open = pool.status == layout.STATUS_ENABLED
    if is_open and pool.pair_type in layout.PAIR_TYPES_WITH_ACTIVATION:
        start = pool.activation_point
        if payer is not None and payer == pool.early_access:
            start = max(0, start - pool.early_access_duration)
        is_by_slot = pool.activation_type == layout.ACTIVATION_BY_SLOT
        is_open = (clock.slot if is_by_slot else clock.unix_timestamp) >= start
    if not is_open:
        raise SwapRefused(faults.POOL_DISABLED)


def _walk(
    pool: Pool,
    x_to_y: bool,
    left: int,
    is_exact_in: bool,
    on_input: bool,
    clock: ChainClock,
    traded: list[BinSwap],
) -> tuple[int, fees.Volatility]:
    """The active bin and the volatility after the swap; every bin that trades joins `traded`."""
    parameters, step = pool.fees, pool.bin_step
    now = clock.unix_timestamp
    reference, origin = fees.referred(parameters, pool.volatility, pool.active_id, now)
    accumulator = pool.volatility.accumulator
    bin_id = pool.active_id
    trade = bins.swap_in if is_exact_in else bins.swap_out
    for bin_id, raw in _bins_ahead(pool, x_to_y) if left else ():
        available = bins.layers(raw, x_to_y, pool.fills_orders)
        if not any(available):
            continue
        accumulator = fees.accumulated(parameters, reference, origin, bin_id)
        rate = fees.rate(parameters, step, accumulator)
        price = bins.BIN_PRICE.read(raw) or bins.price_of(bin_id, step)
        swapped = trade(bin_id, available, left, Terms(price, x_to_y, rate, on_input))
        traded.append(swapped)
        left -= swapped.taken if is_exact_in else swapped.paid
        if left == 0:
            break
    after = fees.Volatility(
        accumulator=accumulator, reference=reference, index_reference=origin, updated_at=now
    )
    return bin_id, after


def _bins_ahead(pool: Pool, x_to_y: bool) -> Iterator[tuple[int, bytes]]:
    """The bins of the arrays with liquidity, from the active one on.

    Raises:
        SwapRefused: there is nothing further that the swap could reach.
    """
    path = pool.below if x_to_y else pool.above
    bin_id = pool.active_id
    for array in path.arrays:
        bin_id = _entered(array, bin_id, x_to_y)
        first = array.index * BIN_ARRAY_BINS
        stop = first - 1 if x_to_y else first + BIN_ARRAY_BINS
        while bin_id != stop:
            yield bin_id, array.bin(bin_id - first)
            bin_id += -1 if x_to_y else 1
            if not pool.min_bin <= bin_id <= pool.max_bin:
                raise SwapRefused(faults.INSUFFICIENT_LIQUIDITY)
    if not path.is_whole:
        raise SwapRefused(ACCOUNT_NOT_ENOUGH_KEYS)
    raise SwapRefused(
        faults.NO_FURTHER_ARRAY if pool.extension is not None else faults.EXTENSION_NOT_PROVIDED
    )


def _entered(array: BinArray, bin_id: int, x_to_y: bool) -> int:
    """Where a swap that stands at `bin_id` starts in this array: there, or at the near edge."""
    first = array.index * BIN_ARRAY_BINS
    if first <= bin_id < first + BIN_ARRAY_BINS:
        return bin_id
    return first + BIN_ARRAY_BINS - 1 if x_to_y else first


def _with_transfer_fee(config: TransferFeeConfig | None, received: int, epoch: int) -> int:
    """What to send so that `received` arrives."""
    if config is None or received == 0:
        return received
    try:
        return checked_u64(received + config.at(epoch).inverse(received))
    except OverflowError:
        raise SwapRefused(faults.MATH_OVERFLOW) from None
