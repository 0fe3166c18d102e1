"""A Meteora DBC pool part of the way up its curve, as its launch and first buyers would leave it.

Units: amounts in base units; square-root prices in Q64.64; fee numerators in parts per 1e9.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
{instructions/initialize_pool/*,state/{config,virtual_pool}}.rs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt

from landfall.core.token import Token
from landfall.core.values import Account, Pubkey, ceil_div
from landfall.core.venues.meteora_dbc import layout
from landfall.core.venues.meteora_dbc.layout import AUTHORITY, PROGRAM_ID
from landfall.localnet.openings.deposits import Deposit, derived, owned_account, token_account

CREATOR_PERCENT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What is sold, for what, and along which prices.

    A price is (quote, base) in base units of both. Between one price of `prices` and the next,
    rising, as much quote comes in as `takes` says; `raised` of their sum has come in already. The
    migration keeps `for_migration` of the base token.
    """

    base: Token
    quote: Token
    prices: tuple[tuple[int, int], ...]
    takes: tuple[int, ...]
    raised: int
    for_migration: int
    fee_numerator: int = 10_000_000


def pool_address(base: Token, quote: Token) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints."""
    low, high = sorted((bytes(base.mint), bytes(quote.mint)))
    return derived(PROGRAM_ID, b"pool", bytes(_config_address(base, quote)), high, low)


def open_pool(launch: Launch) -> Mapping[Pubkey, Account]:
    """The pool, its configuration and both vaults. The mints are the caller's."""
    assert 0 < launch.raised < sum(launch.takes)
    curve = _Curve.through(launch)
    base = Deposit(token=launch.base, amount=curve.unsold + launch.for_migration)
    quote = Deposit(token=launch.quote, amount=launch.raised)
    config = _config_address(launch.base, launch.quote)
    pool = pool_address(launch.base, launch.quote)
    vaults = [
        derived(PROGRAM_ID, b"token_vault", bytes(side.token.mint), bytes(pool))
        for side in (base, quote)
    ]
    data = layout.POOL.blank()
    layout.POOL_CONFIG.write(data, config)
    layout.POOL_BASE_MINT.write(data, launch.base.mint)
    for i, side in enumerate((base, quote)):
        layout.POOL_VAULTS[i].write(data, vaults[i])
        layout.POOL_RESERVES[i].write(data, side.amount)
    layout.POOL_SQRT_PRICE.write(data, curve.sqrt_price)
    layout.POOL_HAS_SWAP.write(data, 1)
    return {
        config: owned_account(PROGRAM_ID, _config_data(launch, curve)),
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vaults[0]: token_account(base, AUTHORITY),
        vaults[1]: token_account(quote, AUTHORITY),
    }


@dataclass(frozen=True, slots=True)
class _Curve:
    """Points (square-root price, liquidity below it), where the pool is, what it has to sell."""

    sqrt_start: int
    points: tuple[tuple[int, int], ...]
    sqrt_price: int
    unsold: int

    @staticmethod
    def through(launch: Launch) -> "_Curve":
        sqrt_prices = [isqrt((quote << 128) // base) for quote, base in launch.prices]
        points, sqrt_price, unsold, raised = [], 0, 0, launch.raised
        for (low, high), takes in zip(pairwise(sqrt_prices), launch.takes, strict=True):
            liquidity = (takes << 128) // (high - low)
            points.append((high, liquidity))
            if raised < takes:
                here = low + (raised << 128) // liquidity
                sqrt_price = sqrt_price or here
                unsold += ceil_div(liquidity * (high - here), here * high)
            raised = max(0, raised - takes)
        return _Curve(sqrt_prices[0], tuple(points), sqrt_price, unsold)


def _config_address(base: Token, quote: Token) -> Pubkey:
    return derived(PROGRAM_ID, b"config", bytes(base.mint), bytes(quote.mint))


def _config_data(launch: Launch, curve: _Curve) -> bytes:
    data = layout.CONFIG.blank()
    layout.CONFIG_QUOTE_MINT.write(data, launch.quote.mint)
    for field, value in (
        (layout.CONFIG_CLIFF_FEE, launch.fee_numerator),
        (layout.CONFIG_BASE_FEE_MODE, layout.MODE_TIME_LINEAR),
        (layout.CONFIG_COLLECT_FEE_MODE, layout.COLLECT_ONLY_QUOTE),
        (layout.CONFIG_ACTIVATION_TYPE, layout.ACTIVATION_BY_TIME),
        (layout.CONFIG_CREATOR_PERCENT, CREATOR_PERCENT),
        (layout.CONFIG_MIGRATION_QUOTE, sum(launch.takes)),
        (layout.CONFIG_MIGRATION_BASE, launch.for_migration),
        (layout.CONFIG_MIGRATION_SQRT_PRICE, curve.points[-1][0]),
        (layout.CONFIG_SQRT_START, curve.sqrt_start),
    ):
        field.write(data, value)
    for point, fields in zip(curve.points, layout.CONFIG_CURVE, strict=False):
        for field, value in zip(fields, point, strict=True):
            field.write(data, value)
    return bytes(data)
