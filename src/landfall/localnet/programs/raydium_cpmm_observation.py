"""The price observation of a Raydium CPMM pool: a ring of cumulative prices that every swap feeds.

Nothing a swap moves depends on it; it is kept because the program keeps it, to the byte.

Units: prices are Q32.32 of one token in the other, summed over seconds.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/states/oracle.rs.
"""

from landfall.core import anchor
from landfall.core.account_fields import Address, UInt, u8, u16, u64, u128
from landfall.core.anchor import AccountType
from landfall.core.values import U128_MAX, Account, ChainClock, Pubkey
from landfall.core.venues.raydium_cpmm import faults
from landfall.core.venues.raydium_cpmm.layout import PROGRAM_ID, Pool
from landfall.localnet.programs.refusals import require

OBSERVATION = AccountType(
    kind="CPMM observation",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("7aaec5358109a584"),
    size=4_075,
)
OBSERVATION_INITIALIZED = u8(8)
OBSERVATION_INDEX = u16(9)
OBSERVATION_POOL = Address(11)
OBSERVATIONS_OFFSET, OBSERVATION_ENTRY_BYTES, OBSERVATIONS_MAX = 43, 40, 100
OBSERVATION_UPDATED_AT = u64(4_043)
OBSERVATION_SECONDS_MIN = 15


def fresh_observation(pool: Pubkey) -> bytes:
    """The bytes of a pool's observation account before its first swap."""
    data = OBSERVATION.blank()
    OBSERVATION_POOL.write(data, pool)
    return bytes(data)


def observed(account: Account | None, pool: Pool, clock: ChainClock) -> bytes:
    """The observation with the price before this swap accumulated; a new entry every 15 seconds."""
    assert account is not None
    data, now = bytearray(account.data), clock.unix_timestamp
    index = OBSERVATION_INDEX.read(data)
    require(index < OBSERVATIONS_MAX, anchor.PANIC)
    observed_at, *cumulative = _entry(index)
    if not OBSERVATION_INITIALIZED.read(data):
        OBSERVATION_INITIALIZED.write(data, 1)
        for field, value in ((observed_at, now), (cumulative[0], 0), (cumulative[1], 0)):
            field.write(data, value)
        OBSERVATION_UPDATED_AT.write(data, now)
        return bytes(data)
    since_entry = max(0, now - observed_at.read(data))
    # Accounts of before this field was kept have 0 there; the program fills it in even when it
    # then finds nothing to add.
    updated_at = OBSERVATION_UPDATED_AT.read(data) or observed_at.read(data)
    OBSERVATION_UPDATED_AT.write(data, updated_at)
    since_update = max(0, now - updated_at)
    if since_entry == 0 or since_update == 0:
        return bytes(data)
    x, y = pool.reserves
    sums = [
        old.read(data) + _accrued(price, since_update)
        for old, price in zip(cumulative, ((y << 32) // x, (x << 32) // y), strict=True)
    ]
    if since_entry >= OBSERVATION_SECONDS_MIN:
        index = (index + 1) % OBSERVATIONS_MAX
        observed_at, *cumulative = _entry(index)
        observed_at.write(data, now)
        OBSERVATION_INDEX.write(data, index)
    for field, total in zip(cumulative, sums, strict=True):
        field.write(data, total & U128_MAX)
    OBSERVATION_UPDATED_AT.write(data, now)
    return bytes(data)


def _entry(index: int) -> tuple[UInt, UInt, UInt]:
    """When an observation was made, and the two cumulative prices."""
    start = OBSERVATIONS_OFFSET + index * OBSERVATION_ENTRY_BYTES
    return u64(start), u128(start + 8), u128(start + 24)


def _accrued(price: int, seconds: int) -> int:
    require(price * seconds <= U128_MAX, faults.MATH_OVERFLOW)
    return price * seconds
