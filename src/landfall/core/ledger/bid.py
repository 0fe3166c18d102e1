"""What an attempt may offer to land, so that all attempts together stay within the order's limit.

What cannot be avoided comes first: the signature's fee, the tip, the rent of accounts to open. The
priority fee gets what is left of the limit, and is lowered to it rather than the order refused. So
the invariant is: what was paid so far, plus the most that the signed bytes can cost, never exceeds
the limit.

Units: lamports; prices in micro-lamports per compute unit.
"""

from dataclasses import dataclass

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import NO_LAMPORTS, Cost
from landfall.core.ledger.fees import (
    BASE_FEE_PER_SIGNATURE,
    v0_priority_fee,
    v0_unit_price_within,
)
from landfall.core.ledger.tips import Tip
from landfall.core.order import Order
from landfall.core.values import Lamports


@dataclass(frozen=True, slots=True)
class Bid:
    """The price to sign with, and the most that the signed bytes can cost."""

    unit_price: int
    cost_most: Cost


def bid_within(
    order: Order,
    *,
    spent: Cost,
    unit_limit: int,
    unit_price: int,
    tip: Tip | None,
    rent: Lamports,
) -> Bid:
    """The highest bid up to `unit_price` that the order's limit on fees has room for.

    Args:
        spent: what earlier attempts have cost.
        rent: of the accounts that the transaction opens and leaves open.

    Raises:
        AttemptFailure: FEE_LIMIT_EXCEEDED, not even a bid of nothing on top has room.
    """
    tip_lamports = NO_LAMPORTS if tip is None else tip.lamports
    if order.max_fee_lamports is not None:
        least = BASE_FEE_PER_SIGNATURE + tip_lamports + rent
        left = order.max_fee_lamports - spent.total_lamports
        if least > left:
            raise AttemptFailure(
                FailureReason.FEE_LIMIT_EXCEEDED,
                f"this attempt would cost {least} lamports (fee {BASE_FEE_PER_SIGNATURE}, tip "
                f"{tip_lamports}, rent {rent}) after {spent.total_lamports} spent; the order "
                f"allows {order.max_fee_lamports} in all",
            )
        unit_price = min(unit_price, v0_unit_price_within(Lamports(left - least), unit_limit))
    fee = BASE_FEE_PER_SIGNATURE + v0_priority_fee(unit_limit, unit_price)
    return Bid(
        unit_price=unit_price,
        cost_most=Cost(fee_lamports=Lamports(fee), tip_lamports=tip_lamports, rent_lamports=rent),
    )
