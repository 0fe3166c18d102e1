"""The price observation of a Raydium CLMM pool: a ring of cumulative ticks.

Nothing a swap moves depends on it; it is kept because the program keeps it, to the byte.

Units: ticks summed over seconds.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/oracle.rs.
"""

from landfall.core import anchor
from landfall.core.account_fields import Address, i64, u8, u16, u32
from landfall.core.anchor import AccountType
from landfall.core.values import ChainClock, Pubkey
from landfall.core.venues.raydium_clmm.tick_array import PROGRAM_ID
from landfall.localnet.programs.refusals import require

OBSERVATION = AccountType(
    kind="CLMM observation",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("7aaec5358109a584"),
    size=4_483,
)
OBSERVATION_INITIALIZED = u8(8)
OBSERVATION_INDEX = u16(17)
OBSERVATION_POOL = Address(19)
OBSERVATIONS_OFFSET, OBSERVATION_ENTRY_BYTES, OBSERVATIONS_MAX = 51, 44, 100
OBSERVATION_SECONDS_MIN = 15
U32_MASK = 2**32 - 1


def fresh_observation(pool: Pubkey) -> bytes:
    """The bytes of a pool's observation account before its first swap."""
    data = OBSERVATION.blank()
    OBSERVATION_POOL.write(data, pool)
    return bytes(data)


def observed(before: bytes, tick: int, clock: ChainClock) -> bytes:
    """The observation after a swap that left `tick`; a new entry every 15 seconds."""
    data, now = bytearray(before), clock.unix_timestamp & U32_MASK
    index = OBSERVATION_INDEX.read(data)
    require(index < OBSERVATIONS_MAX, anchor.PANIC)
    at = OBSERVATIONS_OFFSET + index * OBSERVATION_ENTRY_BYTES
    if not OBSERVATION_INITIALIZED.read(data):
        OBSERVATION_INITIALIZED.write(data, 1)
        u32(at).write(data, now)
        i64(at + 4).write(data, 0)
        return bytes(data)
    elapsed = max(0, now - u32(at).read(data))
    if elapsed < OBSERVATION_SECONDS_MIN:
        return before
    total = i64(at + 4).read(data) + tick * elapsed
    index = (index + 1) % OBSERVATIONS_MAX
    at = OBSERVATIONS_OFFSET + index * OBSERVATION_ENTRY_BYTES
    u32(at).write(data, now)
    i64(at + 4).write(data, (total + 2**63) % 2**64 - 2**63)
    OBSERVATION_INDEX.write(data, index)
    return bytes(data)
