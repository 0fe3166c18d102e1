"""Raydium AMM v4: the pool, from bytes.

The program is older than Anchor: a pool has no discriminator, and its owner and its size tell it.
Its two mints are called coin and pc and stand in no order, so a pair has to be asked for both ways.
Pools once placed their liquidity on an order book; today none of it is there, and what is tradable
is a vault's balance less the profit that lies in it for Raydium, not yet taken. On devnet the
program has another id, and so another authority.

Units: amounts in base units, `open_time` in Unix seconds; the fee is a fraction of the input.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/{state,processor}.rs.
"""

from dataclasses import dataclass

from landfall.core.account_fields import Address, read_both, u8, u64
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.token import TOKEN_PROGRAM
from landfall.core.values import Accounts, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.vault import PoolSide, load_sides
from landfall.core.venue import NeedAccounts, still_needed

PROGRAM_ID = Pubkey.from_string("675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8")
DEVNET_PROGRAM_ID = Pubkey.from_string("DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav")
_AUTHORITY_SEED = b"amm authority"
AUTHORITY, AUTHORITY_NONCE = Pubkey.find_program_address([_AUTHORITY_SEED], PROGRAM_ID)

POOL = AccountType(kind="AMM v4 pool", program_id=PROGRAM_ID, discriminator=b"", size=752)
POOL_STATUS = u64(0)
POOL_NONCE = u8(8)
POOL_DECIMALS = (u64(32), u64(40))
POOL_SWAP_FEE_NUMERATOR = u64(176)
POOL_SWAP_FEE_DENOMINATOR = u64(184)
POOL_PROFITS_OWED = (u64(192), u64(200))
POOL_OPEN_TIME = u64(224)
POOL_VAULTS = (Address(336), Address(368))
POOL_MINTS = (Address(400), Address(432))
POOL_LP_MINT = Address(464)
POOL_MARKET = Address(528)
POOL_TARGET_ORDERS = Address(592)
POOL_OWNER = Address(688)
POOL_LP_AMOUNT = u64(720)
POOL_RECENT_EPOCH = u64(736)

STATUS_UNINITIALIZED, STATUS_INITIALIZED = 0, 1
STATUS_SWAP_ONLY, STATUS_WAITING_TRADE = 6, 7
STATUSES_THAT_SWAP = frozenset({STATUS_INITIALIZED, STATUS_SWAP_ONLY, STATUS_WAITING_TRADE})
STATUS_MAX = STATUS_WAITING_TRADE


@dataclass(frozen=True, slots=True)
class Program:
    """The program under one of its ids, and what follows from the id."""

    address: Pubkey
    authority: Pubkey
    authority_nonce: int
    pool: AccountType


def program_at(address: Pubkey) -> Program:
    """The program that is deployed under this id."""
    authority, nonce = Pubkey.find_program_address([_AUTHORITY_SEED], address)
    return Program(address, authority, nonce, POOL.under(address))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """An AMM v4 pool as of one slot, with everything a swap of it depends on.

    Pairs are in the pool's order, coin first. `reserves` are vault balances less profits owed.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    status: int
    open_time: int
    reserves: tuple[int, int]
    fee_numerator: int
    fee_denominator: int


def pools_trading(
    program: Program, mint: Pubkey, other: Pubkey
) -> tuple[ProgramAccountsFilter, ...]:
    """The questions that find every pool of this pair, whichever of the two is its coin."""
    return program.pool.trading(POOL_MINTS, mint, other)


def load(program: Program, address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: both mints, both vaults.

    Raises:
        MalformedAccount: something is not what the pool says it is; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = program.pool.data(address, accounts[address])
    if POOL_NONCE.read(data) != program.authority_nonce:
        raise MalformedAccount(f"pool {address} has the nonce of another authority")
    mints, vaults = read_both(POOL_MINTS, data), read_both(POOL_VAULTS, data)
    if need := still_needed((*mints, *vaults), accounts):
        return need
    sides = load_sides(mints, vaults, program.authority, accounts)
    for side in sides:
        if side.program != TOKEN_PROGRAM:
            raise MalformedAccount(f"mint {side.mint} is of a token program AMM v4 does not trade")
    return decode(address, data, sides, slot)


def decode(address: Pubkey, data: bytes, sides: tuple[PoolSide, PoolSide], slot: Slot) -> Pool:
    """Pool bytes and verified sides, put together; nothing is checked here."""
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        status=POOL_STATUS.read(data),
        open_time=POOL_OPEN_TIME.read(data),
        reserves=(
            sides[0].balance - POOL_PROFITS_OWED[0].read(data),
            sides[1].balance - POOL_PROFITS_OWED[1].read(data),
        ),
        fee_numerator=POOL_SWAP_FEE_NUMERATOR.read(data),
        fee_denominator=POOL_SWAP_FEE_DENOMINATOR.read(data),
    )
