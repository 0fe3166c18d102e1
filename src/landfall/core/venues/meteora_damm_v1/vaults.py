"""Meteora DAMM v1: a vault of the dynamic vault program, from bytes.

A vault's token account follows from the vault's address, and so does its LP mint, but for the
oldest vaults, which name another. Older vaults have room to spare at their end, so there are
accounts of several sizes. Only the classic token program is known, and the token's mint is not
read: a vault's LP mint has its decimals.

Units: amounts in base units, time in Unix seconds.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-vault/src/state.rs.
"""

from dataclasses import replace
from functools import lru_cache

from landfall.core.account_fields import Address, u8, u64
from landfall.core.anchor import AccountType
from landfall.core.errors import MalformedAccount
from landfall.core.token import MINT_SUPPLY, TOKEN_PROGRAM, decode_mint, decode_token_account
from landfall.core.values import Account, Accounts, Pubkey
from landfall.core.vault import PoolSide
from landfall.core.venues.meteora_damm_v1.shares import VaultStake

VAULT_PROGRAM_ID = Pubkey.from_string("24Uqj9JCLxUeoC3hGfh5W3s9FM9uCHDS2SG3LYwBpyTi")

VAULT = AccountType(
    kind="DAMM v1 vault",
    program_id=VAULT_PROGRAM_ID,
    discriminator=bytes.fromhex("d308e82b02987577"),
    size=1_232,
)
VAULT_ENABLED = u8(8)
VAULT_BUMPS = (u8(9), u8(10))
VAULT_TOTAL = u64(11)
VAULT_TOKEN_ACCOUNT = Address(19)
VAULT_MINT = Address(83)
VAULT_LP_MINT = Address(115)
VAULT_BASE = Address(1_107)
VAULT_LOCKED_PROFIT = u64(1_203)
VAULT_REPORTED_AT = u64(1_211)
VAULT_DEGRADATION = u64(1_219)


@lru_cache(maxsize=4_096)
def token_account_of(vault: Pubkey) -> Pubkey:
    """Where a vault keeps the tokens it has not lent out. Remembered, for finding an address costs
    many hashes."""
    return Pubkey.find_program_address([b"token_vault", bytes(vault)], VAULT_PROGRAM_ID)[0]


@lru_cache(maxsize=4_096)
def derived_lp_mint(vault: Pubkey) -> Pubkey:
    """The mint of a vault's shares, but for the oldest vaults; remembered."""
    return Pubkey.find_program_address([b"lp_mint", bytes(vault)], VAULT_PROGRAM_ID)[0]


def lp_mint_of(vault: Pubkey, accounts: Accounts) -> Pubkey:
    """The mint of a vault's shares: what the vault says, or what it is for most before it is read.

    Raises:
        MalformedAccount: the account is no vault.
    """
    if vault not in accounts:
        return derived_lp_mint(vault)
    return VAULT_LP_MINT.read(_data(vault, accounts[vault]))


def load_side(mint: Pubkey, vault: Pubkey, accounts: Accounts) -> PoolSide:
    """A vault's token account, from it, the vault and the LP mint.

    Raises:
        MalformedAccount: one of them is not what the pool or the vault says it is.
    """
    data = _data(vault, accounts[vault])
    address = token_account_of(vault)
    if VAULT_MINT.read(data) != mint:
        raise MalformedAccount(f"vault {vault} keeps {VAULT_MINT.read(data)}, not {mint}")
    if VAULT_TOKEN_ACCOUNT.read(data) != address:
        raise MalformedAccount(f"vault {vault} names another token account than {address}")
    tokens = decode_token_account(address, accounts[address])
    if tokens.mint != mint:
        raise MalformedAccount(f"vault {address} holds {tokens.mint}, not {mint}")
    if tokens.owner != vault:
        raise MalformedAccount(f"vault {address} is under {tokens.owner}, not {vault}")
    if tokens.is_frozen:
        raise MalformedAccount(f"vault {address} is frozen")
    lp_mint = VAULT_LP_MINT.read(data)
    shares = decode_mint(lp_mint, accounts[lp_mint])
    if not tokens.program == shares.program == TOKEN_PROGRAM:
        raise MalformedAccount(f"vault {vault} is not of the classic token program")
    return PoolSide(
        mint=mint,
        vault=address,
        program=TOKEN_PROGRAM,
        decimals=shares.decimals,
        balance=tokens.amount,
        transfer_fees=None,
    )


def load_stake(vault: Pubkey, pool_lp: Pubkey, authority: Pubkey, accounts: Accounts) -> VaultStake:
    """What the token account `pool_lp` holds of a vault whose side has been loaded.

    Raises:
        MalformedAccount: `pool_lp` holds no shares of it, or is not under `authority`.
    """
    data = _data(vault, accounts[vault])
    lp_mint = VAULT_LP_MINT.read(data)
    shares = decode_token_account(pool_lp, accounts[pool_lp])
    if shares.mint != lp_mint:
        raise MalformedAccount(f"vault LP account {pool_lp} holds {shares.mint}, not {lp_mint}")
    if shares.owner != authority:
        raise MalformedAccount(
            f"vault LP account {pool_lp} is under {shares.owner}, not {authority}"
        )
    minted = accounts[lp_mint]
    assert minted is not None
    return VaultStake(
        vault=vault,
        lp_mint=lp_mint,
        pool_lp=pool_lp,
        is_enabled=VAULT_ENABLED.read(data) != 0,
        total=VAULT_TOTAL.read(data),
        locked_profit=VAULT_LOCKED_PROFIT.read(data),
        reported_at=VAULT_REPORTED_AT.read(data),
        degradation=VAULT_DEGRADATION.read(data),
        supply=MINT_SUPPLY.read(minted.data),
        pool_shares=shares.amount,
    )


def _data(address: Pubkey, account: Account | None) -> bytes:
    """The bytes of a vault, of whatever size it was made."""
    if account is None or len(account.data) <= VAULT.size:
        return VAULT.data(address, account)
    return replace(VAULT, size=len(account.data)).data(address, account)
