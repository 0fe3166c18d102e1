"""A Raydium AMM v4 pool as `initialize2` would leave it.

Units: amounts in base units; the swap fee as a fraction.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/{processor,state}.rs.
"""

from collections.abc import Mapping
from math import isqrt

from landfall.core.account_fields import UInt, u64
from landfall.core.values import Account, Pubkey
from landfall.core.venues.raydium_amm import layout
from landfall.core.venues.raydium_amm.layout import AUTHORITY, AUTHORITY_NONCE, PROGRAM_ID
from landfall.localnet.openings.deposits import Deposit, derived, owned_account, token_account

RAYDIUM = Pubkey.from_string("GThUX1Atko4tqhN2NaiTazWSeFWMuiUvfFnyJyUghFMJ")
TEN_THOUSAND = 10_000
DEFAULT_SWAP_FEE = (25, TEN_THOUSAND)
CONSTANTS: tuple[tuple[UInt, int], ...] = (
    (u64(16), 7),
    (u64(24), 3),
    (u64(48), 1),
    (u64(72), 500),
    (u64(104), 1),
    (u64(112), 10**9),
    (u64(128), 5),
    (u64(136), TEN_THOUSAND),
    (u64(144), 25),
    (u64(152), TEN_THOUSAND),
    (u64(160), 12),
    (u64(168), 100),
)
"""What is the same in every fresh pool: order book settings and fees that no swap reads."""


def pool_address(market: Pubkey) -> Pubkey:
    """Where `open_pool` puts the pool of this market."""
    return _associated(market, b"amm_associated_seed")


def open_pool(
    coin: Deposit,
    pc: Deposit,
    *,
    market: Pubkey,
    swap_fee: tuple[int, int] = DEFAULT_SWAP_FEE,
    open_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pool and everything a swap of it touches: pool and both vaults.

    The price is the ratio of the deposits. The mints themselves are the caller's.

    Args:
        market: any address; only a seed of the pool's.
        swap_fee: numerator and denominator of the fee on the input.
        open_time: Unix seconds before which the pool refuses swaps; 0 opens it at once.
    """
    vaults = (
        _associated(market, b"coin_vault_associated_seed"),
        _associated(market, b"pc_vault_associated_seed"),
    )
    data = layout.POOL.blank()
    for side, deposit in enumerate((coin, pc)):
        layout.POOL_DECIMALS[side].write(data, deposit.token.decimals)
        layout.POOL_VAULTS[side].write(data, vaults[side])
        layout.POOL_MINTS[side].write(data, deposit.token.mint)
    layout.POOL_LP_MINT.write(data, _associated(market, b"lp_mint_associated_seed"))
    layout.POOL_MARKET.write(data, market)
    layout.POOL_OWNER.write(data, RAYDIUM)
    layout.POOL_TARGET_ORDERS.write(data, _associated(market, b"target_associated_seed"))
    unit = 10 ** max(coin.token.decimals, pc.token.decimals)
    for field, value in (
        *CONSTANTS,
        (u64(80), unit * 5 // 1_000),
        (u64(120), unit),
        (layout.POOL_STATUS, layout.STATUS_WAITING_TRADE if open_time else layout.STATUS_SWAP_ONLY),
        (layout.POOL_NONCE, AUTHORITY_NONCE),
        (layout.POOL_SWAP_FEE_NUMERATOR, swap_fee[0]),
        (layout.POOL_SWAP_FEE_DENOMINATOR, swap_fee[1]),
        (layout.POOL_OPEN_TIME, open_time),
        (layout.POOL_LP_AMOUNT, isqrt(coin.amount * pc.amount)),
    ):
        field.write(data, value)
    return {
        pool_address(market): owned_account(PROGRAM_ID, bytes(data)),
        vaults[0]: token_account(coin, AUTHORITY),
        vaults[1]: token_account(pc, AUTHORITY),
    }


def _associated(market: Pubkey, seed: bytes) -> Pubkey:
    return derived(PROGRAM_ID, bytes(PROGRAM_ID), bytes(market), seed)
