"""Meteora DAMM v2 (cp-amm): the pool, from bytes.

Everything a swap depends on is in the pool account itself; mints and vaults are read to confirm
what the pool says of them, and for transfer fees. The base fee is one of three schedules that share
the same 32 bytes, told apart by a mode. DAMM v1 names its pool account alike, so both have the same
discriminator; the owner and the size tell them apart.

Units: amounts in base units; prices are square roots of token B per token A in Q64.64; fee
numerators are parts per 1e9; a point is a slot or a Unix second, as `activation_type` says.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/state/{pool,fee}.rs, base_fee/*.rs.
"""

from dataclasses import dataclass

from landfall.core.account_fields import Address, u8, u16, u32, u64, u128, u256
from landfall.core.anchor import account_data
from landfall.core.errors import MalformedAccount
from landfall.core.values import (
    BPS_DENOMINATOR,
    Account,
    Accounts,
    MemcmpFilter,
    ProgramAccountsFilter,
    Pubkey,
    Slot,
)
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts

PROGRAM_ID = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
AUTHORITY, _ = Pubkey.find_program_address([b"pool_authority"], PROGRAM_ID)
EVENT_AUTHORITY, _ = Pubkey.find_program_address([b"__event_authority"], PROGRAM_ID)

POOL_DISCRIMINATOR = bytes.fromhex("f19a6d0411b16dbc")
POOL_BYTES = 1112
POOL_CLIFF_FEE = u64(8)
POOL_BASE_FEE_MODE = u8(16)
POOL_BASE_FEE_COUNT = u16(22)
POOL_BASE_FEE_LONG = u64(24)
POOL_BASE_FEE_FIRST = u32(24)
POOL_BASE_FEE_SECOND = u32(28)
POOL_BASE_FEE_LAST = u64(32)
POOL_PROTOCOL_PERCENT = u8(48)
POOL_REFERRAL_PERCENT = u8(50)
POOL_COMPOUNDING_BPS = u16(54)
POOL_DYNAMIC_ENABLED = u8(56)
POOL_MAX_VOLATILITY = u32(64)
POOL_VARIABLE_FEE_CONTROL = u32(68)
POOL_BIN_STEP = u16(72)
POOL_FILTER_PERIOD = u16(74)
POOL_DECAY_PERIOD = u16(76)
POOL_REDUCTION_FACTOR = u16(78)
POOL_VOLATILITY_UPDATED_AT = u64(80)
POOL_BIN_STEP_Q64 = u128(88)
POOL_SQRT_REFERENCE = u128(104)
POOL_VOLATILITY = u128(120)
POOL_VOLATILITY_REFERENCE = u128(136)
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
MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL, MODE_RATE_LIMITER = 0, 1, 2
MODE_MARKET_CAP_LINEAR, MODE_MARKET_CAP_EXPONENTIAL = 3, 4
FEE_VERSION_MAX = 1
LAYOUT_VERSION_MAX = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSchedule:
    """The fee falls with every `frequency` points after activation, at most `periods` times.

    `reduction` is a numerator per period (linear) or basis points per period (exponential);
    `frequency` 0 means that the fee stays at `cliff`.
    """

    cliff: int
    is_exponential: bool
    periods: int
    frequency: int
    reduction: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimiter:
    """For `duration` points after activation, buying A costs the more the larger the amount.

    Each further `reference` of input pays `increment_bps` more, up to `max_bps`.
    """

    cliff: int
    increment_bps: int
    duration: int
    max_bps: int
    reference: int

    @property
    def is_off(self) -> bool:
        """All four fields zero: the fee stays at `cliff`."""
        return not (self.reference or self.duration or self.max_bps or self.increment_bps)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketCapSchedule:
    """The fee falls with every `step_bps` that the square root of the price has risen."""

    cliff: int
    is_exponential: bool
    periods: int
    step_bps: int
    duration: int
    reduction: int


BaseFee = TimeSchedule | RateLimiter | MarketCapSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamicFee:
    """The fee's volatility part: parameters, then the state that swaps carry forward."""

    max_volatility: int
    variable_fee_control: int
    bin_step: int
    filter_period: int
    decay_period: int
    reduction_factor: int
    bin_step_q64: int
    updated_at: int
    sqrt_reference: int
    volatility: int
    volatility_reference: int


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
    return tuple(
        ProgramAccountsFilter(
            program_id=PROGRAM_ID,
            data_size=POOL_BYTES,
            memcmps=(
                MemcmpFilter(0, POOL_DISCRIMINATOR),
                MemcmpFilter(POOL_MINTS[0].offset, bytes(token_a)),
                MemcmpFilter(POOL_MINTS[1].offset, bytes(token_b)),
            ),
        )
        for token_a, token_b in ((mint, other), (other, mint))
    )


