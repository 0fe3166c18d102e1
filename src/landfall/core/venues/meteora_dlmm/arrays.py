"""Meteora DLMM: the accounts beside the pair in which its liquidity lies, from bytes.

Liquidity lies in bins, seventy to an array account; arrays stay bytes until a swap reaches a bin.
The bitmap extension says which of the outer arrays hold any. Both are at addresses made of the
pair's, and are believed only if they name the pair themselves.

Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0), commons/src/pda.rs.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from landfall.core.account_fields import Address, UInt, i64
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.values import Accounts, Pubkey
from landfall.core.venues.meteora_dlmm.bins import BIN_BYTES

PROGRAM_ID = Pubkey.from_string("LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo")

BIN_ARRAY_BINS = 70
BIN_ARRAY_BINS_AT = 56
BIN_ARRAY = AccountType(
    kind="DLMM bin array",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("5c8e5cdc059446b5"),
    size=BIN_ARRAY_BINS_AT + BIN_ARRAY_BINS * BIN_BYTES,
)
BIN_ARRAY_INDEX = i64(8)
BIN_ARRAY_PAIR = Address(24)

EXTENSION = AccountType(
    kind="DLMM bitmap extension",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("506f7c7137ed1205"),
    size=1_576,
)
EXTENSION_PAIR = Address(8)
EXTENSION_POSITIVE = UInt(40, 768)
EXTENSION_NEGATIVE = UInt(808, 768)


@dataclass(frozen=True, slots=True)
class BinArray:
    """Seventy bins from `index` times seventy on, still as bytes."""

    address: Pubkey
    index: int
    data: bytes = field(repr=False)

    def bin(self, place: int) -> bytes:
        """The bytes of the bin at this place, 0 to 69."""
        at = BIN_ARRAY_BINS_AT + place * BIN_BYTES
        return self.data[at : at + BIN_BYTES]


@dataclass(frozen=True, slots=True)
class Path:
    """The arrays with liquidity on one side of the price, nearest first.

    `is_whole` is false where the bitmap knows of more that were not read.
    """

    arrays: tuple[BinArray, ...]
    is_whole: bool


@lru_cache(maxsize=4_096)
def bin_array_address(pair: Pubkey, index: int) -> Pubkey:
    """Where the pair keeps this array. Remembered, for finding an address costs many hashes."""
    seeds = [b"bin_array", bytes(pair), index.to_bytes(8, "little", signed=True)]
    return Pubkey.find_program_address(seeds, PROGRAM_ID)[0]


@lru_cache(maxsize=4_096)
def extension_address(pair: Pubkey) -> Pubkey:
    """Where the pair keeps the outer part of its bitmap, if it has one."""
    return Pubkey.find_program_address([b"bitmap", bytes(pair)], PROGRAM_ID)[0]


def outer_bits(pair: Pubkey, extension: Pubkey, accounts: Accounts) -> tuple[int, int]:
    """The two halves of the extension's bitmap; nothing without one.

    Raises:
        MalformedAccount: it is of another pair, or no extension.
    """
    account = accounts.get(extension)
    if account is None:
        return 0, 0
    data = EXTENSION.data(extension, account)
    if EXTENSION_PAIR.read(data) != pair:
        raise MalformedAccount(f"bitmap extension {extension} is of another pair")
    return EXTENSION_POSITIVE.read(data), EXTENSION_NEGATIVE.read(data)


def path(pair: Pubkey, indexes: tuple[int, ...], accounts: Accounts) -> Path:
    """The arrays of these indexes as far as they are there.

    Raises:
        MalformedAccount: one is not what it should be.
    """
    arrays: list[BinArray] = []
    for index in indexes:
        address = bin_array_address(pair, index)
        account = accounts.get(address)
        if account is None:
            break
        data = BIN_ARRAY.data(address, account)
        if BIN_ARRAY_PAIR.read(data) != pair or BIN_ARRAY_INDEX.read(data) != index:
            raise MalformedAccount(f"bin array {address} is not number {index} of {pair}")
        arrays.append(BinArray(address, index, data))
    return Path(tuple(arrays), is_whole=len(arrays) == len(indexes))
