"""A decimal becomes base units exactly, or is refused by name."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.amount import to_base_units, to_decimal
from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.token import Token
from landfall.core.values import U64_MAX
from tests.core.examples import SOL, USDC, pubkey


def token(decimals: int) -> Token:
    return Token(mint=pubkey(1), decimals=decimals)


@given(st.integers(1, U64_MAX), st.integers(0, 255))
def test_scaling_there_and_back_loses_nothing(units, decimals):
    assert to_base_units(to_decimal(units, decimals), token(decimals)) == units


@pytest.mark.parametrize(
    ("text", "of", "units"),
    [
        ("1.5", SOL, 1_500_000_000),
        ("0.000000001", SOL, 1),
        ("1e-9", SOL, 1),
        ("1.50000000000000000000", SOL, 1_500_000_000),
        ("225", USDC, 225_000_000),
        ("18446744073.709551615", SOL, U64_MAX),
        ("1.8446744073709551615E+19", token(0), U64_MAX),
    ],
)
def test_a_decimal_means_exactly_these_base_units(text, of, units):
    assert to_base_units(Decimal(text), of) == units


@pytest.mark.parametrize(
    ("text", "of", "reason"),
    [
        ("0", SOL, RejectionReason.AMOUNT_NOT_POSITIVE),
        ("-0", SOL, RejectionReason.AMOUNT_NOT_POSITIVE),
        ("-1.5", SOL, RejectionReason.AMOUNT_NOT_POSITIVE),
        ("NaN", SOL, RejectionReason.AMOUNT_NOT_A_NUMBER),
        ("sNaN", SOL, RejectionReason.AMOUNT_NOT_A_NUMBER),
        ("Infinity", SOL, RejectionReason.AMOUNT_NOT_A_NUMBER),
        ("0.0000000001", SOL, RejectionReason.AMOUNT_TOO_PRECISE),
        ("1.0000001", USDC, RejectionReason.AMOUNT_TOO_PRECISE),
        ("1." + "3" * 500, SOL, RejectionReason.AMOUNT_TOO_PRECISE),
        ("1e-999999", SOL, RejectionReason.AMOUNT_TOO_PRECISE),
        ("0.5", token(0), RejectionReason.AMOUNT_TOO_PRECISE),
        ("18446744073.709551616", SOL, RejectionReason.AMOUNT_TOO_LARGE),
        ("1e999999", SOL, RejectionReason.AMOUNT_TOO_LARGE),
        ("9" * 5_000, SOL, RejectionReason.AMOUNT_TOO_LARGE),
    ],
)
def test_what_is_not_exactly_a_u64_is_refused_by_name(text, of, reason):
    with pytest.raises(OrderRejected) as refused:
        to_base_units(Decimal(text), of, "amountOut")
    assert (refused.value.reason, refused.value.field) == (reason, "amountOut")


@given(st.decimals(allow_nan=True, allow_infinity=True), st.integers(0, 255))
def test_no_decimal_gets_through_inexactly_or_breaks_anything(amount, decimals):
    try:
        units = to_base_units(amount, token(decimals))
    except OrderRejected:
        return
    assert 0 < units <= U64_MAX
    assert to_decimal(units, decimals) == amount
