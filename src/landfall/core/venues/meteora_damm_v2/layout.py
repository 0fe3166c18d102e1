"""Meteora DAMM v2 (cp-amm): the pool, from bytes.

Everything a swap depends on is in the pool account itself (its fees in `fee_layout`); mints and
vaults are read to confirm what the pool says of them, and for transfer fees. DAMM v1 gives its pool
account the same name, and so the same discriminator; the owner and the size tell them apart.

Units: amounts in base units; prices are square roots of token B per token A in Q64.64; fee
numerators are parts per 1e9; a point is a slot or a Unix second, as `activation_type` says.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/{pool,fee}.rs, base_fee/*.rs.
"""

from dataclasses import dataclass

from landfall.core.account_fields import Address, check_at_most, read_both, u8, u64, u128, u256
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.fee_schedules import (
    CLIFF_FEE_MAX,
    SQRT_PRICE_MAX,
    SQRT_PRICE_MIN,
    DynamicFee,
)
from landfall.core.values import (
    BPS_DENOMINATOR,
    Accounts,
    ProgramAccountsFilter,
    Pubkey,
    Slot,
)
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed
from landfall.core.venues.meteora_damm_v2.fee_layout import (
    MODE_MARKET_CAP_EXPONENTIAL,
    POOL_BASE_FEE_MODE,
    POOL_CLIFF_FEE,
    POOL_COMPOUNDING_BPS,
    POOL_PROTOCOL_PERCENT,
    POOL_REDUCTION_FACTOR,
    POOL_REFERRAL_PERCENT,
    BaseFee,
    decode_base_fee,
    decode_dynamic_fee,
)

PROGRAM_ID = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
AUTHORITY, _ = Pubkey.find_program_address([b"pool_authority"], PROGRAM_ID)
EVENT_AUTHORITY, _ = Pubkey.find_program_address([b"__event_authority"], PROGRAM_ID)

POOL = AccountType(
    kind="DAMM v2 pool",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("f19a6d0411b16dbc"),
    size=1_112,
)
POOL_INIT_SQRT_PRICE = u128(152)
POOL_MINTS = (Address(168), Address(200))
POOL_VAULTS = (Address(232), Address(264))
POOL_WHITELISTED_VAULT = Address(296)
POOL_LIQUIDITY = u128(360)
POOL_PROTOCOL_FEES = (u64(392), u64(400))
POOL_SQRT_MIN = u128(424)
POOL_SQRT_MAX = u128(440)
POOL_SQRT_PRICE = u128(456)
POOL_ACTIVATION_POINT = u64(472)
POOL_ACTIVATION_TYPE = u8(480)
POOL_STATUS = u8(481)
POOL_TOKEN_FLAGS = (u8(482), u8(483))
POOL_COLLECT_FEE_MODE = u8(484)
POOL_TYPE = u8(485)
POOL_FEE_VERSION = u8(486)
POOL_FEES_PER_LIQUIDITY = (u256(488), u256(520))
POOL_TOTAL_LP_FEES = (u128(568), u128(584))
POOL_TOTAL_PROTOCOL_FEES = (u64(600), u64(608))
POOL_CREATOR = Address(648)
POOL_AMOUNTS = (u64(680), u64(688))
POOL_LAYOUT_VERSION = u8(696)

COLLECT_ON_OUTPUT, COLLECT_ONLY_B, COLLECT_COMPOUNDING = 0, 1, 2
ACTIVATION_BY_SLOT, ACTIVATION_BY_TIME = 0, 1
FEE_VERSION_MAX = 1
LAYOUT_VERSION_MAX = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A DAMM v2 pool as of one slot. Pairs are in the pool's order, token A first.

    `amounts` are the reserves as the program counts them; a pool of layout version 0 has none yet
    and gets them with its next swap. `base_fee` is None where the mode is unknown.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    status: int
    activation_type: int
    activation_point: int
    whitelisted_vault: Pubkey
    collect_fee_mode: int
    fee_version: int
    layout_version: int
    base_fee: BaseFee | None
    dynamic_fee: DynamicFee | None
    protocol_percent: int
    referral_percent: int
    compounding_bps: int
    init_sqrt_price: int
    sqrt_min: int
    sqrt_max: int
    sqrt_price: int
    liquidity: int
    amounts: tuple[int, int]


