"""A route on the wire: what a client draws, checks and compares."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import msgspec

from landfall.api.facts import decode, encode
from landfall.api.route_wire import route
from landfall.core.events import Recorded, RouteSelected
from landfall.core.quote import Alternative, Leg, Route
from landfall.core.values import BaseUnits, SwapMode
from tests.core.examples import a_quote, an_order, pubkey

ORDER = an_order()
SOL, USDC = ORDER.token_in, ORDER.token_out


def leg(pool: int, in_mint, out_mint, mode: SwapMode, taken: int, paid: int, threshold: int) -> Leg:
    quote = a_quote(pool, mode)
    request = replace(
        quote.request,
        in_mint=in_mint,
        out_mint=out_mint,
        amount=BaseUnits(taken if mode is SwapMode.EXACT_IN else paid),
    )
    changed = replace(
        quote, request=request, in_amount=BaseUnits(taken), out_amount=BaseUnits(paid)
    )
    return Leg(quote=changed, threshold=BaseUnits(threshold))


def two_hops() -> Route:
    """1.5 SOL over two pools into a token nobody knows, and from it into 225 USDC."""
    third = pubkey(77)
    legs = (
        leg(1, SOL.mint, third, SwapMode.EXACT_OUT, 1_000_000_000, 600, 1_000_000_100),
        leg(2, SOL.mint, third, SwapMode.EXACT_OUT, 499_999_900, 300, 499_999_900),
        leg(3, third, USDC.mint, SwapMode.EXACT_IN, 900, 225_000_000, 224_000_000),
    )
    return Route(
        legs=legs,
        in_amount=BaseUnits(1_499_999_900),
        out_amount=BaseUnits(225_000_000),
        context_slot=a_quote().context_slot,
        upper_bound_out=BaseUnits(225_002_250),
        best_single=replace(a_quote(4), out_amount=BaseUnits(224_000_000)),
        alternatives=(
            Alternative(
                pools=((pubkey(4),),),
                mints=(SOL.mint, USDC.mint),
                in_amount=BaseUnits(1_500_000_000),
                out_amount=BaseUnits(224_000_000),
                behind_ppb=4_444_445,
                reason="It is 44.445 bps worse, net of costs.",
            ),
        ),
    )


def test_hops_legs_and_shares_are_what_a_picture_needs():
    wire = route(ORDER, two_hops())
    assert wire.mints == [str(SOL.mint), str(pubkey(77)), str(USDC.mint)]
    assert [[each.share for each in hop.legs] for hop in wire.hops] == [["0.6666", "0.3333"], ["1"]]
    assert [each for hop in wire.hops for each in hop.legs] == wire.legs
    first, second = wire.hops
    assert (first.amount_in, first.in_symbol) == ("1.4999999", "SOL")
    assert (first.amount_out, first.out_symbol) == (None, None)
    assert first.amount_out_base_units == second.amount_in_base_units == "900"
    assert second.amount_out == "225"


def test_bound_gap_and_gain_are_told_in_both_units():
    wire = route(ORDER, two_hops())
    assert (wire.upper_bound_out, wire.upper_bound_out_base_units) == ("225.00225", "225002250")
    assert (wire.lower_bound_in, wire.lower_bound_in_base_units) == (None, None)
    assert Decimal("0.099") < Decimal(wire.gap_bps) <= Decimal("0.1")
    assert Decimal(wire.best_single.gain_bps) == Decimal("44.643")
    (other,) = wire.alternatives
    assert (other.behind_bps, other.amount_out) == ("44.445", "224")
    assert (wire.min_out, wire.min_out_base_units) == ("224", "224000000")
    assert (wire.max_in, wire.max_in_base_units) == (None, None)


def test_the_most_an_exact_output_takes_is_its_first_hops():
    bought = replace(two_hops(), upper_bound_out=None, lower_bound_in=BaseUnits(1_499_000_000))
    wire = route(replace(ORDER, swap_mode=SwapMode.EXACT_OUT), bought)
    assert (wire.max_in, wire.max_in_base_units) == ("1.5", "1500000000")
    assert wire.lower_bound_in == "1.499"
    assert wire.min_out is None


def test_a_route_from_before_bounds_were_known_is_shown_without_them():
    old = Route(
        legs=two_hops().legs[:1],
        in_amount=BaseUnits(1_000_000_000),
        out_amount=BaseUnits(600),
        context_slot=a_quote().context_slot,
    )
    wire = route(ORDER, old)
    assert wire.gap_bps is wire.upper_bound_out is wire.best_single is None
    assert wire.alternatives == []


def test_a_route_survives_the_wire_as_a_fact():
    recorded = Recorded(
        order_id=UUID(int=7),
        version=2,
        recorded_at_ms=5,
        event=RouteSelected(attempt=1, route=two_hops(), reason="because"),
        ends_commit=True,
    )
    sent = encode(recorded)
    assert sent.data["route"]["upperBoundOut"] == "225002250"
    again = msgspec.json.decode(msgspec.json.encode(sent), type=type(sent))
    assert decode(recorded.order_id, again) == recorded
