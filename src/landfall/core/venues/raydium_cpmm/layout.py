"""Raydium CPMM: the pool and its config, from bytes.

CPMM and Raydium's CLMM call their pool account by the same name, so both have the same
discriminator; the owner and the size tell them apart. A pool's address may be a random key and is
never derived. What is tradable is a vault's balance less the fees that lie in it unclaimed. On
devnet the program has another id, and so another authority.

Units: amounts in base units, rates in parts per million, `open_time` in Unix seconds.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/states/{pool,config}.rs.
"""

from dataclasses import dataclass

from landfall.core.account_fields import Address, read_both, u8, u16, u64
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.values import (
    Account,
    Accounts,
    ProgramAccountsFilter,
    Pubkey,
    Slot,
)
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed

PROGRAM_ID = Pubkey.from_string("CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C")
DEVNET_PROGRAM_ID = Pubkey.from_string("DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb")
_AUTHORITY_SEED = b"vault_and_lp_mint_auth_seed"
AUTHORITY, AUTHORITY_BUMP = Pubkey.find_program_address([_AUTHORITY_SEED], PROGRAM_ID)

POOL = AccountType(
    kind="CPMM pool",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("f7ede3f5d7c3de46"),
    size=637,
)
POOL_CONFIG = Address(8)
POOL_CREATOR = Address(40)
POOL_VAULTS = (Address(72), Address(104))
POOL_LP_MINT = Address(136)
POOL_MINTS = (Address(168), Address(200))
POOL_PROGRAMS = (Address(232), Address(264))
POOL_OBSERVATION = Address(296)
POOL_AUTHORITY_BUMP = u8(328)
POOL_STATUS = u8(329)
POOL_LP_DECIMALS = u8(330)
POOL_DECIMALS = (u8(331), u8(332))
POOL_LP_SUPPLY = u64(333)
POOL_PROTOCOL_FEES = (u64(341), u64(349))
POOL_FUND_FEES = (u64(357), u64(365))
POOL_OPEN_TIME = u64(373)
POOL_RECENT_EPOCH = u64(381)
POOL_CREATOR_FEE_ON = u8(389)
POOL_CREATOR_FEE_ENABLED = u8(390)
POOL_CREATOR_FEES = (u64(397), u64(405))

CONFIG = AccountType(
    kind="CPMM config",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("daf42168cbcb2b6f"),
    size=236,
)
CONFIG_BUMP = u8(8)
CONFIG_INDEX = u16(10)
CONFIG_TRADE_RATE = u64(12)
CONFIG_PROTOCOL_RATE = u64(20)
CONFIG_FUND_RATE = u64(28)
CONFIG_CREATOR_RATE = u64(108)

CREATOR_FEE_ON_INPUT, CREATOR_FEE_ON_TOKEN_0, CREATOR_FEE_ON_TOKEN_1 = 0, 1, 2
STATUS_SWAP_DISABLED = 4
RATE_DENOMINATOR = 1_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """The program under one of its ids, and what follows from the id."""

    address: Pubkey
    authority: Pubkey
    pool: AccountType
    config: AccountType


def program_at(address: Pubkey) -> Program:
    """The program that is deployed under this id."""
    authority, _ = Pubkey.find_program_address([_AUTHORITY_SEED], address)
    return Program(address, authority, POOL.under(address), CONFIG.under(address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A CPMM pool as of one slot, with everything a swap of it depends on.

    Pairs are in the pool's order, token 0 first. `reserves` are vault balances less unclaimed fees.
    `protocol_rate` and `fund_rate` are shares of the trade fee; `creator_rate` is 0 where the pool
    does not charge it.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    config: Pubkey
    observation: Pubkey
    status: int
    open_time: int
    reserves: tuple[int, int]
    trade_rate: int
    protocol_rate: int
    fund_rate: int
    creator_rate: int
    creator_fee_on: int


def pools_trading(
    program: Program, mint: Pubkey, other: Pubkey
) -> tuple[ProgramAccountsFilter, ...]:
    """The question that finds every pool of this pair; the program keeps mints ascending."""
    first, second = sorted((mint, other), key=bytes)
    return (program.pool.naming((POOL_MINTS[0], first), (POOL_MINTS[1], second)),)


def load(program: Program, address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: config, both mints, both vaults.

    Raises:
        MalformedAccount: something is not what the pool says it is; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = program.pool.data(address, accounts[address])
    config = POOL_CONFIG.read(data)
    mints, vaults = read_both(POOL_MINTS, data), read_both(POOL_VAULTS, data)
    if need := still_needed((config, *mints, *vaults), accounts):
        return need
    sides = load_sides(mints, vaults, program.authority, accounts)
    for side, token_program in zip(sides, POOL_PROGRAMS, strict=True):
        if token_program.read(data) != side.program:
            raise MalformedAccount(f"pool {address} names another token program for {side.mint}")
    if POOL_CREATOR_FEE_ON.read(data) > CREATOR_FEE_ON_TOKEN_1:
        raise MalformedAccount(f"pool {address} has an unknown creator fee mode")
    fees = _config_data(program, config, accounts[config])
    return decode(address, data, fees, sides, slot)


def decode(
    address: Pubkey, data: bytes, config: bytes, sides: tuple[PoolSide, PoolSide], slot: Slot
) -> Pool:
    """Pool bytes, config bytes and verified sides, put together; nothing is checked here."""
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        config=POOL_CONFIG.read(data),
        observation=POOL_OBSERVATION.read(data),
        status=POOL_STATUS.read(data),
        open_time=POOL_OPEN_TIME.read(data),
        reserves=(
            sides[0].balance - _unclaimed(data, 0),
            sides[1].balance - _unclaimed(data, 1),
        ),
        trade_rate=CONFIG_TRADE_RATE.read(config),
        protocol_rate=CONFIG_PROTOCOL_RATE.read(config),
        fund_rate=CONFIG_FUND_RATE.read(config),
        creator_rate=(
            CONFIG_CREATOR_RATE.read(config) if POOL_CREATOR_FEE_ENABLED.read(data) else 0
        ),
        creator_fee_on=POOL_CREATOR_FEE_ON.read(data),
    )


def _config_data(program: Program, address: Pubkey, account: Account | None) -> bytes:
    """A config's bytes, if its fees leave something of a trade."""
    data = program.config.data(address, account)
    trade, creator = CONFIG_TRADE_RATE.read(data), CONFIG_CREATOR_RATE.read(data)
    shares = CONFIG_PROTOCOL_RATE.read(data) + CONFIG_FUND_RATE.read(data)
    if trade + creator >= RATE_DENOMINATOR or shares > RATE_DENOMINATOR:
        raise MalformedAccount(f"config {address} has fees of 100 % or more")
    return data


def _unclaimed(data: bytes, side: int) -> int:
    return (
        POOL_PROTOCOL_FEES[side].read(data)
        + POOL_FUND_FEES[side].read(data)
        + POOL_CREATOR_FEES[side].read(data)
    )
