"""A Meteora DAMM v1 pool as its opening would leave it, with both vaults.

A vault has lent nothing out and holds what this pool has put in; one share of it is one base unit.
On mainnet one vault per mint serves every pool; here each pool has vaults of its own, told apart by
the vaults' base address, so that pools can be opened one by one.

Units: base units; fees in basis points of the input.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-amm/src/instructions/*.rs, dynamic-vault/src/lib.rs.
"""

from collections.abc import Mapping

from landfall.core.account_fields import Address
from landfall.core.token import (
    MINT_BYTES,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    MINT_SUPPLY,
    TOKEN_PROGRAM,
    Token,
)
from landfall.core.values import Account, Pubkey
from landfall.core.venues.meteora_damm_v1 import layout, vaults
from landfall.core.venues.meteora_damm_v1.layout import PROGRAM_ID
from landfall.core.venues.meteora_damm_v1.shares import DEGRADATION_DENOMINATOR
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID
from landfall.localnet.openings.deposits import (
    Deposit,
    bump,
    derived,
    owned_account,
    token_account,
)

FEE_OWNER = Pubkey.from_string("6WaLrrRfReGKBYUSkmx2K6AuT21ida4j8at2SUiZdXu8")
FEE_DENOMINATOR = 100_000
PER_BASIS_POINT = FEE_DENOMINATOR // 10_000
PROTOCOL_SHARE = 20_000
PROFIT_UNLOCKS_SECONDS = 6 * 3_600


def pool_address(token_a: Deposit, token_b: Deposit) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints; one pair has one such pool."""
    low, high = sorted((bytes(token_a.token.mint), bytes(token_b.token.mint)))
    return derived(PROGRAM_ID, b"pool", high, low)


def open_pool(
    token_a: Deposit,
    token_b: Deposit,
    *,
    trade_fee_bps: int = 25,
    amplification: int | None = None,
    activation_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pool and everything a swap of it touches but the mints.

    Args:
        amplification: of a stable pool, whose tokens are scaled to equal decimals; None for
            constant product.
        activation_time: Unix seconds before which a constant-product pool refuses swaps.
    """
    deposits = (token_a, token_b)
    assert all(deposit.token.program == TOKEN_PROGRAM for deposit in deposits)
    pool = pool_address(token_a, token_b)
    kept_in = [
        derived(VAULT_PROGRAM_ID, b"vault", bytes(deposit.token.mint), bytes(pool))
        for deposit in deposits
    ]
    shares = [derived(PROGRAM_ID, bytes(vault), bytes(pool)) for vault in kept_in]
    fee_accounts = [
        derived(PROGRAM_ID, b"fee", bytes(deposit.token.mint), bytes(pool)) for deposit in deposits
    ]
    data = layout.POOL.blank()
    layout.POOL_LP_MINT.write(data, derived(PROGRAM_ID, b"lp_mint", bytes(pool)))
    accounts: dict[Pubkey, Account] = {}
    for side, deposit in enumerate(deposits):
        layout.POOL_MINTS[side].write(data, deposit.token.mint)
        layout.POOL_VAULTS[side].write(data, kept_in[side])
        layout.POOL_VAULT_LPS[side].write(data, shares[side])
        layout.POOL_PROTOCOL_FEES[side].write(data, fee_accounts[side])
        accounts |= _vault(pool, deposit, shares[side], shares[0])
        empty = Deposit(token=deposit.token, amount=0)
        accounts[fee_accounts[side]] = token_account(empty, FEE_OWNER)
    for field, value in (
        (layout.POOL_LP_BUMP, bump(PROGRAM_ID, bytes(kept_in[0]), bytes(pool))),
        (layout.POOL_ENABLED, 1),
        (layout.POOL_TRADE_FEE[0], trade_fee_bps * PER_BASIS_POINT),
        (layout.POOL_TRADE_FEE[1], FEE_DENOMINATOR),
        (layout.POOL_PROTOCOL_FEE[0], PROTOCOL_SHARE),
        (layout.POOL_PROTOCOL_FEE[1], FEE_DENOMINATOR),
        (layout.POOL_ACTIVATION_POINT, activation_time),
        (layout.POOL_ACTIVATION_TYPE, layout.ACTIVATION_BY_TIME),
    ):
        field.write(data, value)
    if amplification is not None:
        _write_stable(data, amplification, (token_a.token.decimals, token_b.token.decimals))
    return {pool: owned_account(PROGRAM_ID, bytes(data)), **accounts}


def _write_stable(data: bytearray, amplification: int, decimals: tuple[int, int]) -> None:
    layout.POOL_CURVE.write(data, layout.CURVE_STABLE)
    layout.POOL_AMPLIFICATION.write(data, amplification)
    for field, places in zip(layout.POOL_MULTIPLIERS, decimals, strict=True):
        field.write(data, 10 ** (max(decimals) - places))


def _vault(
    base: Pubkey, deposit: Deposit, shares: Pubkey, authority: Pubkey
) -> dict[Pubkey, Account]:
    """A vault that holds `deposit`, for which `shares`, under `authority`, got as many shares."""
    seeds = (b"vault", bytes(deposit.token.mint), bytes(base))
    vault = derived(VAULT_PROGRAM_ID, *seeds)
    tokens, lp_mint = vaults.token_account_of(vault), vaults.derived_lp_mint(vault)
    data = vaults.VAULT.blank()
    vaults.VAULT_TOKEN_ACCOUNT.write(data, tokens)
    vaults.VAULT_MINT.write(data, deposit.token.mint)
    vaults.VAULT_BASE.write(data, base)
    vaults.VAULT_LP_MINT.write(data, lp_mint)
    for field, value in (
        (vaults.VAULT_ENABLED, 1),
        (vaults.VAULT_BUMPS[0], bump(VAULT_PROGRAM_ID, *seeds)),
        (vaults.VAULT_BUMPS[1], bump(VAULT_PROGRAM_ID, b"token_vault", bytes(vault))),
        (vaults.VAULT_TOTAL, deposit.amount),
        (vaults.VAULT_DEGRADATION, DEGRADATION_DENOMINATOR // PROFIT_UNLOCKS_SECONDS),
    ):
        field.write(data, value)
    minted = bytearray(MINT_BYTES)
    # The vault mints shares, so it is the authority: a tag of 1, then its address.
    minted[0] = 1
    Address(4).write(minted, vault)
    MINT_SUPPLY.write(minted, deposit.amount)
    MINT_DECIMALS.write(minted, deposit.token.decimals)
    MINT_INITIALIZED.write(minted, 1)
    lp = Token(mint=lp_mint, decimals=deposit.token.decimals)
    return {
        vault: owned_account(VAULT_PROGRAM_ID, bytes(data)),
        tokens: token_account(deposit, vault),
        lp_mint: owned_account(TOKEN_PROGRAM, bytes(minted)),
        shares: token_account(Deposit(token=lp, amount=deposit.amount), authority),
    }
