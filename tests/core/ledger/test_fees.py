"""What to pay: a percentile within bounds, and v0's price beside v1's total."""

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.ledger.fees import (
    PriceRule,
    percentile,
    v0_priority_fee,
    v0_unit_price_within,
    v1_priority_fee,
)
from landfall.core.values import Lamports

PRICES = st.integers(0, 10**12)
LIMITS = st.integers(1, 1_400_000)


@given(st.lists(PRICES, min_size=1), st.integers(0, 100))
def test_a_percentile_is_one_of_the_values_and_enough_do_not_exceed_it(values: list, percent: int):
    found = percentile(values, percent)
    assert found in values
    assert sum(each <= found for each in values) * 100 >= percent * len(values)
    assert sum(each < found for each in values) * 100 <= percent * len(values)


@given(st.lists(PRICES), st.integers(0, 100), PRICES, PRICES)
def test_a_price_is_within_its_bounds_and_the_cap_is_the_last_word(
    paid: list, percent: int, floor: int, cap: int
):
    price = PriceRule(percentile=percent, floor=floor, cap=cap).price(paid)
    assert price <= cap
    assert price >= min(floor, cap)


@given(st.integers(0, 10**10), LIMITS)
def test_the_highest_price_within_a_budget_fits_it_and_the_next_does_not(
    budget: int, unit_limit: int
):
    price = v0_unit_price_within(Lamports(budget), unit_limit)
    assert v0_priority_fee(unit_limit, price) <= budget
    assert v0_priority_fee(unit_limit, price + 1) > budget


@given(LIMITS, PRICES)
def test_v1_names_in_lamports_what_v0_comes_to(unit_limit: int, price: int):
    total = v1_priority_fee(unit_limit, price)
    assert (total - 1) * 1_000_000 < unit_limit * price <= total * 1_000_000
