"""A Meteora DLMM pair as its opening and one deposit around its price would leave it.

Units: prices are token Y per token X in Q64.64, in base units; bin steps in basis points.
Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0), commons/src/{pda,seeds}.rs.
"""

from collections.abc import Mapping
from dataclasses import replace

from landfall.core.account_fields import Address, Int, UInt, u8, u64
from landfall.core.values import Account, Pubkey
from landfall.core.venues.meteora_dlmm import bins, layout
from landfall.core.venues.meteora_dlmm.arrays import (
    BIN_ARRAY,
    BIN_ARRAY_BINS,
    BIN_ARRAY_BINS_AT,
    BIN_ARRAY_INDEX,
    BIN_ARRAY_PAIR,
    EXTENSION,
    EXTENSION_PAIR,
    PROGRAM_ID,
    bin_array_address,
    extension_address,
)
from landfall.core.venues.meteora_dlmm.layout import BIN_ID_MAX
from landfall.localnet.openings.deposits import (
    Deposit,
    bump,
    derived,
    owned_account,
    token_account,
)

BINS_EACH_SIDE = 70
BITMAP_MIDDLE = 512
PROTOCOL_SHARE_BPS = 1_000
MAX_VOLATILITY = 350_000
VARIABLE_FEE_CONTROL = 7_500
FILTER_SECONDS, DECAY_SECONDS, REDUCTION_BPS = 30, 600, 5_000
# With these the pair signs for its vaults.
PAIR_BUMP = u8(72)
PAIR_BASE_KEY = Address(784)
ORACLE_SAMPLES = 100
ORACLE_BYTES = 32 + ORACLE_SAMPLES * 32
ORACLE_DISCRIMINATOR = bytes.fromhex("8bc283b38cb3e5f4")
ORACLE_LENGTH = u64(24)


def pool_address(token_x: Deposit, token_y: Deposit, preset_index: int = 0) -> Pubkey:
    """Where `open_pool` puts the pair of these two mints with this preset."""
    return derived(PROGRAM_ID, *_pair_seeds(token_x, token_y, preset_index))


def _preset(index: int) -> Pubkey:
    return derived(PROGRAM_ID, b"preset_parameter2", index.to_bytes(2, "little"))


def _pair_seeds(token_x: Deposit, token_y: Deposit, preset_index: int) -> tuple[bytes, ...]:
    low, high = sorted((bytes(token_x.token.mint), bytes(token_y.token.mint)))
    return bytes(_preset(preset_index)), low, high


