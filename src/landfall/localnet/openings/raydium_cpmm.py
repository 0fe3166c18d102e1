"""A Raydium CPMM pool as `initialize` would leave it.

Units: amounts in base units; rates in parts per million.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/instructions/
initialize.rs, states/{pool,config}.rs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt

from landfall.core.values import Account, Pubkey
from landfall.core.venues.raydium_cpmm import layout
from landfall.core.venues.raydium_cpmm.layout import AUTHORITY, AUTHORITY_BUMP, PROGRAM_ID
from landfall.localnet.openings.deposits import Deposit, derived, owned_account, token_account
from landfall.localnet.programs.raydium_cpmm_observation import fresh_observation


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates:
    """A config's rates in parts per million; `protocol` and `fund` are shares of `trade`."""

    trade: int = 2_500
    protocol: int = 120_000
    fund: int = 40_000
    creator: int = 0


DEFAULT_RATES = FeeRates()


def pool_address(deposits: tuple[Deposit, Deposit], config_index: int) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints under this config."""
    mints = sorted(bytes(deposit.token.mint) for deposit in deposits)
    return derived(PROGRAM_ID, b"pool", bytes(_config_address(config_index)), *mints)


def open_pool(
    deposits: tuple[Deposit, Deposit],
    *,
    config_index: int = 0,
    rates: FeeRates = DEFAULT_RATES,
    creator_fee_on: int | None = None,
    creator: Pubkey = AUTHORITY,
    open_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pool and everything a swap of it touches: config, pool, vaults, observation.

    The price is the ratio of the deposits. The mints themselves are the caller's.

    Args:
        deposits: in any order; the pool keeps its mints ascending.
        config_index: pools of one index share a config, and must be given the same rates.
        creator_fee_on: 0 on the input, 1 always token 0, 2 always token 1; None charges none.
        open_time: Unix seconds before which the pool refuses swaps.
    """
    config = _config_address(config_index)
    pool = pool_address(deposits, config_index)
    ordered = sorted(deposits, key=lambda deposit: bytes(deposit.token.mint))
    vault_0, vault_1 = (
        derived(PROGRAM_ID, b"pool_vault", bytes(pool), bytes(deposit.token.mint))
        for deposit in ordered
    )
    observation = derived(PROGRAM_ID, b"observation", bytes(pool))
    data = layout.POOL.blank()
    for address_field, address in (
        (layout.POOL_CONFIG, config),
        (layout.POOL_CREATOR, creator),
        (layout.POOL_VAULTS[0], vault_0),
        (layout.POOL_VAULTS[1], vault_1),
        (layout.POOL_LP_MINT, derived(PROGRAM_ID, b"pool_lp_mint", bytes(pool))),
        (layout.POOL_MINTS[0], ordered[0].token.mint),
        (layout.POOL_MINTS[1], ordered[1].token.mint),
        (layout.POOL_PROGRAMS[0], ordered[0].token.program),
        (layout.POOL_PROGRAMS[1], ordered[1].token.program),
        (layout.POOL_OBSERVATION, observation),
    ):
        address_field.write(data, address)
    for field, value in (
        (layout.POOL_AUTHORITY_BUMP, AUTHORITY_BUMP),
        (layout.POOL_LP_DECIMALS, 9),
        (layout.POOL_DECIMALS[0], ordered[0].token.decimals),
        (layout.POOL_DECIMALS[1], ordered[1].token.decimals),
        (layout.POOL_LP_SUPPLY, isqrt(ordered[0].amount * ordered[1].amount)),
        (layout.POOL_OPEN_TIME, open_time),
        (layout.POOL_CREATOR_FEE_ON, creator_fee_on or 0),
        (layout.POOL_CREATOR_FEE_ENABLED, int(creator_fee_on is not None)),
    ):
        field.write(data, value)
    return {
        config: owned_account(PROGRAM_ID, _config_bytes(config_index, rates)),
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vault_0: token_account(ordered[0], AUTHORITY),
        vault_1: token_account(ordered[1], AUTHORITY),
        observation: owned_account(PROGRAM_ID, fresh_observation(pool)),
    }


def _config_address(index: int) -> Pubkey:
    return derived(PROGRAM_ID, b"amm_config", index.to_bytes(2, "big"))


def _config_bytes(index: int, rates: FeeRates) -> bytes:
    data = layout.CONFIG.blank()
    _, bump = Pubkey.find_program_address([b"amm_config", index.to_bytes(2, "big")], PROGRAM_ID)
    for field, value in (
        (layout.CONFIG_BUMP, bump),
        (layout.CONFIG_INDEX, index),
        (layout.CONFIG_TRADE_RATE, rates.trade),
        (layout.CONFIG_PROTOCOL_RATE, rates.protocol),
        (layout.CONFIG_FUND_RATE, rates.fund),
        (layout.CONFIG_CREATOR_RATE, rates.creator),
    ):
        field.write(data, value)
    return bytes(data)
