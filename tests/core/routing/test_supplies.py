"""What pools offer is asked once, and answers do not depend on who asked before."""

from random import Random

from landfall.core.quote import SwapRequest
from landfall.core.routing.supplies import Supplies
from landfall.core.values import BaseUnits, SwapMode
from tests.core.routing.markets import CLOCK, Market, one_pair, through_thirds


def request(market: Market, amount: int) -> SwapRequest:
    return SwapRequest(
        in_mint=market.token_in.mint,
        out_mint=market.token_out.mint,
        mode=SwapMode.EXACT_IN,
        amount=BaseUnits(amount),
    )


def test_orders_within_a_stride_share_what_was_asked():
    market = one_pair(7, 6)
    supplies = Supplies(market.pools, CLOCK)
    one = supplies.crossing(request(market, 1_000_001))
    assert one is supplies.crossing(request(market, 1_040_000))
    assert one is not supplies.crossing(request(market, 2_000_000))


def test_what_was_asked_before_changes_no_answer():
    random = Random(3)
    for seed in range(8):
        market = one_pair(seed, 5)
        shared = Supplies(market.pools, CLOCK)
        amounts = [random.randrange(1, market.depth) for _ in range(6)]
        for amount in amounts:
            asked = request(market, amount)
            backwards = Supplies(reversed(market.pools), CLOCK)
            assert shared.crossing(asked) == backwards.crossing(asked)


def test_every_pool_is_known_as_far_as_the_order_or_as_it_goes():
    for seed in range(8):
        market = one_pair(seed, 5)
        asked = request(market, market.depth)
        found = Supplies(market.pools, CLOCK).crossing(asked)
        for source in found.sources:
            alone = source.offer.venue.supply(source.offer.pool, asked, CLOCK)
            assert found.capacity(source) >= sum(segment.in_amount for segment in alone)


def test_a_hop_for_an_exact_output_leaves_out_who_has_none():
    market = one_pair(1, 6)
    supplies = Supplies(market.pools, CLOCK)
    asked = request(market, market.depth // 100)
    every = {source.address for source in supplies.crossing(asked).sources}
    buying = {s.address for s in supplies.crossing(asked, for_exact_out=True).sources}
    without = {o.pool.address for o in market.pools if not o.venue.has_exact_out}
    assert without
    assert buying == every - without


def test_pools_are_known_by_what_they_trade():
    market = through_thirds(1, 20)
    supplies = Supplies((*market.pools, *market.pools), CLOCK)
    ends = market.token_in.mint, market.token_out.mint
    assert len(supplies.offers) == len(market.pools)
    assert all(set(offer.pool.mints) == set(ends) for offer in supplies.trading(*ends))
    thirds = supplies.against(ends[0]) & supplies.against(ends[1])
    assert thirds
    assert not thirds & set(ends)
