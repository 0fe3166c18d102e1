"""Bounds are rounded in the trader's favour, and impact against the pool."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.order import SLIPPAGE_BPS_MAX
from landfall.core.quote import max_in_amount, min_out_amount, price_impact_bps
from landfall.core.values import BPS_DENOMINATOR, U64_MAX

AMOUNTS = st.integers(1, U64_MAX)
SLIPPAGES = st.integers(1, SLIPPAGE_BPS_MAX)


@given(AMOUNTS, SLIPPAGES)
def test_min_out_rounds_in_the_users_favour(out_amount, slippage_bps):
    exact = Fraction(out_amount * (BPS_DENOMINATOR - slippage_bps), BPS_DENOMINATOR)
    bound = min_out_amount(out_amount, slippage_bps)
    assert exact <= bound < exact + 1
    assert 0 < bound <= out_amount


@given(AMOUNTS, SLIPPAGES)
def test_max_in_rounds_in_the_users_favour(in_amount, slippage_bps):
    exact = Fraction(in_amount * (BPS_DENOMINATOR + slippage_bps), BPS_DENOMINATOR)
    bound = max_in_amount(in_amount, slippage_bps)
    assert bound <= exact
    assert bound > exact - 1 or bound == U64_MAX
    assert in_amount <= bound <= U64_MAX


def test_the_rounding_shows_at_the_last_base_unit():
    assert min_out_amount(1_001, 100) == 991  # 990.99
    assert max_in_amount(1_001, 100) == 1_011  # 1011.01
    assert min_out_amount(1, 5_000) == 1


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_impact_is_the_missing_share_of_a_fair_price_rounded_up(net_in, gross_out, x, y):
    impact = price_impact_bps(net_in, gross_out, x, y)
    missing = 1 - Fraction(gross_out * x, net_in * y)
    assert 0 <= impact <= BPS_DENOMINATOR
    if missing <= 0:
        assert impact == 0
    else:
        assert missing * BPS_DENOMINATOR <= impact < missing * BPS_DENOMINATOR + 1