def load(address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: both mints, both vaults.

    Raises:
        MalformedAccount: something is not what the pool says it is, or of a kind or version this
            model does not know; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = _pool_data(address, accounts[address])
    mints = (POOL_MINTS[0].read(data), POOL_MINTS[1].read(data))
    vaults = (POOL_VAULTS[0].read(data), POOL_VAULTS[1].read(data))
    missing = tuple(key for key in (*mints, *vaults) if key not in accounts)
    if missing:
        return NeedAccounts(missing)
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
        base_fee=_base_fee(data),
        dynamic_fee=_dynamic_fee(data) if POOL_DYNAMIC_ENABLED.read(data) else None,
        protocol_percent=POOL_PROTOCOL_PERCENT.read(data),
        referral_percent=POOL_REFERRAL_PERCENT.read(data),
        compounding_bps=POOL_COMPOUNDING_BPS.read(data),
        init_sqrt_price=POOL_INIT_SQRT_PRICE.read(data),
        sqrt_min=POOL_SQRT_MIN.read(data),
        sqrt_max=POOL_SQRT_MAX.read(data),
        sqrt_price=POOL_SQRT_PRICE.read(data),
        liquidity=POOL_LIQUIDITY.read(data),
        amounts=(POOL_AMOUNTS[0].read(data), POOL_AMOUNTS[1].read(data)),
    )


def _pool_data(address: Pubkey, account: Account | None) -> bytes:
    return account_data(
        address,
        account,
        kind="DAMM v2 pool",
        program_id=PROGRAM_ID,
        discriminator=POOL_DISCRIMINATOR,
        size=POOL_BYTES,
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
    )
    for name, field, known_max in limits:
        if (value := field.read(data)) > known_max:
            raise MalformedAccount(f"pool {address} has unknown {name} {value}")
    low, price, high = (
        field.read(data) for field in (POOL_SQRT_MIN, POOL_SQRT_PRICE, POOL_SQRT_MAX)
    )
    compounds = POOL_COLLECT_FEE_MODE.read(data) == COLLECT_COMPOUNDING
    if not compounds and not 0 < low <= price <= high:
        raise MalformedAccount(f"pool {address} has its price outside its range")


def _base_fee(data: bytes) -> BaseFee | None:
    cliff, count = POOL_CLIFF_FEE.read(data), POOL_BASE_FEE_COUNT.read(data)
    first, second = POOL_BASE_FEE_FIRST.read(data), POOL_BASE_FEE_SECOND.read(data)
    last = POOL_BASE_FEE_LAST.read(data)
    mode = POOL_BASE_FEE_MODE.read(data)
    if mode in (MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL):
        return TimeSchedule(
            cliff=cliff,
            is_exponential=mode == MODE_TIME_EXPONENTIAL,
            periods=count,
            frequency=POOL_BASE_FEE_LONG.read(data),
            reduction=last,
        )
    if mode == MODE_RATE_LIMITER:
        return RateLimiter(
            cliff=cliff, increment_bps=count, duration=first, max_bps=second, reference=last
        )
    if mode in (MODE_MARKET_CAP_LINEAR, MODE_MARKET_CAP_EXPONENTIAL):
        return MarketCapSchedule(
            cliff=cliff,
            is_exponential=mode == MODE_MARKET_CAP_EXPONENTIAL,
            periods=count,
            step_bps=first,
            duration=second,
            reduction=last,
        )
    return None


def _dynamic_fee(data: bytes) -> DynamicFee:
    return DynamicFee(
        max_volatility=POOL_MAX_VOLATILITY.read(data),
        variable_fee_control=POOL_VARIABLE_FEE_CONTROL.read(data),
        bin_step=POOL_BIN_STEP.read(data),
        filter_period=POOL_FILTER_PERIOD.read(data),
        decay_period=POOL_DECAY_PERIOD.read(data),
        reduction_factor=POOL_REDUCTION_FACTOR.read(data),
        bin_step_q64=POOL_BIN_STEP_Q64.read(data),
        updated_at=POOL_VOLATILITY_UPDATED_AT.read(data),
        sqrt_reference=POOL_SQRT_REFERENCE.read(data),
        volatility=POOL_VOLATILITY.read(data),
        volatility_reference=POOL_VOLATILITY_REFERENCE.read(data),
    )
