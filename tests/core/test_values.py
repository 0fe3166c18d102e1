"""The units, and the one division that rounds up."""

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.values import U128_MAX, Commitment, ceil_div


@given(st.integers(0, U128_MAX), st.integers(1, U128_MAX))
def test_ceil_div_is_the_least_integer_that_is_enough(numerator, denominator):
    quotient = ceil_div(numerator, denominator)
    assert quotient * denominator >= numerator
    assert (quotient - 1) * denominator < numerator


def test_what_is_finalized_is_also_confirmed_and_processed():
    assert Commitment.PROCESSED < Commitment.CONFIRMED < Commitment.FINALIZED
    assert [commitment.wire for commitment in Commitment] == ["processed", "confirmed", "finalized"]
