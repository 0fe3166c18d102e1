"""What pools offer is asked once, and answers do not depend on who asked before."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from landfall.core.quote import SwapRequest
from landfall.core.routing import supplies as module
from landfall.core.routing.supplies import Curves, Supplies
from landfall.core.values import BaseUnits, ChainClock, Slot, SwapMode
from landfall.core.venue import as_of, every_moment
from tests.core.routing.markets import CLOCK, Market, Offered, one_pair, through_thirds


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


def traded(offer: Offered) -> Offered:
    """The pool with other contents at the same address, as after somebody's swap."""
    field, held = ("stakes", "total") if hasattr(offer.pool, "stakes") else ("sides", "balance")
    first, second = getattr(offer.pool, field)
    less = replace(first, **{held: getattr(first, held) * 99 // 100})
    return replace(offer, pool=replace(offer.pool, **{field: (less, second)}))


def moments(seed: int) -> Iterator[tuple[Sequence[Offered], ChainClock]]:
    """A market from slot to slot: pools get older, half of them are traded with, and in the end the
    clock shows a time before 1970, when no vault had reported yet.
    """
    random, offers, clock = Random(seed), one_pair(seed, 6).pools, CLOCK
    for step in range(8):
        yield offers, clock
        offers = [
            traded(offer) if random.random() < 0.5 else offer
            for offer in (
                replace(offer, pool=as_of(offer.pool, Slot(offer.pool.context_slot + 1)))
                for offer in offers
            )
        ]
        earlier = clock.unix_timestamp - 2 * 10**9 if step == 6 else CLOCK.unix_timestamp + step
        clock = replace(clock, slot=Slot(clock.slot + 1), unix_timestamp=earlier)


def differences(seed: int) -> int:
    """How often a memory that lives on answers otherwise than one that begins anew."""
    market, curves, found = one_pair(seed, 6), Curves(), 0
    for offers, clock in moments(seed):
        for mode in SwapMode:
            asked = replace(request(market, market.depth // 50), mode=mode)
            known = Supplies(offers, clock, curves).crossing(asked)
            found += known != Supplies(offers, clock).crossing(asked)
    return found


def test_what_is_kept_from_slot_to_slot_is_what_pools_would_say_now():
    assert [differences(seed) for seed in range(12)] == [0] * 12


def test_control_a_memory_that_overlooks_a_trade_answers_for_older_bytes(monkeypatch):
    monkeypatch.setattr(module, "are_same", lambda one, other: True)
    assert sum(differences(seed) for seed in range(12)) > 12


def test_control_a_memory_that_overlooks_a_phase_answers_for_another_clock(monkeypatch):
    real = Curves._current
    monkeypatch.setattr(Curves, "_current", lambda self, offer, _clock: real(self, offer, CLOCK))
    assert sum(differences(seed) for seed in range(12)) > 0


@pytest.mark.parametrize("phase", [None, every_moment])
def test_a_pool_that_only_got_older_is_not_asked_again(phase):
    market, asked, curves = one_pair(2, 6), [], Curves()

    def counting(offer: Offered) -> Offered:
        real = offer.venue

        def supply(*arguments):
            asked.append(offer.pool.address)
            return real.supply(*arguments)

        return replace(offer, venue=replace(real, supply=supply, phase=phase or real.phase))

    offers = [counting(offer) for offer in market.pools]
    for age in range(4):
        older = [replace(each, pool=as_of(each.pool, Slot(99 + age))) for each in offers]
        clock = replace(CLOCK, slot=Slot(CLOCK.slot + age))
        Supplies(older, clock, curves).crossing(request(market, market.depth // 50))
    # Of a venue that does not tell its phases nothing outlasts a moment.
    assert len(asked) == len(offers) * (4 if phase else 1)
    curves.keep_only({offers[0].pool.address})
    Supplies(offers, CLOCK, curves).crossing(request(market, market.depth // 50))
    assert len(asked) == len(offers) * (5 if phase else 2) - (not phase)
