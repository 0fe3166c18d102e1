"""States that no program could have written are no pools, and are refused by the name of the field.

What a program bounds when a pool is made is bounded here by the same constant, no tighter: a pool
at the bound is a pool.
"""

import pytest

from landfall.core.account_fields import UInt
from landfall.core.errors import MalformedAccount
from landfall.core.fee_schedules import CLIFF_FEE_MAX, SQRT_PRICE_MAX
from landfall.core.values import BPS_DENOMINATOR, Pubkey
from landfall.core.venues.meteora_damm_v1 import layout as damm_v1_layout
from landfall.core.venues.meteora_damm_v2 import fee_layout
from landfall.core.venues.meteora_damm_v2 import layout as damm_v2_layout
from landfall.core.venues.meteora_dbc import layout as dbc_layout
from landfall.core.venues.meteora_dlmm import layout as dlmm_layout
from landfall.core.venues.raydium_clmm import layout as clmm_layout
from landfall.core.venues.raydium_cpmm import layout as cpmm_layout
from tests.core.venues.opened import Opened, clmm, cpmm, damm_v1, damm_v2, dbc, dlmm

CPMM, CLMM, DLMM, DAMM_V2, DBC = cpmm(), clmm(), dlmm(), damm_v2(), dbc()
STABLE = damm_v1((10**12, 10**9), amplification=10)


def config_of(opened: Opened) -> Pubkey:
    config = opened.pool().config  # type: ignore[attr-defined]
    assert isinstance(config, Pubkey)
    return config


def written(opened: Opened, field: UInt, value: int, address: Pubkey | None = None) -> Opened:
    """The same pool with one number of its own account, or of this one, overwritten."""
    address = opened.address if address is None else address
    return opened.with_bytes(address, field.offset, value.to_bytes(field.size, "little"))


@pytest.mark.parametrize(
    ("opened", "field", "most", "words"),
    [
        (DLMM, dlmm_layout.PAIR_PROTOCOL_SHARE, 2_500, "protocol share"),
        (DLMM, dlmm_layout.PAIR_BIN_STEP, 400, "bin step"),
        (DLMM, dlmm_layout.PAIR_REDUCTION_FACTOR, BPS_DENOMINATOR, "reduction factor"),
        (DAMM_V2, fee_layout.POOL_PROTOCOL_PERCENT, 100, "protocol share"),
        (DAMM_V2, fee_layout.POOL_REFERRAL_PERCENT, 100, "referral share"),
        (DAMM_V2, fee_layout.POOL_COMPOUNDING_BPS, BPS_DENOMINATOR, "compounding share"),
        (DAMM_V2, fee_layout.POOL_CLIFF_FEE, CLIFF_FEE_MAX, "cliff fee"),
        (DAMM_V2, fee_layout.POOL_REDUCTION_FACTOR, BPS_DENOMINATOR, "reduction factor"),
        (DAMM_V2, damm_v2_layout.POOL_SQRT_MAX, SQRT_PRICE_MAX, "outside its range"),
        (CLMM, clmm_layout.DYNAMIC_REDUCTION_FACTOR, 10_000, "reduction factor"),
        (STABLE, damm_v1_layout.POOL_TRADE_FEE[0], 100_000, "fee above 100 %"),
        (STABLE, damm_v1_layout.POOL_PROTOCOL_FEE[0], 100_000, "fee above 100 %"),
    ],
)
def test_a_number_above_what_its_program_allows_is_refused(
    opened: Opened, field: UInt, most: int, words: str
):
    written(opened, field, most).pool()
    with pytest.raises(MalformedAccount, match=words):
        written(opened, field, most + 1).pool()


@pytest.mark.parametrize(
    ("opened", "field", "most", "words"),
    [
        (DBC, dbc_layout.CONFIG_CREATOR_PERCENT, 100, "creator's share"),
        (DBC, dbc_layout.CONFIG_CLIFF_FEE, CLIFF_FEE_MAX, "cliff fee"),
        (DBC, dbc_layout.CONFIG_REDUCTION_FACTOR, BPS_DENOMINATOR, "reduction factor"),
        (CPMM, cpmm_layout.CONFIG_TRADE_RATE, 999_999, "fees of 100 % or more"),
        (CPMM, cpmm_layout.CONFIG_PROTOCOL_RATE, 960_000, "fees of 100 % or more"),
        (CLMM, clmm_layout.CONFIG_TRADE_RATE, 999_999, "fees of 100 % or more"),
        (CLMM, clmm_layout.CONFIG_PROTOCOL_RATE, 960_000, "fees of 100 % or more"),
    ],
)
def test_so_is_one_of_the_configuration_that_pools_share(
    opened: Opened, field: UInt, most: int, words: str
):
    config = config_of(opened)
    written(opened, field, most, config).pool()
    with pytest.raises(MalformedAccount, match=words):
        written(opened, field, most + 1, config).pool()


@pytest.mark.parametrize(
    ("opened", "field", "words"),
    [
        (DLMM, dlmm_layout.PAIR_BIN_STEP, "no bin step"),
        (CLMM, clmm_layout.POOL_TICK_SPACING, "no tick spacing"),
        (DAMM_V2, damm_v2_layout.POOL_SQRT_MIN, "outside its range"),
        (STABLE, damm_v1_layout.POOL_AMPLIFICATION, "without a shape"),
        (STABLE, damm_v1_layout.POOL_MULTIPLIERS[1], "without a shape"),
    ],
)
def test_nothing_is_divided_by_zero(opened: Opened, field: UInt, words: str):
    with pytest.raises(MalformedAccount, match=words):
        written(opened, field, 0).pool()


def test_a_share_of_nothing_is_no_share():
    numerator, denominator = damm_v1_layout.POOL_PROTOCOL_FEE
    with pytest.raises(MalformedAccount, match="fee above 100 %"):
        written(written(STABLE, numerator, 0), denominator, 0).pool()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (dbc_layout.CONFIG_CURVE[1][0], 0),
        (dbc_layout.CONFIG_CURVE[1][1], 0),
        (dbc_layout.CONFIG_CURVE[0][0], 1),
        (dbc_layout.CONFIG_CURVE[5][0], SQRT_PRICE_MAX),
        (dbc_layout.CONFIG_SQRT_START, SQRT_PRICE_MAX),
    ],
    ids=["no price", "no liquidity", "falling", "after a gap", "from above"],
)
def test_a_curve_that_does_not_rise_is_refused(field: UInt, value: int):
    with pytest.raises(MalformedAccount, match="does not rise"):
        written(DBC, field, value, config_of(DBC)).pool()
