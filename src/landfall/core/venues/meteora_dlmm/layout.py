"""Meteora DLMM: the pair, from bytes, and which bin arrays around its price are read.

The pair's bitmap (and its extension, where there is one) says which arrays hold liquidity; the few
nearest on each side of the active bin are read, which is as many as one instruction can name.

Units: amounts in base units; a point is a slot or a Unix second, as `activation_type` says.
Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0).
"""

from dataclasses import dataclass

from landfall.core.account_fields import (
    Address,
    UInt,
    check_at_most,
    i32,
    i64,
    read_both,
    u8,
    u16,
    u32,
    u64,
)
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.transfer_hook import validation_accounts
from landfall.core.values import (
    BPS_DENOMINATOR,
    Accounts,
    ProgramAccountsFilter,
    Pubkey,
    Slot,
)
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed
from landfall.core.venues.meteora_dlmm import bitmap
from landfall.core.venues.meteora_dlmm.arrays import (
    BIN_ARRAY_BINS,
    PROGRAM_ID,
    Path,
    bin_array_address,
    extension_address,
    outer_bits,
    path,
)
from landfall.core.venues.meteora_dlmm.fees import FeeParameters, Volatility

EVENT_AUTHORITY, _ = Pubkey.find_program_address([b"__event_authority"], PROGRAM_ID)

PAIR = AccountType(
    kind="DLMM pair",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("210b3162b565b10d"),
    size=904,
)
PAIR_BASE_FACTOR = u16(8)
PAIR_FILTER_PERIOD = u16(10)
PAIR_DECAY_PERIOD = u16(12)
PAIR_REDUCTION_FACTOR = u16(14)
PAIR_VARIABLE_FEE_CONTROL = u32(16)
PAIR_MAX_VOLATILITY = u32(20)
PAIR_MIN_BIN = i32(24)
PAIR_MAX_BIN = i32(28)
PAIR_PROTOCOL_SHARE = u16(32)
PAIR_BASE_FEE_POWER = u8(34)
PAIR_FUNCTION_TYPE = u8(35)
PAIR_COLLECT_FEE_MODE = u8(36)
PAIR_VOLATILITY = u32(40)
PAIR_VOLATILITY_REFERENCE = u32(44)
PAIR_INDEX_REFERENCE = i32(48)
PAIR_UPDATED_AT = i64(56)
PAIR_TYPE = u8(75)
PAIR_ACTIVE_ID = i32(76)
PAIR_BIN_STEP = u16(80)
PAIR_STATUS = u8(82)
PAIR_ACTIVATION_TYPE = u8(86)
PAIR_MINTS = (Address(88), Address(120))
PAIR_RESERVES = (Address(152), Address(184))
PAIR_PROTOCOL_FEES = (u64(216), u64(224))
PAIR_REWARD_MINTS = (Address(264), Address(408))
PAIR_ORACLE = Address(552)
PAIR_BITMAP = UInt(584, 128)
PAIR_EARLY_ACCESS = Address(752)
PAIR_ACTIVATION_POINT = u64(816)
PAIR_EARLY_ACCESS_DURATION = u64(824)

STATUS_ENABLED = 0
PAIR_TYPE_MAX = 3
PAIR_TYPES_WITH_ACTIVATION = (1, 2)
ACTIVATION_BY_SLOT, ACTIVATION_BY_TIME = 0, 1
FUNCTION_UNDETERMINED, FUNCTION_REWARDS, FUNCTION_ORDERS = 0, 1, 2
COLLECT_ON_INPUT, COLLECT_ONLY_Y = 0, 1
BIN_ID_MAX = 443_636
BIN_STEP_MAX = 400
PROTOCOL_SHARE_MAX = 2_500
NO_MINT = Pubkey.default()

