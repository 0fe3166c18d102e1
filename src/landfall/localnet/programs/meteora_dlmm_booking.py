"""Meteora DLMM, played: what a swap leaves in the pair and in the bins it traded in.

Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0), commons/src/quote.rs; the
bytes are those the program leaves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from landfall.core.values import U128_MAX, Pubkey
from landfall.core.venues.meteora_dlmm import bins, fees, layout
from landfall.core.venues.meteora_dlmm.arrays import BIN_ARRAY_BINS, BIN_ARRAY_BINS_AT
from landfall.core.venues.meteora_dlmm.bins import BIN_BYTES, BinSwap
from landfall.core.venues.meteora_dlmm.curve import Swapped
from landfall.core.venues.meteora_dlmm.layout import Pool


@dataclass(frozen=True, slots=True)
class BookedFees:
    """The protocol's part of the fee, and the host's, which is taken from it."""

    protocol: int
    host: int


def booked_fees(pool: Pool, swapped: Swapped, has_host: bool) -> BookedFees:
    """What protocol and host get of a swap; each bin's share is rounded by itself.

    What rounding leaves of an exact output goes to the protocol where the fee is taken from the
    output.
    """
    protocol = host = 0
    for one in swapped.bins:
        shares = _split(pool, one)
        of_host = shares.host if has_host else 0
        protocol += shares.protocol - of_host + (0 if swapped.fee_on_input else one.excess)
        host += of_host
    return BookedFees(protocol, host)


def pair_after(before: bytes, swapped: Swapped, booked: BookedFees) -> bytes:
    """The pair with this swap's price, volatility and protocol fee."""
    data = bytearray(before)
    after = swapped.volatility
    moved = swapped.active_id != layout.PAIR_ACTIVE_ID.read(before)
    layout.PAIR_ACTIVE_ID.write(data, swapped.active_id)
    layout.PAIR_VOLATILITY.write(data, after.accumulator)
    layout.PAIR_VOLATILITY_REFERENCE.write(data, after.reference)
    layout.PAIR_INDEX_REFERENCE.write(data, after.index_reference)
    if moved:
        layout.PAIR_UPDATED_AT.write(data, after.updated_at)
    layout.PAIR_PROTOCOL_FEES[not _fee_on_x(swapped)].add(data, booked.protocol)
    return bytes(data)


def arrays_after(pool: Pool, swapped: Swapped) -> Mapping[Pubkey, bytes]:
    """The bin arrays with this swap's amounts, fees and orders."""
    path = pool.below if swapped.x_to_y else pool.above
    after = {array.index: bytearray(array.data) for array in path.arrays}
    for one in swapped.bins:
        index, place = divmod(one.bin_id, BIN_ARRAY_BINS)
        at = BIN_ARRAY_BINS_AT + place * BIN_BYTES
        raw = after[index][at : at + BIN_BYTES]
        _book(raw, pool, swapped, one)
        after[index][at : at + BIN_BYTES] = raw
    return {array.address: bytes(after[array.index]) for array in path.arrays}


def _book(raw: bytearray, pool: Pool, swapped: Swapped, one: BinSwap) -> None:
    in_place, out_place = int(not swapped.x_to_y), int(swapped.x_to_y)
    bins.BIN_AMOUNTS[in_place].add(raw, one.ins[0])
    bins.BIN_AMOUNTS[out_place].add(raw, -one.outs[0])
    if bins.BIN_PRICE.read(raw) == 0:
        bins.BIN_PRICE.write(raw, bins.price_of(one.bin_id, pool.bin_step))
    shares = _split(pool, one)
    liquidity = bins.BIN_LIQUIDITY.read(raw) >> 64
    if liquidity:
        growth = bins.BIN_FEES_PER_LIQUIDITY[not _fee_on_x(swapped)]
        grown = growth.read(raw) + (shares.providers << 64) // liquidity
        growth.write(raw, grown & U128_MAX)
    _, processed, opened = one.outs
    if processed or opened:
        bins.BIN_FULFILLED[out_place].add(raw, processed + opened)
        bins.BIN_ORDER_FEES[swapped.x_to_y].add(raw, shares.orders)
        bins.BIN_PROCESSED_REMAINING.add(raw, -processed)
    if opened:
        waiting = bins.BIN_OPEN_ORDERS.read(raw)
        bins.BIN_OPEN_ORDERS.write(raw, 0)
        bins.BIN_PROCESSING_ORDERS.write(raw, waiting)
        bins.BIN_PROCESSED_REMAINING.write(raw, waiting - opened)
        bins.BIN_ORDER_AGE.add(raw, 1)


def _split(pool: Pool, one: BinSwap) -> fees.Shares:
    return fees.split(one.fee, pool.fees.protocol_share, one.ins[0], sum(one.ins))


def _fee_on_x(swapped: Swapped) -> bool:
    return swapped.x_to_y == swapped.fee_on_input
