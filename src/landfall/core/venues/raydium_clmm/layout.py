"""Raydium CLMM: where things are in its accounts, and how a pool is put together from them.

What a swap does next depends on ticks, and a pool may have thousands. `load` asks for the arrays
in use nearest to the price, at most `ARRAYS_EACH_WAY` in each direction; a swap that would run past
them is refused. A pool starts with the same eight bytes as a CPMM pool: owner and size tell. On
devnet the program has another id, under which it keeps arrays and extensions elsewhere.

Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/{pool,config,
pool_fee}.rs.
"""

from dataclasses import dataclass, field
from itertools import islice

from landfall.core.account_fields import (
    Address,
    check_at_most,
    i32,
    read_both,
    u8,
    u16,
    u32,
    u64,
    u128,
)
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.values import Account, Accounts, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed
from landfall.core.venues.raydium_clmm.dynamic_fee import REDUCTION_DENOMINATOR, DynamicFee
from landfall.core.venues.raydium_clmm.price_step import RATE_DENOMINATOR
from landfall.core.venues.raydium_clmm.tick_array import (
    PROGRAM_ID,
    TICK_ARRAY,
    TickArray,
    array_address,
    load_array,
)
from landfall.core.venues.raydium_clmm.tick_map import (
    EXTENSION,
    EXTENSION_POOL,
    TickMap,
    extension_address,
    tick_map,
)
from landfall.core.venues.raydium_clmm.tick_math import (
    MAX_SQRT_PRICE,
    MAX_TICK,
    MIN_SQRT_PRICE,
    MIN_TICK,
)

ARRAYS_EACH_WAY = 10
"""More than one transaction has room to name, and a swap has compute units to cross."""

POOL = AccountType(
    kind="CLMM pool",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("f7ede3f5d7c3de46"),
    size=1_544,
)
POOL_CONFIG = Address(9)
POOL_MINTS = (Address(73), Address(105))
POOL_VAULTS = (Address(137), Address(169))
POOL_OBSERVATION = Address(201)
POOL_DECIMALS = (u8(233), u8(234))
POOL_TICK_SPACING = u16(235)
POOL_LIQUIDITY = u128(237)
POOL_SQRT_PRICE = u128(253)
POOL_TICK = i32(269)
POOL_FEE_GROWTH = (u128(277), u128(293))
POOL_PROTOCOL_FEES = (u64(309), u64(317))
POOL_STATUS = u8(389)
POOL_FEE_ON = u8(390)
POOL_TICK_BITMAP = slice(904, 1_032)
POOL_FUND_FEES = (u64(1_064), u64(1_072))
POOL_OPEN_TIME = u64(1_080)
POOL_RECENT_EPOCH = u64(1_088)
POOL_DYNAMIC_FEE = slice(1_096, 1_176)
DYNAMIC_FILTER_PERIOD = u16(1_096)
DYNAMIC_DECAY_PERIOD = u16(1_098)
DYNAMIC_REDUCTION_FACTOR = u16(1_100)
DYNAMIC_CONTROL = u32(1_102)
DYNAMIC_ACCUMULATOR_MAX = u32(1_106)
DYNAMIC_INDEX_REFERENCE = i32(1_110)
DYNAMIC_REFERENCE = u32(1_114)
DYNAMIC_ACCUMULATOR = u32(1_118)
DYNAMIC_UPDATED_AT = u64(1_122)

CONFIG = AccountType(
    kind="CLMM config",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("daf42168cbcb2b6f"),
    size=117,
)
CONFIG_INDEX = u16(9)
CONFIG_PROTOCOL_RATE = u32(43)
CONFIG_TRADE_RATE = u32(47)
CONFIG_TICK_SPACING = u16(51)
CONFIG_FUND_RATE = u32(53)

STATUS_SWAP_DISABLED = 16
FEE_ON_INPUT, FEE_ON_TOKEN_0, FEE_ON_TOKEN_1 = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Program:
    """The program under one of its ids, and the kinds of account that it owns there."""

    address: Pubkey
    pool: AccountType
    config: AccountType
    extension: AccountType
    tick_array: AccountType


