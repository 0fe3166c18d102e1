"""The log over the wire and back."""

from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from landfall.api.facts import KINDS, RecordedWire, decode, encode
from landfall.core.events import OrderCancelled, OrderExpired, Recorded
from landfall.core.execution import Simulated
from landfall.core.values import U64_MAX, BaseUnits, BasisPoints, Lamports, Pubkey, Slot
from tests.api.stories import FILL, confirmed, order, recorded, reverted_then_failed

ORDER_ID = UUID(int=7)
SIMULATED = Simulated(
    slot=Slot(9),
    in_amount=BaseUnits(U64_MAX),
    out_amount=BaseUnits(1),
    quoted_slot=Slot(8),
    quoted_in_amount=BaseUnits(U64_MAX),
    quoted_out_amount=BaseUnits(2),
    units=3,
)
LOG = (
    *recorded(ORDER_ID, confirmed(ORDER_ID)),
    *recorded(ORDER_ID, reverted_then_failed(ORDER_ID)),
    *recorded(ORDER_ID, [[OrderCancelled()], [OrderExpired()]]),
)


def over_the_wire(event: Recorded) -> Recorded:
    text = msgspec.json.encode(encode(event))
    return decode(event.order_id, msgspec.json.decode(text, type=RecordedWire))


def test_the_stories_hold_every_kind_of_event():
    assert {type(each.event).__name__ for each in LOG} == set(KINDS)


@pytest.mark.parametrize("event", LOG, ids=lambda each: type(each.event).__name__)
def test_every_event_comes_back_as_it_was(event: Recorded):
    assert over_the_wire(event) == event


def test_what_an_event_has_only_sometimes_comes_back_as_well():
    pool = Pubkey(bytes([3] * 32))
    changes = {
        "OrderAccepted": {
            "order": replace(
                order(ORDER_ID),
                slippage_is_automatic=True,
                max_price_impact_bps=BasisPoints(5),
                max_fee_lamports=Lamports(U64_MAX),
            )
        },
        "RoutingStarted": {"slippage_bps": BasisPoints(7), "slippage_reason": "calm"},
        "TransactionSigned": {"simulated": SIMULATED},
        "TransactionConfirmed": {"tip_lamports": Lamports(U64_MAX), "rent_lamports": Lamports(1)},
        "TransactionReverted": {"program": pool, "pools": (pool, pool)},
    }
    for name, changed in changes.items():
        event = next(each for each in LOG if type(each.event).__name__ == name)
        fuller = replace(event, event=replace(event.event, **changed))
        assert over_the_wire(fuller) == fuller


def test_text_that_looks_like_something_else_stays_text():
    for text in ("null", "true", "12", "1.5", "amount"):
        event = LOG[0].event
        odd = replace(LOG[0], event=replace(event, order=replace(order(ORDER_ID), user_id=text)))
        assert over_the_wire(odd) == odd


def test_amounts_beyond_a_javascript_number_are_strings():
    largest = replace(FILL, out_amount=BaseUnits(U64_MAX))
    done = next(each for each in LOG if type(each.event).__name__ == "TransactionConfirmed")
    event = replace(done, event=replace(done.event, fill=largest))
    assert encode(event).data["fill"]["outAmount"] == str(U64_MAX)
    assert over_the_wire(event) == event
