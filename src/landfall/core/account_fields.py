"""Named integers and addresses at fixed offsets of an account's bytes.

A program's layout is a list of these; the same name reads an account that came from the chain and
writes the one a stand-in leaves behind, so an offset is written down once. Integers are
little-endian, as every program here keeps them, and unsigned unless their name says otherwise.
"""

from dataclasses import dataclass

from landfall.core.values import Pubkey

PUBKEY_BYTES = 32


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