def open_pool(
    token_x: Deposit,
    token_y: Deposit,
    *,
    bin_step: int = 10,
    base_factor: int = 10_000,
    collects_only_y: bool = False,
    preset_index: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pair and everything a swap of it touches: pair, arrays, bitmap extension, vaults.

    The price is that of the last bin not above the ratio of the deposits. Token Y is spread evenly
    over that bin and those below, token X over those above; what does not divide evenly is left
    out. The mints themselves are the caller's.

    Args:
        bin_step: how far one bin's price is from the next, in basis points.
        base_factor: the base fee is this times the bin step, in parts per 1e8.
        collects_only_y: fees are taken in token Y alone.
    """
    pair = pool_address(token_x, token_y, preset_index)
    active_id = _bin_at((token_y.amount << 64) // token_x.amount, bin_step)
    x, y = token_x.amount // BINS_EACH_SIDE, token_y.amount // BINS_EACH_SIDE
    deposits = (
        replace(token_x, amount=x * BINS_EACH_SIDE),
        replace(token_y, amount=y * BINS_EACH_SIDE),
    )
    below = range(active_id - BINS_EACH_SIDE + 1, active_id + 1)
    above = range(active_id + 1, active_id + BINS_EACH_SIDE + 1)
    amounts = {**dict.fromkeys(below, (0, y)), **dict.fromkeys(above, (x, 0))}
    arrays = _arrays(pair, amounts, bin_step)
    vaults = tuple(derived(PROGRAM_ID, bytes(pair), bytes(one.token.mint)) for one in deposits)
    oracle = derived(PROGRAM_ID, b"oracle", bytes(pair))
    data = layout.PAIR.blank()
    _write_addresses(data, deposits, vaults, oracle, _preset(preset_index))
    fields: tuple[tuple[UInt | Int, int], ...] = (
        (layout.PAIR_BASE_FACTOR, base_factor),
        (layout.PAIR_FILTER_PERIOD, FILTER_SECONDS),
        (layout.PAIR_DECAY_PERIOD, DECAY_SECONDS),
        (layout.PAIR_REDUCTION_FACTOR, REDUCTION_BPS),
        (layout.PAIR_VARIABLE_FEE_CONTROL, VARIABLE_FEE_CONTROL),
        (layout.PAIR_MAX_VOLATILITY, MAX_VOLATILITY),
        (layout.PAIR_MIN_BIN, -BIN_ID_MAX),
        (layout.PAIR_MAX_BIN, BIN_ID_MAX),
        (layout.PAIR_PROTOCOL_SHARE, PROTOCOL_SHARE_BPS),
        (layout.PAIR_COLLECT_FEE_MODE, int(collects_only_y)),
        (layout.PAIR_INDEX_REFERENCE, active_id),
        (PAIR_BUMP, bump(PROGRAM_ID, *_pair_seeds(token_x, token_y, preset_index))),
        (layout.PAIR_TYPE, layout.PAIR_TYPE_MAX),
        (layout.PAIR_ACTIVE_ID, active_id),
        (layout.PAIR_BIN_STEP, bin_step),
        (layout.PAIR_BITMAP, sum(1 << (index + BITMAP_MIDDLE) for index in arrays)),
    )
    for written, value in fields:
        written.write(data, value)
    extension = EXTENSION.blank()
    EXTENSION_PAIR.write(extension, pair)
    return {
        pair: owned_account(PROGRAM_ID, bytes(data)),
        extension_address(pair): owned_account(PROGRAM_ID, bytes(extension)),
        oracle: owned_account(PROGRAM_ID, _empty_oracle()),
        vaults[0]: token_account(deposits[0], pair),
        vaults[1]: token_account(deposits[1], pair),
        **{
            bin_array_address(pair, index): owned_account(PROGRAM_ID, bytes(array))
            for index, array in arrays.items()
        },
    }


def _bin_at(price: int, bin_step: int) -> int:
    """The last bin whose price is not above this one."""
    low, high = -BIN_ID_MAX // bin_step, BIN_ID_MAX // bin_step
    while low < high:
        middle = (low + high + 1) // 2
        if bins.price_of(middle, bin_step) <= price:
            low = middle
        else:
            high = middle - 1
    return low


def _arrays(
    pair: Pubkey, amounts: Mapping[int, tuple[int, int]], bin_step: int
) -> dict[int, bytearray]:
    """The bin arrays that hold these amounts, by index."""
    arrays: dict[int, bytearray] = {}
    for bin_id, (x, y) in amounts.items():
        index, place = divmod(bin_id, BIN_ARRAY_BINS)
        if index not in arrays:
            arrays[index] = BIN_ARRAY.blank()
            BIN_ARRAY_INDEX.write(arrays[index], index)
            BIN_ARRAY_PAIR.write(arrays[index], pair)
        raw = bytearray(bins.BIN_BYTES)
        price = bins.price_of(bin_id, bin_step)
        bins.BIN_AMOUNTS[0].write(raw, x)
        bins.BIN_AMOUNTS[1].write(raw, y)
        bins.BIN_PRICE.write(raw, price)
        bins.BIN_LIQUIDITY.write(raw, price * x + (y << 64))
        at = BIN_ARRAY_BINS_AT + place * bins.BIN_BYTES
        arrays[index][at : at + bins.BIN_BYTES] = raw
    return arrays


def _empty_oracle() -> bytes:
    """The pair's price history before its first sample."""
    data = bytearray(ORACLE_BYTES)
    data[: len(ORACLE_DISCRIMINATOR)] = ORACLE_DISCRIMINATOR
    ORACLE_LENGTH.write(data, ORACLE_SAMPLES)
    return bytes(data)


def _write_addresses(
    data: bytearray,
    deposits: tuple[Deposit, Deposit],
    vaults: tuple[Pubkey, ...],
    oracle: Pubkey,
    preset: Pubkey,
) -> None:
    for side, deposit in enumerate(deposits):
        layout.PAIR_MINTS[side].write(data, deposit.token.mint)
        layout.PAIR_RESERVES[side].write(data, vaults[side])
    layout.PAIR_ORACLE.write(data, oracle)
    PAIR_BASE_KEY.write(data, preset)
