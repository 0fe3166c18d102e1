"""How much room an automatic slippage leaves, and what it is made of."""

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.slippage import (
    FLOOR_BPS,
    SAFETY,
    UNKNOWN_BPS,
    WINDOW_SLOTS,
    PriceAt,
    automatic_slippage_bps,
    price_before,
)
from landfall.core.supply import PRICE_ONE
from landfall.core.values import BasisPoints, Slot
from tests.core.examples import a_quote

NOW = Slot(1_000)


def slippage(*series, most=300) -> int:
    seen = [[PriceAt(Slot(slot), price) for slot, price in pool] for pool in series]
    return automatic_slippage_bps(seen, NOW, BasisPoints(most))[0]


def test_a_still_market_gets_the_floor_and_an_unwatched_one_a_plain_default():
    assert slippage([(990, 10_000), (1_000, 10_000)]) == FLOOR_BPS
    assert slippage([(1_000, 10_000)]) == UNKNOWN_BPS
    assert slippage() == UNKNOWN_BPS
    assert slippage(most=20) == 20


def test_it_is_twice_the_widest_move_of_any_pool_at_hand():
    calm, wild = [(990, 10_000), (1_000, 10_003)], [(990, 10_000), (995, 9_950), (1_000, 10_000)]
    assert slippage(calm) == FLOOR_BPS + SAFETY * 3
    assert slippage(calm, wild) == FLOOR_BPS + SAFETY * 51
    assert slippage(wild, calm) == slippage(calm, wild)


def test_what_is_older_than_the_window_is_forgotten():
    old = 1_000 - WINDOW_SLOTS - 1
    assert slippage([(old, 5_000), (990, 10_000), (1_000, 10_000)]) == FLOOR_BPS


@given(st.lists(st.tuples(st.integers(800, 1_000), st.integers(1, 10**30))), st.integers(1, 5_000))
def test_it_is_never_zero_and_never_more_than_allowed(series, most):
    assert 1 <= slippage(series, most=most) <= most


def test_a_price_is_read_back_from_a_quote_whatever_its_impact():
    flat = price_before(a_quote(price_impact_bps=BasisPoints(0)))
    moved = price_before(a_quote(price_impact_bps=BasisPoints(5_000)))
    assert flat is not None
    assert flat.price == 225_000_000 * PRICE_ONE // 1_500_000_000
    assert moved is not None
    assert abs(moved.price - 2 * flat.price) <= 2


def test_too_few_units_say_nothing_about_a_price():
    assert price_before(a_quote(out_amount=9_999)) is None
    assert price_before(a_quote(price_impact_bps=BasisPoints(10_000))) is None