def program_at(address: Pubkey) -> Program:
    """The program that is deployed under this id."""
    kinds = (kind.under(address) for kind in (POOL, CONFIG, EXTENSION, TICK_ARRAY))
    return Program(address, *kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A CLMM pool as of one slot, with everything a swap of it depends on.

    `protocol_rate` and `fund_rate` are shares of the fee. `below` and `above` are the tick arrays
    read that a swap in that direction can reach, nearest first; the price's own may be in both.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    config: Pubkey
    observation: Pubkey
    status: int
    open_time: int
    fee_on: int
    trade_rate: int
    protocol_rate: int
    fund_rate: int
    dynamic_fee: DynamicFee | None
    liquidity: int
    sqrt_price: int
    tick: int
    tick_map: TickMap
    extension: Pubkey | None
    below: tuple[TickArray, ...] = field(repr=False)
    above: tuple[TickArray, ...] = field(repr=False)


def pools_trading(
    program: Program, mint: Pubkey, other: Pubkey
) -> tuple[ProgramAccountsFilter, ...]:
    """The question that finds every pool of this pair; the program keeps mints ascending."""
    first, second = sorted((mint, other), key=bytes)
    return (program.pool.naming((POOL_MINTS[0], first), (POOL_MINTS[1], second)),)


def load(program: Program, address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read.

    First the pool and the extension of its bitmap, then everything these two name: the config, both
    mints, both vaults and the tick arrays nearest to the price.

    Raises:
        MalformedAccount: something is not what the pool says it is; the message names it.
    """
    extension_key = extension_address(program.address, address)
    if address not in accounts:
        return NeedAccounts((address, extension_key))
    data = program.pool.data(address, accounts[address])
    _check_known(address, data)
    config = POOL_CONFIG.read(data)
    mints, vaults = read_both(POOL_MINTS, data), read_both(POOL_VAULTS, data)
    extension = _extension_data(program, address, extension_key, accounts.get(extension_key))
    ticks = tick_map(data[POOL_TICK_BITMAP], extension, POOL_TICK_SPACING.read(data))
    below, above = (
        tuple(islice(ticks.reached(POOL_TICK.read(data), down), ARRAYS_EACH_WAY))
        for down in (True, False)
    )
    span = ticks.ticks_per_array
    near = {
        number: array_address(program.address, address, number * span)
        for number in dict.fromkeys((*below, *above))
    }
    wanted = (extension_key, config, *mints, *vaults, *near.values())
    if need := still_needed(wanted, accounts):
        return need
    arrays = {
        number: load_array(
            program.tick_array, address, number * span, ticks.tick_spacing, key, account
        )
        for number, key in near.items()
        if (account := accounts[key]) is not None
    }
    return decode(
        address,
        data,
        config=_config_data(program, config, accounts[config]),
        sides=load_sides(mints, vaults, address, accounts),
        slot=slot,
        ticks=ticks,
        extension=None if extension is None else extension_key,
        below=tuple(arrays[number] for number in below if number in arrays),
        above=tuple(arrays[number] for number in above if number in arrays),
    )


def decode(
    address: Pubkey,
    data: bytes,
    *,
    config: bytes,
    sides: tuple[PoolSide, PoolSide],
    slot: Slot,
    ticks: TickMap,
    extension: Pubkey | None,
    below: tuple[TickArray, ...],
    above: tuple[TickArray, ...],
) -> Pool:
    """Pool bytes and what was verified of the rest, put together; nothing is checked here."""
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        config=POOL_CONFIG.read(data),
        observation=POOL_OBSERVATION.read(data),
        status=POOL_STATUS.read(data),
        open_time=POOL_OPEN_TIME.read(data),
        fee_on=POOL_FEE_ON.read(data),
        trade_rate=CONFIG_TRADE_RATE.read(config),
        protocol_rate=CONFIG_PROTOCOL_RATE.read(config),
        fund_rate=CONFIG_FUND_RATE.read(config),
        dynamic_fee=_dynamic_fee(data),
        liquidity=POOL_LIQUIDITY.read(data),
        sqrt_price=POOL_SQRT_PRICE.read(data),
        tick=POOL_TICK.read(data),
        tick_map=ticks,
        extension=extension,
        below=below,
        above=above,
    )


def _dynamic_fee(data: bytes) -> DynamicFee | None:
    if not any(data[POOL_DYNAMIC_FEE]):
        return None
    return DynamicFee(
        filter_period=DYNAMIC_FILTER_PERIOD.read(data),
        decay_period=DYNAMIC_DECAY_PERIOD.read(data),
        reduction_factor=DYNAMIC_REDUCTION_FACTOR.read(data),
        control=DYNAMIC_CONTROL.read(data),
        accumulator_max=DYNAMIC_ACCUMULATOR_MAX.read(data),
        index_reference=DYNAMIC_INDEX_REFERENCE.read(data),
        reference=DYNAMIC_REFERENCE.read(data),
        accumulator=DYNAMIC_ACCUMULATOR.read(data),
        updated_at=DYNAMIC_UPDATED_AT.read(data),
    )


def _check_known(address: Pubkey, data: bytes) -> None:
    limits = (
        ("fee mode", POOL_FEE_ON, FEE_ON_TOKEN_1),
        ("reduction factor", DYNAMIC_REDUCTION_FACTOR, REDUCTION_DENOMINATOR),
    )
    check_at_most(f"pool {address}", data, limits)
    if POOL_TICK_SPACING.read(data) == 0:
        raise MalformedAccount(f"pool {address} has no tick spacing")
    if not MIN_SQRT_PRICE <= POOL_SQRT_PRICE.read(data) < MAX_SQRT_PRICE:
        raise MalformedAccount(f"pool {address} has a price beyond all ticks")
    if not MIN_TICK - 1 <= POOL_TICK.read(data) <= MAX_TICK:
        raise MalformedAccount(f"pool {address} is at a tick beyond all ticks")


def _extension_data(
    program: Program, pool: Pubkey, address: Pubkey, account: Account | None
) -> bytes | None:
    """The extension's bytes; None where the pool has none, or it is not read yet."""
    if account is None:
        return None
    data = program.extension.data(address, account)
    if EXTENSION_POOL.read(data) != pool:
        raise MalformedAccount(f"bitmap extension {address} is not of pool {pool}")
    return data


def _config_data(program: Program, address: Pubkey, account: Account | None) -> bytes:
    """A config's bytes, if its fees leave something of a trade."""
    data = program.config.data(address, account)
    shares = CONFIG_PROTOCOL_RATE.read(data) + CONFIG_FUND_RATE.read(data)
    if CONFIG_TRADE_RATE.read(data) >= RATE_DENOMINATOR or shares > RATE_DENOMINATOR:
        raise MalformedAccount(f"config {address} has fees of 100 % or more")
    return data
