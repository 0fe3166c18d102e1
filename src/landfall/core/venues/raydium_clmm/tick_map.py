"""Which arrays of a pool hold ticks in use, and the order in which a swap reaches them.

The pool keeps a bit for each of the 1,024 arrays around price one, an extension account those
further out; here both are one integer whose lowest bit is the lowest array. With a tick spacing of
15 or more the pool's own bits cover all prices. A search that has to leave them without the
extension is refused.

Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/{pool,
tickarray_bitmap_extension}.rs, libraries/tick_array_bit_map.rs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from landfall.core.account_fields import Address
from landfall.core.anchor import AccountType, SwapRefused
from landfall.core.values import Pubkey
from landfall.core.venues.raydium_clmm.faults import (
    MISSING_EXTENSION,
    NO_LIQUIDITY_THIS_WAY,
)
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID, TICKS_PER_ARRAY

EXTENSION = AccountType(
    kind="CLMM bitmap extension",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("3c9624db61808b99"),
    size=1_832,
)
EXTENSION_POOL = Address(8)
EXTENSION_HALF = 14 * 64
POSITIVE_OFFSET, NEGATIVE_OFFSET = 40, 40 + EXTENSION_HALF

POOL_BITS_EACH_WAY = 512
EXTENSION_BITS_EACH_WAY = EXTENSION_HALF * 8
SPACING_WITHOUT_EXTENSION = 15


@dataclass(frozen=True, slots=True)
class TickMap:
    """The arrays in use. `bits` starts with the lowest one, which is number `-zero`."""

    tick_spacing: int
    has_extension: bool
    zero: int
    bits: int = field(repr=False)

    @property
    def ticks_per_array(self) -> int:
        """How far the starts of two neighbours are apart."""
        return self.tick_spacing * TICKS_PER_ARRAY

    def number_of(self, tick: int) -> int:
        """The number of the array that holds `tick`; number 0 starts at tick 0."""
        return tick // self.ticks_per_array

    def holds(self, number: int) -> bool:
        """Whether the array of this number is in use.

        Raises:
            SwapRefused: only the extension would know.
        """
        if not -POOL_BITS_EACH_WAY <= number < POOL_BITS_EACH_WAY:
            self._need_extension()
        place = number + self.zero
        return place >= 0 and bool(self.bits >> place & 1)

    def after(self, number: int, zero_for_one: bool) -> int | None:
        """The number of the next array in use beyond this one; None if there is none.

        Raises:
            SwapRefused: only the extension would know.
        """
        place = number + self.zero
        if zero_for_one:
            found = (self.bits & ((1 << max(place, 0)) - 1)).bit_length() - 1
        else:
            above = self.bits >> max(place + 1, 0)
            found = max(place + 1, 0) + (above & -above).bit_length() - 1 if above else -1
        if found >= 0:
            return found - self.zero
        if self.tick_spacing < SPACING_WITHOUT_EXTENSION:
            self._need_extension()
        return None

    def first(self, tick: int, zero_for_one: bool) -> int:
        """The number of the array a swap from `tick` starts with.

        Raises:
            SwapRefused: there is none in this direction.
        """
        number = self.number_of(tick)
        if self.holds(number):
            return number
        found = self.after(number, zero_for_one)
        if found is None:
            raise SwapRefused(NO_LIQUIDITY_THIS_WAY)
        return found

    def reached(self, tick: int, zero_for_one: bool) -> Iterator[int]:
        """The numbers of all known arrays in use that a swap from `tick` can reach, nearest
        first.
        """
        place = self.number_of(tick) + self.zero
        if zero_for_one:
            bits = self.bits & ((2 << place) - 1 if place >= 0 else 0)
            while bits:
                found = bits.bit_length() - 1
                yield found - self.zero
                bits ^= 1 << found
        else:
            place = max(place, 0)
            bits = self.bits >> place << place
            while bits:
                found = (bits & -bits).bit_length() - 1
                yield found - self.zero
                bits &= bits - 1

    def _need_extension(self) -> None:
        if not self.has_extension:
            raise SwapRefused(MISSING_EXTENSION)


@lru_cache(maxsize=4_096)
def extension_address(program_id: Pubkey, pool: Pubkey) -> Pubkey:
    """Where the program keeps the extension of this pool's bitmap; remembered."""
    seeds = [b"pool_tick_array_bitmap_extension", bytes(pool)]
    return Pubkey.find_program_address(seeds, program_id)[0]


def tick_map(pool_bits: bytes, extension: bytes | None, tick_spacing: int) -> TickMap:
    """The map that the pool's bits and its extension make together."""
    bits = int.from_bytes(pool_bits, "little")
    if extension is None or tick_spacing >= SPACING_WITHOUT_EXTENSION:
        return TickMap(tick_spacing, False, POOL_BITS_EACH_WAY, bits)
    above = int.from_bytes(extension[POSITIVE_OFFSET:NEGATIVE_OFFSET], "little")
    # Further from zero is later in the account, but within each 64 bytes lower arrays come first.
    below = b"".join(
        extension[at : at + 64]
        for at in range(NEGATIVE_OFFSET + EXTENSION_HALF - 64, NEGATIVE_OFFSET - 64, -64)
    )
    bits = int.from_bytes(below, "little") | bits << EXTENSION_BITS_EACH_WAY
    bits |= above << (EXTENSION_BITS_EACH_WAY + 2 * POOL_BITS_EACH_WAY)
    return TickMap(tick_spacing, True, POOL_BITS_EACH_WAY + EXTENSION_BITS_EACH_WAY, bits)
