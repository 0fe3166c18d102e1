"""The same quotes give the same choice, whatever order they come in."""

from hypothesis import given
from hypothesis import strategies as st

from landfall.core.routing.best_pool import rank, why
from landfall.core.values import SwapMode
from tests.core.examples import a_quote

AMOUNTS = st.integers(1, 1_000)


@st.composite
def markets(draw):
    """Quotes of distinct pools, many of them equal, and the same ones in another order."""
    mode = draw(st.sampled_from(SwapMode))
    pools = draw(st.lists(st.integers(1, 10**6), unique=True, min_size=1, max_size=12))
    quotes = [
        a_quote(pool, mode, in_amount=draw(AMOUNTS), out_amount=draw(AMOUNTS)) for pool in pools
    ]
    return mode, quotes, draw(st.permutations(quotes))


@given(markets())
def test_rank_does_not_depend_on_the_order_of_the_quotes(market):
    mode, quotes, shuffled = market
    assert rank(quotes, mode) == rank(shuffled, mode)


@given(markets())
def test_nothing_is_better_than_the_first(market):
    mode, quotes, _ = market
    best = rank(quotes, mode)[0]
    if mode is SwapMode.EXACT_IN:
        assert best.out_amount == max(quote.out_amount for quote in quotes)
    else:
        assert best.in_amount == min(quote.in_amount for quote in quotes)


def test_equal_offers_go_to_the_lower_address():
    first, second = a_quote(pool=1), a_quote(pool=2)
    assert rank([second, first], SwapMode.EXACT_IN) == (first, second)
    assert rank([second, first], SwapMode.EXACT_OUT) == (first, second)


def test_the_reason_measures_the_distance_to_the_runner_up():
    best, second = a_quote(pool=1, out_amount=10_100), a_quote(pool=2, out_amount=10_000)
    third = a_quote(pool=3, out_amount=1)
    assert "pays 100 bps more than the next best of 3 pools" in why((best, second, third))
    cheap = a_quote(1, SwapMode.EXACT_OUT, in_amount=9_900)
    dear = a_quote(2, SwapMode.EXACT_OUT, in_amount=10_000)
    assert "costs 102 bps less than the next best of 2 pools" in why((cheap, dear))
    assert "only pool" in why((best,))
