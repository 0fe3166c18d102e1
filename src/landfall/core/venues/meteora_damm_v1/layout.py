"""Meteora DAMM v1: the pool, from bytes.

A pool's reserves are not in it but in two vaults (`vaults`), of which it holds shares. Older pools
have room to spare at their end, so there are accounts of two sizes. DAMM v2 gives its pool account
the same name; the owner tells them apart.

Units: amounts in base units; a point is a slot or a Unix second, as `activation_type` says.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-amm/src/state.rs.
"""

from dataclasses import dataclass, replace

from landfall.core.account_fields import Address, check_at_most, read_both, u8, u64
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.values import Account, Accounts, ProgramAccountsFilter, Pubkey, Slot
from landfall.core.vault import PoolSide
from landfall.core.venue import NeedAccounts, still_needed
from landfall.core.venues.meteora_damm_v1 import stable
from landfall.core.venues.meteora_damm_v1.shares import VaultStake
from landfall.core.venues.meteora_damm_v1.stable import StableCurve
from landfall.core.venues.meteora_damm_v1.vaults import (
    load_side,
    load_stake,
    lp_mint_of,
    token_account_of,
)

PROGRAM_ID = Pubkey.from_string("Eo7WjKq67rjJQSZxS6z3YkapzY3eMj6Xy8X5EQVn5UaB")

POOL = AccountType(
    kind="DAMM v1 pool",
    program_id=PROGRAM_ID,
    discriminator=bytes.fromhex("f19a6d0411b16dbc"),
    size=952,
)
POOLS = (POOL, replace(POOL, size=1_387))
"""Pools of today, and the larger ones of the first year; the fields are the same."""
POOL_LP_MINT = Address(8)
POOL_MINTS = (Address(40), Address(72))
POOL_VAULTS = (Address(104), Address(136))
POOL_VAULT_LPS = (Address(168), Address(200))
POOL_LP_BUMP = u8(232)
POOL_ENABLED = u8(233)
POOL_PROTOCOL_FEES = (Address(234), Address(266))
POOL_TRADE_FEE = (u64(330), u64(338))
POOL_PROTOCOL_FEE = (u64(346), u64(354))
POOL_STAKE = Address(363)
POOL_ACTIVATION_POINT = u64(403)
POOL_WHITELISTED_VAULT = Address(411)
POOL_ACTIVATION_TYPE = u8(475)
POOL_CURVE = u8(874)
POOL_AMPLIFICATION = u64(875)
POOL_MULTIPLIERS = (u64(883), u64(891))
POOL_PRICE = u64(900)
POOL_PRICED_AT = u64(908)
POOL_DEPEG = u8(916)