ARRAYS_EACH_SIDE = 5
"""How many bin arrays on each side of the price are read, and at most named by a swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A DLMM pair as of one slot. Pairs of values are in the pair's order, token X first.

    `below` and `above` both begin with the array of the active bin if it holds liquidity.
    `extension` is the bitmap extension's address, None where there is none. `fills_orders`: limit
    orders take part in swaps. `early_access` may trade that duration before activation.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    status: int
    pair_type: int
    activation_type: int
    activation_point: int
    early_access: Pubkey
    early_access_duration: int
    active_id: int
    bin_step: int
    min_bin: int
    max_bin: int
    fees: FeeParameters
    volatility: Volatility
    collects_only_y: bool
    fills_orders: bool
    oracle: Pubkey
    extension: Pubkey | None
    below: Path
    above: Path


def pools_trading(mint: Pubkey, other: Pubkey) -> tuple[ProgramAccountsFilter, ...]:
    """The two questions that find every pair of these mints, for either may be token X."""
    return PAIR.trading(PAIR_MINTS, mint, other)


def load(address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pair at `address`, or the accounts still to be read.

    With the pair known: mints, vaults, the bitmap extension and the nearest arrays of the pair's
    own bitmap. In a second round, with an extension, the arrays that only it knows of, and for
    mints with a transfer hook, the list of the accounts it wants.

    Raises:
        MalformedAccount: something is not what the pair says it is, or of a kind this model does
            not know; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = PAIR.data(address, accounts[address])
    _check_known(address, data)
    mints, reserves = read_both(PAIR_MINTS, data), read_both(PAIR_RESERVES, data)
    extension = extension_address(address)
    bits = bitmap.joined(PAIR_BITMAP.read(data), *outer_bits(address, extension, accounts))
    active_array = PAIR_ACTIVE_ID.read(data) // BIN_ARRAY_BINS
    below, above = (
        bitmap.next_arrays(bits, active_array, downwards=down, count=ARRAYS_EACH_SIDE + 1)
        for down in (True, False)
    )
    nearest = dict.fromkeys((*below[:ARRAYS_EACH_SIDE], *above[:ARRAYS_EACH_SIDE]))
    wanted = (
        *mints,
        *reserves,
        extension,
        *(bin_array_address(address, one) for one in nearest),
        *validation_accounts(mints, accounts),
    )
    if need := still_needed(wanted, accounts):
        return need
    return decode(
        address,
        data,
        load_sides(mints, reserves, address, accounts, with_hooks=True),
        slot,
        extension=extension if accounts[extension] is not None else None,
        below=path(address, below, accounts),
        above=path(address, above, accounts),
    )


def decode(
    address: Pubkey,
    data: bytes,
    sides: tuple[PoolSide, PoolSide],
    slot: Slot,
    *,
    extension: Pubkey | None,
    below: Path,
    above: Path,
) -> Pool:
    """Pair bytes, verified sides and arrays, put together; nothing is checked here."""
    function = PAIR_FUNCTION_TYPE.read(data)
    has_rewards = any(mint.read(data) != NO_MINT for mint in PAIR_REWARD_MINTS)
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        status=PAIR_STATUS.read(data),
        pair_type=PAIR_TYPE.read(data),
        activation_type=PAIR_ACTIVATION_TYPE.read(data),
        activation_point=PAIR_ACTIVATION_POINT.read(data),
        early_access=PAIR_EARLY_ACCESS.read(data),
        early_access_duration=PAIR_EARLY_ACCESS_DURATION.read(data),
        active_id=PAIR_ACTIVE_ID.read(data),
        bin_step=PAIR_BIN_STEP.read(data),
        min_bin=PAIR_MIN_BIN.read(data),
        max_bin=PAIR_MAX_BIN.read(data),
        fees=_decode_fees(data),
        volatility=Volatility(
            accumulator=PAIR_VOLATILITY.read(data),
            reference=PAIR_VOLATILITY_REFERENCE.read(data),
            index_reference=PAIR_INDEX_REFERENCE.read(data),
            updated_at=PAIR_UPDATED_AT.read(data),
        ),
        collects_only_y=PAIR_COLLECT_FEE_MODE.read(data) == COLLECT_ONLY_Y,
        fills_orders=function == FUNCTION_ORDERS
        or (function == FUNCTION_UNDETERMINED and not has_rewards),
        oracle=PAIR_ORACLE.read(data),
        extension=extension,
        below=below,
        above=above,
    )


def _decode_fees(data: bytes) -> FeeParameters:
    return FeeParameters(
        base_factor=PAIR_BASE_FACTOR.read(data),
        base_fee_power=PAIR_BASE_FEE_POWER.read(data),
        filter_period=PAIR_FILTER_PERIOD.read(data),
        decay_period=PAIR_DECAY_PERIOD.read(data),
        reduction_factor=PAIR_REDUCTION_FACTOR.read(data),
        variable_fee_control=PAIR_VARIABLE_FEE_CONTROL.read(data),
        max_volatility=PAIR_MAX_VOLATILITY.read(data),
        protocol_share=PAIR_PROTOCOL_SHARE.read(data),
    )


def _check_known(address: Pubkey, data: bytes) -> None:
    limits = (
        ("pair type", PAIR_TYPE, PAIR_TYPE_MAX),
        ("activation type", PAIR_ACTIVATION_TYPE, ACTIVATION_BY_TIME),
        ("function type", PAIR_FUNCTION_TYPE, FUNCTION_ORDERS),
        ("collect fee mode", PAIR_COLLECT_FEE_MODE, COLLECT_ONLY_Y),
        ("protocol share", PAIR_PROTOCOL_SHARE, PROTOCOL_SHARE_MAX),
        ("bin step", PAIR_BIN_STEP, BIN_STEP_MAX),
        ("reduction factor", PAIR_REDUCTION_FACTOR, BPS_DENOMINATOR),
    )
    check_at_most(f"pair {address}", data, limits)
    if PAIR_BIN_STEP.read(data) == 0:
        raise MalformedAccount(f"pair {address} has no bin step")
    low, active, high = (one.read(data) for one in (PAIR_MIN_BIN, PAIR_ACTIVE_ID, PAIR_MAX_BIN))
    if not -BIN_ID_MAX <= low <= active <= high <= BIN_ID_MAX:
        raise MalformedAccount(f"pair {address} has its active bin outside its range")
