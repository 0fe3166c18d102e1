"""Meteora DBC: its pools and their configurations, from bytes.

A pool holds what moves: reserves, price, volatility. What does not, its curve and its fees, is in
the configuration it names, which many pools share; so does the quote mint, which therefore cannot
be asked for when pools are looked for.

Pools of a mint with a transfer hook are accounts of another type, swapped by another instruction;
they are refused. So is a mint with a transfer fee: the program would book what it did not receive.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/state/
{config,virtual_pool,fee}.rs; dynamic-bonding-curve-sdk 1.5.12 for the types with transfer hooks.
"""

from dataclasses import dataclass
from itertools import pairwise, takewhile

from landfall.core.account_fields import Address, check_at_most, read_both, u8, u16, u32, u64, u128
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.fee_schedules import (
    CLIFF_FEE_MAX,
    SQRT_PRICE_MAX,
    SQRT_PRICE_MIN,
    DynamicFee,
    RateLimiter,
    TimeSchedule,
)
from landfall.core.values import (
    BPS_DENOMINATOR,
    Account,
    Accounts,
    ProgramAccountsFilter,
    Pubkey,
    Slot,
)
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed

PROGRAM_ID = Pubkey.from_string("dbcij3LWUppWqq96dh6gJWwBifmcGfLSB5D4DuSMaqN")
AUTHORITY, _ = Pubkey.find_program_address([b"pool_authority"], PROGRAM_ID)
EVENT_AUTHORITY, _ = Pubkey.find_program_address([b"__event_authority"], PROGRAM_ID)

CONFIG = AccountType(
    kind="DBC configuration",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("1a6c0e7b74e6812b"),
    size=1_048,
)
CONFIG_QUOTE_MINT = Address(8)
CONFIG_CLIFF_FEE = u64(104)
CONFIG_BASE_FEE_SECOND = u64(112)
CONFIG_BASE_FEE_THIRD = u64(120)
CONFIG_BASE_FEE_FIRST = u16(128)
CONFIG_BASE_FEE_MODE = u8(130)
CONFIG_DYNAMIC_ENABLED = u8(136)
CONFIG_MAX_VOLATILITY = u32(144)
CONFIG_VARIABLE_FEE_CONTROL = u32(148)
CONFIG_BIN_STEP = u16(152)
CONFIG_FILTER_PERIOD = u16(154)
CONFIG_DECAY_PERIOD = u16(156)
CONFIG_REDUCTION_FACTOR = u16(158)
CONFIG_BIN_STEP_Q64 = u128(168)
CONFIG_COLLECT_FEE_MODE = u8(232)
CONFIG_ACTIVATION_TYPE = u8(234)
CONFIG_CREATOR_PERCENT = u8(245)
CONFIG_MIGRATION_QUOTE = u64(264)
CONFIG_MIGRATION_BASE = u64(272)
CONFIG_MIGRATION_SQRT_PRICE = u128(280)
CONFIG_VESTING = tuple(u64(offset) for offset in range(296, 336, 8))
CONFIG_SQRT_START = u128(392)
CURVE_POINTS = 20
CONFIG_CURVE = tuple((u128(408 + 32 * i), u128(424 + 32 * i)) for i in range(CURVE_POINTS))

POOL = AccountType(
    kind="DBC pool",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("d5e005d16245775c"),
    size=424,
)
HOOKED_POOL_DISCRIMINATOR = bytes.fromhex("eddbb8172abda923")
POOL_VOLATILITY_UPDATED_AT = u64(8)
POOL_SQRT_REFERENCE = u128(24)
POOL_VOLATILITY = u128(40)
POOL_VOLATILITY_REFERENCE = u128(56)
POOL_CONFIG = Address(72)
POOL_BASE_MINT = Address(136)
POOL_VAULTS = (Address(168), Address(200))
POOL_RESERVES = (u64(232), u64(240))
POOL_PROTOCOL_FEES = (u64(248), u64(256))
POOL_PARTNER_FEES = (u64(264), u64(272))
POOL_SQRT_PRICE = u128(280)
POOL_ACTIVATION_POINT = u64(296)
POOL_MIGRATION_PROGRESS = u8(308)
POOL_TOTAL_PROTOCOL_FEES = (u64(312), u64(320))
POOL_TOTAL_TRADING_FEES = (u64(328), u64(336))
POOL_FINISHED_AT = u64(344)
POOL_CREATOR_FEES = (u64(352), u64(360))
POOL_HAS_SWAP = u8(370)

MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL, MODE_RATE_LIMITER = 0, 1, 2
COLLECT_ONLY_QUOTE, COLLECT_ON_OUTPUT = 0, 1
ACTIVATION_BY_SLOT, ACTIVATION_BY_TIME = 0, 1
PROGRESS_POST_BONDING, PROGRESS_LOCKED_VESTING = 1, 2
LIMITER_MAX_BPS = 9_900
"""Where every limiter ends; a configuration cannot choose it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A DBC pool as of one slot. Pairs are in the pool's order, base token first.

    `curve` are points (square-root price, liquidity below it), rising, the unused ones zero.
    The curve ends where `reserves` hold `migration_quote`; the base vault must then still hold
    `migration_base` beyond `base_owed`, the fees and vestings to be paid from it. `base_fee` is
    None where its mode is unknown.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    config: Pubkey
    activation_type: int
    activation_point: int
    collect_fee_mode: int
    creator_percent: int
    base_fee: TimeSchedule | RateLimiter | None
    dynamic_fee: DynamicFee | None
    curve: tuple[tuple[int, int], ...]
    sqrt_start: int
    sqrt_price: int
    reserves: tuple[int, int]
    migration_quote: int
    migration_base: int
    migration_sqrt_price: int
    base_owed: int
    has_vesting: bool


def pools_trading(mint: Pubkey, other: Pubkey) -> tuple[ProgramAccountsFilter, ...]:
    """The two questions that find every pool of this pair: a pool names its base mint alone."""
    return tuple(POOL.naming((POOL_BASE_MINT, base)) for base in (mint, other))


def load(address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: configuration, mints, vaults.

    Raises:
        MalformedAccount: something is not what the pool says it is, or of a kind this model does
            not know; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = _pool_data(address, accounts[address])
    config = POOL_CONFIG.read(data)
    vaults = read_both(POOL_VAULTS, data)
    base_mint = POOL_BASE_MINT.read(data)
    if need := still_needed((config, base_mint, *vaults), accounts):
        return need
    config_data = CONFIG.data(config, accounts[config])
    quote_mint = CONFIG_QUOTE_MINT.read(config_data)
    if quote_mint not in accounts:
        return NeedAccounts((quote_mint,))
    sides = load_sides((base_mint, quote_mint), vaults, AUTHORITY, accounts)
    for side in sides:
        if side.transfer_fees is not None:
            raise MalformedAccount(f"pool {address}: mint {side.mint} has a transfer fee")
    _check_known(config, config_data)
    pool = decode(address, data, config_data, sides, slot)
    _check_curve(pool)
    return pool


def decode(
    address: Pubkey, data: bytes, config: bytes, sides: tuple[PoolSide, PoolSide], slot: Slot
) -> Pool:
    """Pool and configuration bytes and verified sides, put together; nothing is checked here."""
    vesting = [field.read(config) for field in CONFIG_VESTING]
    per_period, _, _, periods, cliff_unlock = vesting
    fees = (POOL_PARTNER_FEES, POOL_PROTOCOL_FEES, POOL_CREATOR_FEES)
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        config=POOL_CONFIG.read(data),
        activation_type=CONFIG_ACTIVATION_TYPE.read(config),
        activation_point=POOL_ACTIVATION_POINT.read(data),
        collect_fee_mode=CONFIG_COLLECT_FEE_MODE.read(config),
        creator_percent=CONFIG_CREATOR_PERCENT.read(config),
        base_fee=_base_fee(config),
        dynamic_fee=_dynamic_fee(data, config),
        curve=tuple(
            (price.read(config), liquidity.read(config)) for price, liquidity in CONFIG_CURVE
        ),
        sqrt_start=CONFIG_SQRT_START.read(config),
        sqrt_price=POOL_SQRT_PRICE.read(data),
        reserves=read_both(POOL_RESERVES, data),
        migration_quote=CONFIG_MIGRATION_QUOTE.read(config),
        migration_base=CONFIG_MIGRATION_BASE.read(config),
        migration_sqrt_price=CONFIG_MIGRATION_SQRT_PRICE.read(config),
        base_owed=sum(of[0].read(data) for of in fees) + cliff_unlock + per_period * periods,
        has_vesting=any(vesting),
    )


def _pool_data(address: Pubkey, account: Account | None) -> bytes:
    hooked = account is not None and account.data.startswith(HOOKED_POOL_DISCRIMINATOR)
    if hooked and account is not None and account.owner == PROGRAM_ID:
        raise MalformedAccount(f"pool {address} is of a mint with a transfer hook")
    return POOL.data(address, account)


def _base_fee(config: bytes) -> TimeSchedule | RateLimiter | None:
    mode, cliff = CONFIG_BASE_FEE_MODE.read(config), CONFIG_CLIFF_FEE.read(config)
    first, second, third = (
        field.read(config)
        for field in (CONFIG_BASE_FEE_FIRST, CONFIG_BASE_FEE_SECOND, CONFIG_BASE_FEE_THIRD)
    )
    if mode in (MODE_TIME_LINEAR, MODE_TIME_EXPONENTIAL):
        return TimeSchedule(
            cliff=cliff,
            is_exponential=mode == MODE_TIME_EXPONENTIAL,
            periods=first,
            frequency=second,
            reduction=third,
        )
    if mode == MODE_RATE_LIMITER:
        return RateLimiter(
            cliff=cliff,
            increment_bps=first,
            duration=second,
            max_bps=LIMITER_MAX_BPS,
            reference=third,
        )
    return None


def _dynamic_fee(data: bytes, config: bytes) -> DynamicFee | None:
    if not CONFIG_DYNAMIC_ENABLED.read(config):
        return None
    return DynamicFee(
        max_volatility=CONFIG_MAX_VOLATILITY.read(config),
        variable_fee_control=CONFIG_VARIABLE_FEE_CONTROL.read(config),
        bin_step=CONFIG_BIN_STEP.read(config),
        filter_period=CONFIG_FILTER_PERIOD.read(config),
        decay_period=CONFIG_DECAY_PERIOD.read(config),
        reduction_factor=CONFIG_REDUCTION_FACTOR.read(config),
        bin_step_q64=CONFIG_BIN_STEP_Q64.read(config),
        updated_at=POOL_VOLATILITY_UPDATED_AT.read(data),
        sqrt_reference=POOL_SQRT_REFERENCE.read(data),
        volatility=POOL_VOLATILITY.read(data),
        volatility_reference=POOL_VOLATILITY_REFERENCE.read(data),
    )


def _check_known(address: Pubkey, config: bytes) -> None:
    limits = (
        ("base fee mode", CONFIG_BASE_FEE_MODE, MODE_RATE_LIMITER),
        ("collect fee mode", CONFIG_COLLECT_FEE_MODE, COLLECT_ON_OUTPUT),
        ("activation type", CONFIG_ACTIVATION_TYPE, ACTIVATION_BY_TIME),
        ("creator's share", CONFIG_CREATOR_PERCENT, 100),
        ("cliff fee", CONFIG_CLIFF_FEE, CLIFF_FEE_MAX),
        ("reduction factor", CONFIG_REDUCTION_FACTOR, BPS_DENOMINATOR),
    )
    check_at_most(f"configuration {address}", config, limits)


def _check_curve(pool: Pool) -> None:
    """Refuse a curve that does not rise from where it starts, or that the price has left."""
    used = tuple(takewhile(any, pool.curve))
    prices = (pool.sqrt_start, *(price for price, _ in used))
    rises = all(low < high for low, high in pairwise(prices))
    has_gap = any(map(any, pool.curve[len(used) :])) or not all(depth for _, depth in used)
    if not used or not rises or has_gap:
        raise MalformedAccount(f"pool {pool.address} has a curve that does not rise")
    if not SQRT_PRICE_MIN <= pool.sqrt_start <= pool.sqrt_price <= SQRT_PRICE_MAX:
        raise MalformedAccount(f"pool {pool.address} has its price outside its curve")