CURVE_CONSTANT_PRODUCT, CURVE_STABLE = 0, 1
ACTIVATION_BY_SLOT, ACTIVATION_BY_TIME = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A DAMM v1 pool as of one slot. Pairs are in the pool's order, token A first.

    `sides` are the vaults' token accounts, which other pools share; `stakes` are what the pool
    owns of the vaults. `curve` is None for constant product. Fees are (numerator, denominator);
    the protocol's is a share of the trade fee and goes to `protocol_fee_accounts`.
    """

    address: Pubkey
    context_slot: Slot
    mints: tuple[Pubkey, Pubkey]
    sides: tuple[PoolSide, PoolSide]
    stakes: tuple[VaultStake, VaultStake]
    protocol_fee_accounts: tuple[Pubkey, Pubkey]
    is_enabled: bool
    activation_type: int
    activation_point: int
    whitelisted_vault: Pubkey
    trade_fee: tuple[int, int]
    protocol_fee: tuple[int, int]
    curve: StableCurve | None


def pools_trading(mint: Pubkey, other: Pubkey) -> tuple[ProgramAccountsFilter, ...]:
    """The questions that find every pool of this pair: either mint may be token A."""
    return tuple(question for pool in POOLS for question in pool.trading(POOL_MINTS, mint, other))


def load(address: Pubkey, accounts: Accounts, slot: Slot) -> Pool | NeedAccounts:
    """The pool at `address`, or the accounts still to be read: both vaults, their token accounts
    and LP mints, the pool's shares, and the stake pool of a depeg pool.

    Raises:
        MalformedAccount: something is not what the pool says it is, or of a kind this model does
            not know; the message names it.
    """
    if address not in accounts:
        return NeedAccounts((address,))
    data = _pool_data(address, accounts[address])
    vaults, lps = read_both(POOL_VAULTS, data), read_both(POOL_VAULT_LPS, data)
    stake = stake_pool(data)
    wanted = (
        *vaults,
        *lps,
        *(token_account_of(vault) for vault in vaults),
        *(lp_mint_of(vault, accounts) for vault in vaults),
        *(() if stake is None else (stake,)),
    )
    if need := still_needed(wanted, accounts):
        return need
    _check_known(address, data)
    mints = read_both(POOL_MINTS, data)
    if vaults[0] == vaults[1] or mints[0] == mints[1]:
        raise MalformedAccount(f"pool {address} names the same vault or mint twice")
    sides = (load_side(mints[0], vaults[0], accounts), load_side(mints[1], vaults[1], accounts))
    stakes = (
        load_stake(vaults[0], lps[0], lps[0], accounts),
        load_stake(vaults[1], lps[1], lps[0], accounts),
    )
    return _decode(address, data, sides, stakes, accounts, slot)


def stake_pool(data: bytes) -> Pubkey | None:
    """The stake pool by which a depeg pool is priced; None for any other pool."""
    if POOL_CURVE.read(data) != CURVE_STABLE:
        return None
    return stable.stake_account(POOL_DEPEG.read(data), POOL_STAKE.read(data))


def _decode(
    address: Pubkey,
    data: bytes,
    sides: tuple[PoolSide, PoolSide],
    stakes: tuple[VaultStake, VaultStake],
    accounts: Accounts,
    slot: Slot,
) -> Pool:
    return Pool(
        address=address,
        context_slot=slot,
        mints=(sides[0].mint, sides[1].mint),
        sides=sides,
        stakes=stakes,
        protocol_fee_accounts=read_both(POOL_PROTOCOL_FEES, data),
        is_enabled=POOL_ENABLED.read(data) == 1,
        activation_type=POOL_ACTIVATION_TYPE.read(data),
        activation_point=POOL_ACTIVATION_POINT.read(data),
        whitelisted_vault=POOL_WHITELISTED_VAULT.read(data),
        trade_fee=read_both(POOL_TRADE_FEE, data),
        protocol_fee=read_both(POOL_PROTOCOL_FEE, data),
        curve=_curve(data, accounts),
    )


def _pool_data(address: Pubkey, account: Account | None) -> bytes:
    for pool in POOLS[1:]:
        if account is not None and len(account.data) == pool.size:
            return pool.data(address, account)
    return POOL.data(address, account)


def _curve(data: bytes, accounts: Accounts) -> StableCurve | None:
    if POOL_CURVE.read(data) == CURVE_CONSTANT_PRODUCT:
        return None
    depeg, stake = POOL_DEPEG.read(data), stake_pool(data)
    account = None if stake is None else accounts[stake]
    return StableCurve(
        amplification=POOL_AMPLIFICATION.read(data),
        multipliers=read_both(POOL_MULTIPLIERS, data),
        depeg=depeg,
        stake_pool=stake,
        price=POOL_PRICE.read(data),
        priced_at=POOL_PRICED_AT.read(data),
        fresh_price=None if account is None else stable.stake_price(depeg, account.data),
    )


def _check_known(address: Pubkey, data: bytes) -> None:
    limits = (
        ("curve", POOL_CURVE, CURVE_STABLE),
        ("activation type", POOL_ACTIVATION_TYPE, ACTIVATION_BY_TIME),
        *((("depeg type", POOL_DEPEG, stable.DEPEG_SPL_STAKE),) * POOL_CURVE.read(data)),
    )
    check_at_most(f"pool {address}", data, limits)
    for numerator, denominator in (POOL_TRADE_FEE, POOL_PROTOCOL_FEE):
        if not numerator.read(data) <= denominator.read(data) > 0:
            raise MalformedAccount(f"pool {address} has a fee above 100 %")
    shape = (POOL_AMPLIFICATION.read(data), *read_both(POOL_MULTIPLIERS, data))
    if POOL_CURVE.read(data) == CURVE_STABLE and 0 in shape:
        raise MalformedAccount(f"pool {address} has a stable curve without a shape")
