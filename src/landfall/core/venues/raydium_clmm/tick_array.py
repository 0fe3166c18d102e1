"""Where a pool's liquidity changes: arrays of 60 ticks, named by the first of them.

Ticks are read when a swap gets to them: a pool has hundreds, and a swap crosses few.

Units: liquidity as in `price_step`; amounts of orders in base units of the token they sell.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/tick_array.rs.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from struct import Struct

from landfall.core.account_fields import Address, Int, i32, u8, u64, u128
from landfall.core.anchor import AccountType, SwapRefused
from landfall.core.errors import MalformedAccount
from landfall.core.values import Account, Pubkey
from landfall.core.venues.raydium_clmm.faults import INVALID_TICK_ARRAY
from landfall.core.venues.raydium_clmm.tick_math import MAX_TICK, MIN_TICK

PROGRAM_ID = Pubkey.from_string("CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK")
DEVNET_PROGRAM_ID = Pubkey.from_string("DRayAUgENGQBKVaX8owNhgzkEDyoHTGVEGHVJT1E9pfH")

TICK_ARRAY = AccountType(
    kind="CLMM tick array",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("c09b55cd31f9812a"),
    size=10_240,
)
ARRAY_POOL = Address(8)
ARRAY_START = i32(40)
ARRAY_TICKS_IN_USE = u8(10_124)
ARRAY_RECENT_EPOCH = u64(10_125)
TICKS_OFFSET, TICK_BYTES, TICKS_PER_ARRAY = 44, 168, 60

TICK_NUMBER, LIQUIDITY_NET, LIQUIDITY_GROSS = i32(0), Int(4, 16), u128(20)
FEE_GROWTH_OUTSIDE = (u128(36), u128(52))
REWARD_GROWTH_OUTSIDE = (u128(68), u128(84), u128(100))
ORDER_PHASE, ORDERS_WAITING, ORDERS_STARTED = u64(116), u64(124), u64(132)
UNFILLED_RATIO = u128(140)
"""Where things are in a tick's own bytes."""

WORDS_PER_TICK = 4
WORDS_IN_USE = Struct("<" + "20x2Q88x2Q28x" * TICKS_PER_ARRAY)
"""What of every tick tells whether it is in use, gross liquidity and both amounts of orders: read
all at once, for a search may have to pass most of an array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One tick. `liquidity_net` is added when the price rises through it.

    `orders_started` is what is left of orders partly filled, `orders_waiting` of those untouched.
    """

    number: int
    liquidity_net: int
    liquidity_gross: int
    order_phase: int
    orders_waiting: int
    orders_started: int
    unfilled_ratio: int

    @property
    def unfilled(self) -> int:
        """How much its orders still sell."""
        return self.orders_waiting + self.orders_started

    @property
    def is_in_use(self) -> bool:
        """Whether a swap has to stop here."""
        return self.liquidity_gross > 0 or self.unfilled > 0


@dataclass(frozen=True, slots=True)
class TickArray:
    """An array's bytes, and what they are named by."""

    address: Pubkey
    start: int
    tick_spacing: int
    data: bytes = field(repr=False)

    def next_from(self, tick: int, zero_for_one: bool) -> Tick | None:
        """The next tick in use at or below `tick`, or above it; None if there is none in here."""
        place = (tick - self.start) // self.tick_spacing
        if not 0 <= place < TICKS_PER_ARRAY:
            return None
        if zero_for_one:
            return self._found(range(place, -1, -1))
        return self._found(range(place + 1, TICKS_PER_ARRAY))

    def first(self, zero_for_one: bool) -> Tick:
        """The first tick in use in the direction of the swap.

        Raises:
            SwapRefused: none is in use.
        """
        places = range(TICKS_PER_ARRAY)
        found = self._found(places[::-1] if zero_for_one else places)
        if found is None:
            raise SwapRefused(INVALID_TICK_ARRAY)
        return found

    def offset_of(self, tick: int) -> int:
        """Where this tick's bytes start."""
        return TICKS_OFFSET + (tick - self.start) // self.tick_spacing * TICK_BYTES

    def _found(self, places: range) -> Tick | None:
        words = WORDS_IN_USE.unpack_from(self.data, TICKS_OFFSET)
        for place in places:
            word = place * WORDS_PER_TICK
            if words[word] or words[word + 1] or words[word + 2] or words[word + 3]:
                at = TICKS_OFFSET + place * TICK_BYTES
                tick = read_tick(self.data[at : at + TICK_BYTES])
                wanted = self.start + place * self.tick_spacing
                if tick.number != wanted or not MIN_TICK <= wanted <= MAX_TICK:
                    raise SwapRefused(INVALID_TICK_ARRAY)
                return tick
        return None


def read_tick(data: bytes) -> Tick:
    """A tick from its own bytes."""
    return Tick(
        number=TICK_NUMBER.read(data),
        liquidity_net=LIQUIDITY_NET.read(data),
        liquidity_gross=LIQUIDITY_GROSS.read(data),
        order_phase=ORDER_PHASE.read(data),
        orders_waiting=ORDERS_WAITING.read(data),
        orders_started=ORDERS_STARTED.read(data),
        unfilled_ratio=UNFILLED_RATIO.read(data),
    )


@lru_cache(maxsize=16_384)
def array_address(program_id: Pubkey, pool: Pubkey, start: int) -> Pubkey:
    """Where the program keeps the array of this pool that starts at this tick. Remembered, for
    finding an address costs many hashes."""
    seeds = [b"tick_array", bytes(pool), start.to_bytes(4, "big", signed=True)]
    return Pubkey.find_program_address(seeds, program_id)[0]


def load_array(
    kind: AccountType,
    pool: Pubkey,
    start: int,
    tick_spacing: int,
    address: Pubkey,
    account: Account,
) -> TickArray:
    """The array found at its address. `kind`: the tick arrays of the pool's program.

    Raises:
        MalformedAccount: it is no array, or another one.
    """
    data = kind.data(address, account)
    if ARRAY_POOL.read(data) != pool or ARRAY_START.read(data) != start:
        raise MalformedAccount(f"tick array {address} is not the one of {pool} from {start}")
    return TickArray(address, start, tick_spacing, data)
