"""What an attempt may offer, so that all attempts together stay within the order's limit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import NO_COST, Cost
from landfall.core.ledger.bid import bid_within
from landfall.core.ledger.tips import TIP_ACCOUNTS, Tip
from landfall.core.values import Lamports
from tests.core.examples import an_order


def bid(limit, spent=0, price=10_000, rent=0, tip=None, units=100_000):
    return bid_within(
        an_order(max_fee_lamports=limit),
        spent=Cost(fee_lamports=Lamports(spent)),
        unit_limit=units,
        unit_price=price,
        tip=None if tip is None else Tip(TIP_ACCOUNTS[0], Lamports(tip)),
        rent=Lamports(rent),
    )


def test_without_a_limit_the_price_is_what_was_asked():
    offered = bid(None, price=10_000, rent=2_039_280, tip=1_000)
    assert offered.unit_price == 10_000
    assert offered.cost_most == Cost(
        fee_lamports=Lamports(5_000 + 1_000),
        tip_lamports=Lamports(1_000),
        rent_lamports=Lamports(2_039_280),
    )


def test_the_price_is_lowered_to_what_the_limit_leaves():
    assert bid(6_000).unit_price == 10_000
    assert bid(5_500).unit_price == 5_000
    assert bid(5_000).unit_price == 0


def test_what_cannot_be_avoided_is_refused_with_the_numbers():
    with pytest.raises(AttemptFailure) as failed:
        bid(20_000, spent=6_000, rent=9_000, tip=1_000)
    assert failed.value.reason is FailureReason.FEE_LIMIT_EXCEEDED
    for number in ("15000", "9000", "1000", "6000", "20000"):
        assert number in failed.value.detail


@given(
    st.integers(1, 10**7),
    st.integers(0, 10**6),
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.integers(0, 10**5),
    st.integers(1, 1_400_000),
)
def test_what_was_spent_and_what_is_signed_never_exceed_the_limit(
    limit, spent, price, rent, tip, units
):
    try:
        offered = bid(limit, spent, price, rent, tip, units)
    except AttemptFailure:
        assert 5_000 + tip + rent + spent > limit
        return
    assert spent + offered.cost_most.total_lamports <= limit
    assert offered.unit_price <= price
    assert NO_COST + offered.cost_most == offered.cost_most
