"""Named integers and addresses at fixed offsets of an account's bytes.

A program's layout is a list of these; the same name reads an account that came from the chain and
writes the one a stand-in leaves behind, so an offset is written down once. Integers are
little-endian, as every program here keeps them, and unsigned unless their name says otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from landfall.core.errors import MalformedAccount
from landfall.core.values import Pubkey

PUBKEY_BYTES = 32

ValueT_co = TypeVar("ValueT_co", covariant=True)


class Field(Protocol[ValueT_co]):
    """Something that can be read from an account's bytes."""

    def read(self, data: bytes | bytearray) -> ValueT_co: ...


@dataclass(frozen=True, slots=True)
class UInt:
    """An unsigned little-endian integer of `size` bytes at `offset`."""

    offset: int
    size: int

    def read(self, data: bytes | bytearray) -> int:
        """The value in `data`, which must be long enough."""
        return int.from_bytes(data[self.offset : self.offset + self.size], "little")

    def write(self, data: bytearray, value: int) -> None:
        """Put `value` into `data`.

        Raises:
            OverflowError: the value does not fit.
        """
        data[self.offset : self.offset + self.size] = value.to_bytes(self.size, "little")

    def add(self, data: bytearray, amount: int) -> None:
        """Raise the value in `data` by `amount`.

        Raises:
            OverflowError: the sum does not fit.
        """
        self.write(data, self.read(data) + amount)


@dataclass(frozen=True, slots=True)
class Int:
    """A signed little-endian integer of `size` bytes at `offset`."""

    offset: int
    size: int

    def read(self, data: bytes | bytearray) -> int:
        """The value in `data`, which must be long enough."""
        at = self.offset
        return int.from_bytes(data[at : at + self.size], "little", signed=True)

    def write(self, data: bytearray, value: int) -> None:
        """Put `value` into `data`.

        Raises:
            OverflowError: the value does not fit.
        """
        written = value.to_bytes(self.size, "little", signed=True)
        data[self.offset : self.offset + self.size] = written


@dataclass(frozen=True, slots=True)
class Address:
    """A public key at `offset`."""

    offset: int

    def read(self, data: bytes | bytearray) -> Pubkey:
        """The address in `data`, which must be long enough."""
        return Pubkey(bytes(data[self.offset : self.offset + PUBKEY_BYTES]))

    def write(self, data: bytearray, value: Pubkey) -> None:
        """Put `value` into `data`."""
        data[self.offset : self.offset + PUBKEY_BYTES] = bytes(value)


def u8(offset: int) -> UInt:
    """One byte."""
    return UInt(offset, 1)


def u16(offset: int) -> UInt:
    """Two bytes."""
    return UInt(offset, 2)


def u32(offset: int) -> UInt:
    """Four bytes."""
    return UInt(offset, 4)


def u64(offset: int) -> UInt:
    """Eight bytes."""
    return UInt(offset, 8)


def u128(offset: int) -> UInt:
    """Sixteen bytes."""
    return UInt(offset, 16)


def u256(offset: int) -> UInt:
    """Thirty-two bytes."""
    return UInt(offset, 32)


def i32(offset: int) -> Int:
    """Four bytes, signed."""
    return Int(offset, 4)


def i64(offset: int) -> Int:
    """Eight bytes, signed."""
    return Int(offset, 8)


def read_both(
    fields: tuple[Field[ValueT_co], Field[ValueT_co]], data: bytes | bytearray
) -> tuple[ValueT_co, ValueT_co]:
    """What two fields hold that belong to the two sides of a pool."""
    return fields[0].read(data), fields[1].read(data)


def check_at_most(whose: str, data: bytes, limits: Iterable[tuple[str, UInt, int]]) -> None:
    """Hold fields against the most that their program could have written, or that is known here.

    Args:
        limits: what a field is called, where it is, and the largest value it may have.

    Raises:
        MalformedAccount: one holds more; the message names it.
    """
    for name, field, most in limits:
        if (value := field.read(data)) > most:
            raise MalformedAccount(f"{whose} has {name} {value}; at most {most} is known")
