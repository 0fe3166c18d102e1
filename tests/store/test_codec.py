"""Facts as JSON: the same values come back, and old logs stay readable."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args
from uuid import UUID

import pytest

from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.events import (
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    Recorded,
    RetryScheduled,
    TransactionExpired,
    TransactionReverted,
)
from landfall.core.execution import Failure, Simulated, Status
from landfall.core.lifecycle.evolve import fold
from landfall.core.values import (
    U64_MAX,
    BaseUnits,
    BasisPoints,
    BlockHeight,
    Lamports,
    Slot,
)
from landfall.store.codec import (
    decode_event,
    decode_failure,
    decode_order,
    encode,
    request_hash,
)
from tests.store.stories import (
    POOL,
    USDC,
    confirmed,
    given_up,
    new_order,
    routing_started,
    signed,
    to_confirmed,
)

SIMULATED = Simulated(
    slot=Slot(9),
    in_amount=BaseUnits(U64_MAX),
    out_amount=BaseUnits(1),
    quoted_slot=Slot(8),
    quoted_in_amount=BaseUnits(U64_MAX),
    quoted_out_amount=BaseUnits(2),
    units=3,
)
RECORDED_LOG = Path(__file__).parent / "recorded_log_v1.json"


def every_kind():
    reverted = TransactionReverted(
        attempt=1,
        slot=Slot(5),
        fee_lamports=Lamports(U64_MAX),
        reason=FailureReason.SLIPPAGE_EXCEEDED,
        detail="ü\u0000\U0001f680",
        error="ExceededSlippage",
        logs=("Program log: \x00",),
        program=POOL,
        pools=(POOL, POOL),
    )
    expired = TransactionExpired(
        attempt=1,
        finalized_slot=Slot(U64_MAX),
        finalized_height=BlockHeight(7),
        context_slot=Slot(8),
    )
    guarded = new_order(
        slippage_is_automatic=True,
        max_price_impact_bps=BasisPoints(5),
        max_fee_lamports=Lamports(U64_MAX),
    )
    facts = [OrderAccepted(order=new_order(client_order_id="a", user_id="b"))]
    facts += [OrderAccepted(order=guarded), replace(signed(), simulated=SIMULATED)]
    facts += [replace(routing_started(), slippage_bps=BasisPoints(7), slippage_reason="calm")]
    facts += [replace(confirmed(), tip_lamports=Lamports(7), rent_lamports=Lamports(8))]
    facts += [event for commit in to_confirmed() for event in commit]
    facts += [*given_up(), reverted, expired, RetryScheduled(next_attempt=2, delay_ms=1_000)]
    facts += [OrderCancelled(), OrderExpired()]
    return facts


def test_every_kind_of_fact_comes_back_as_it_was():
    facts = every_kind()
    assert {type(fact) for fact in facts} == set(get_args(Event))
    for fact in facts:
        assert decode_event(type(fact).__name__, encode(fact)) == fact


def test_amounts_beyond_a_float_come_back_to_the_unit():
    order = new_order(amount=BaseUnits(U64_MAX - 1))
    assert decode_order(encode(order)).amount == U64_MAX - 1
    assert f"{U64_MAX - 1}" in encode(order)


def test_a_failure_comes_back_as_it_was():
    failure = Failure(reason=FailureReason.NO_ROUTE, detail="x", error=None, logs=("a",))
    assert decode_failure(encode(failure)) == failure


def test_an_old_log_still_folds():
    rows = json.loads(RECORDED_LOG.read_text(encoding="utf-8"))
    log = [
        Recorded(
            order_id=UUID(row["order_id"]),
            version=row["version"],
            recorded_at_ms=row["recorded_at_ms"],
            event=decode_event(row["kind"], json.dumps(row["body"])),
            ends_commit=row["ends_commit"],
        )
        for row in rows
    ]
    assert {type(fact.event) for fact in log} >= {type(routing_started()), type(signed())}
    execution = fold(log)
    assert execution.status is Status.CONFIRMED
    assert execution.version == len(rows) - 1
    assert execution.fill == confirmed().fill
    assert [attempt.number for attempt in execution.attempts] == [1, 2]
    assert execution.attempts[0].failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert execution.order.token_out == USDC
    assert execution.attempts[1].quotes[0].pool == POOL


def test_a_field_missing_from_an_old_fact_has_its_default():
    body = json.loads(encode(given_up()[0]))
    del body["error"], body["logs"]
    fact = decode_event("AttemptFailed", json.dumps(body))
    assert (fact.error, fact.logs) == (None, ())


def test_a_field_of_a_newer_program_is_passed_over():
    body = json.loads(encode(RetryScheduled(next_attempt=2, delay_ms=1)))
    fact = decode_event("RetryScheduled", json.dumps({**body, "mood": "hopeful"}))
    assert fact == RetryScheduled(next_attempt=2, delay_ms=1)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("NeverHeardOf", "{}"),
        ("RetryScheduled", "{}"),
        ("RetryScheduled", '{"next_attempt": 2.5, "delay_ms": 1}'),
        ("RetryScheduled", "nonsense"),
        ("OrderAccepted", encode(OrderAccepted(order=new_order())).replace("So111", "!!")),
        ("OrderAccepted", encode(OrderAccepted(order=new_order())).replace("1500000000", "0")),
    ],
)
def test_what_cannot_be_read_stops_everything(kind, body):
    with pytest.raises(InvariantViolation):
        decode_event(kind, body)


def test_the_same_request_has_the_same_hash_whoever_and_whenever_it_is():
    order = new_order(client_order_id="a")
    again = new_order(client_order_id="a", created_at_ms=5)
    renamed = replace(again, token_in=replace(again.token_in, symbol="WSOL"))
    assert request_hash(order) == request_hash(again) == request_hash(renamed)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": BaseUnits(1)},
        {"slippage_bps": 51},
        {"priority": 1},
        {"user_id": "u"},
        {"account": "other"},
        {"client_order_id": "b"},
    ],
)
def test_another_request_has_another_hash(change):
    order = new_order(client_order_id="a")
    assert request_hash(order) != request_hash(replace(order, **change))


def test_the_hash_of_a_request_never_changes():
    """Otherwise an upgrade would refuse the retries of requests from before it."""
    order = new_order(client_order_id="a", user_id="u", priority=3)
    assert (
        request_hash(order).hex()
        == "731f3bbbfe063ec2dc5c71263301b536430c3234f54f121fa55dd395dd65fe63"
    )
