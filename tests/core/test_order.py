"""What cannot be an order is refused where it is made."""

from dataclasses import FrozenInstanceError

import pytest

from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.order import PRIORITY_MAX, SLIPPAGE_BPS_MAX, TEXT_LENGTH_MAX
from landfall.core.values import U64_MAX
from tests.core.examples import SOL, an_order


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"token_out": SOL}, RejectionReason.SAME_TOKEN, "tokenOut"),
        ({"amount": 0}, RejectionReason.AMOUNT_NOT_POSITIVE, "amountIn"),
        ({"amount": -1}, RejectionReason.AMOUNT_NOT_POSITIVE, "amountIn"),
        ({"amount": U64_MAX + 1}, RejectionReason.AMOUNT_TOO_LARGE, "amountIn"),
        ({"slippage_bps": 0}, RejectionReason.SLIPPAGE_OUT_OF_RANGE, "slippage"),
        ({"slippage_bps": SLIPPAGE_BPS_MAX + 1}, RejectionReason.SLIPPAGE_OUT_OF_RANGE, "slippage"),
        ({"priority": -1}, RejectionReason.PRIORITY_OUT_OF_RANGE, "priority"),
        ({"priority": PRIORITY_MAX + 1}, RejectionReason.PRIORITY_OUT_OF_RANGE, "priority"),
        ({"client_order_id": ""}, RejectionReason.VALUE_TOO_LONG, "clientOrderId"),
        (
            {"client_order_id": "x" * (TEXT_LENGTH_MAX + 1)},
            RejectionReason.VALUE_TOO_LONG,
            "clientOrderId",
        ),
        ({"user_id": "x" * (TEXT_LENGTH_MAX + 1)}, RejectionReason.VALUE_TOO_LONG, "userId"),
    ],
)
def test_values_out_of_bounds_are_refused_by_reason_and_field(changes, reason, field):
    with pytest.raises(OrderRejected) as refused:
        an_order(**changes)
    assert (refused.value.reason, refused.value.field) == (reason, field)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": 1},
        {"amount": U64_MAX},
        {"slippage_bps": 1},
        {"slippage_bps": SLIPPAGE_BPS_MAX},
        {"priority": 0},
        {"priority": PRIORITY_MAX},
        {"client_order_id": "x" * TEXT_LENGTH_MAX},
        {"user_id": "x"},
    ],
)
def test_the_bounds_themselves_are_allowed(changes):
    order = an_order(**changes)
    assert all(getattr(order, name) == value for name, value in changes.items())


def test_an_order_never_changes():
    with pytest.raises(FrozenInstanceError):
        an_order().amount = 2