def pools_trading(mint: Pubkey, other: Pubkey) -> tuple[ProgramAccountsFilter, ...]:
    """The two questions that find every pool of this pair, for either mint may be token A."""
    return POOL.trading(POOL_MINTS, mint, other)


def load(address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: both mints, both vaults.

    Raises:
        MalformedAccount: something is not what the pool says it is, or of a kind or version this
            model does not know; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = POOL.data(address, accounts[address])
    mints, vaults = read_both(POOL_MINTS, data), read_both(POOL_VAULTS, data)
    if need := still_needed((*mints, *vaults), accounts):
        return need
    sides = load_sides(mints, vaults, AUTHORITY, accounts)
    _check_known(address, data)
    return decode(address, data, sides, slot)


def decode(address: Pubkey, data: bytes, sides: tuple[PoolSide, PoolSide], slot: Slot) -> Pool:
    """Pool bytes and verified sides, put together; nothing is checked here."""
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        status=POOL_STATUS.read(data),
        activation_type=POOL_ACTIVATION_TYPE.read(data),
        activation_point=POOL_ACTIVATION_POINT.read(data),
        whitelisted_vault=POOL_WHITELISTED_VAULT.read(data),
        collect_fee_mode=POOL_COLLECT_FEE_MODE.read(data),
        fee_version=POOL_FEE_VERSION.read(data),
        layout_version=POOL_LAYOUT_VERSION.read(data),
        base_fee=decode_base_fee(data),
        dynamic_fee=decode_dynamic_fee(data),
        protocol_percent=POOL_PROTOCOL_PERCENT.read(data),
        referral_percent=POOL_REFERRAL_PERCENT.read(data),
        compounding_bps=POOL_COMPOUNDING_BPS.read(data),
        init_sqrt_price=POOL_INIT_SQRT_PRICE.read(data),
        sqrt_min=POOL_SQRT_MIN.read(data),
        sqrt_max=POOL_SQRT_MAX.read(data),
        sqrt_price=POOL_SQRT_PRICE.read(data),
        liquidity=POOL_LIQUIDITY.read(data),
        amounts=read_both(POOL_AMOUNTS, data),
    )


def _check_known(address: Pubkey, data: bytes) -> None:
    limits = (
        ("base fee mode", POOL_BASE_FEE_MODE, MODE_MARKET_CAP_EXPONENTIAL),
        ("collect fee mode", POOL_COLLECT_FEE_MODE, COLLECT_COMPOUNDING),
        ("activation type", POOL_ACTIVATION_TYPE, ACTIVATION_BY_TIME),
        ("fee version", POOL_FEE_VERSION, FEE_VERSION_MAX),
        ("layout version", POOL_LAYOUT_VERSION, LAYOUT_VERSION_MAX),
        ("protocol share", POOL_PROTOCOL_PERCENT, 100),
        ("referral share", POOL_REFERRAL_PERCENT, 100),
        ("compounding share", POOL_COMPOUNDING_BPS, BPS_DENOMINATOR),
        ("cliff fee", POOL_CLIFF_FEE, CLIFF_FEE_MAX),
        ("reduction factor", POOL_REDUCTION_FACTOR, BPS_DENOMINATOR),
    )
    check_at_most(f"pool {address}", data, limits)
    low, price, high = (
        field.read(data) for field in (POOL_SQRT_MIN, POOL_SQRT_PRICE, POOL_SQRT_MAX)
    )
    compounds = POOL_COLLECT_FEE_MODE.read(data) == COLLECT_COMPOUNDING
    if not compounds and not SQRT_PRICE_MIN <= low <= price <= high <= SQRT_PRICE_MAX:
        raise MalformedAccount(f"pool {address} has its price outside its range")
