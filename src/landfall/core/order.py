"""What the client asked for. An Order never changes; what became of it is an Execution.

Units: `amount` is base units of `token_in` (exact in) or of `token_out` (exact out); slippage is in
basis points; instants are milliseconds since the Unix epoch, by the database's clock.
"""

from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.token import Token
from landfall.core.values import (
    BPS_DENOMINATOR,
    U64_MAX,
    BaseUnits,
    BasisPoints,
    Lamports,
    SwapMode,
)

SLIPPAGE_BPS_MAX = 5_000
PRIORITY_MAX = 100
TEXT_LENGTH_MAX = 128


class OrderType(Enum):
    """Each type is a trigger and a bound; see `triggers.py`."""

    MARKET = "market"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to trade, as accepted.

    `account` is whose order it is (the API key's owner; "local" where no key is needed), `user_id`
    what the client calls its own user. `client_order_id` is unique per account and makes submitting
    idempotent. Higher `priority` runs first; within a priority, first come first served.

    `slippage_bps` is the bound, or with `slippage_is_automatic` the most the engine may choose as
    bound from how the pools have moved. `max_price_impact_bps` bounds how much worse than the price
    before it the trade itself makes its price; `max_fee_lamports` what all attempts together may
    cost in network fees, tips and rent. None: no such bound.

    Raises:
        OrderRejected: the values contradict one another or a limit.
    """

    order_id: UUID
    account: str
    order_type: OrderType
    token_in: Token
    token_out: Token
    swap_mode: SwapMode
    amount: BaseUnits
    slippage_bps: BasisPoints
    created_at_ms: int
    priority: int = 0
    client_order_id: str | None = None
    user_id: str | None = None
    slippage_is_automatic: bool = False
    max_price_impact_bps: BasisPoints | None = None
    max_fee_lamports: Lamports | None = None

    def __post_init__(self) -> None:
        if self.token_in.mint == self.token_out.mint:
            raise OrderRejected(
                RejectionReason.SAME_TOKEN,
                "tokenOut",
                "tokenIn and tokenOut are the same mint; nothing to trade.",
            )
        if self.amount <= 0:
            raise OrderRejected(
                RejectionReason.AMOUNT_NOT_POSITIVE,
                "amountIn",
                "The amount must be greater than zero.",
            )
        if self.amount > U64_MAX:
            raise OrderRejected(
                RejectionReason.AMOUNT_TOO_LARGE,
                "amountIn",
                f"The amount exceeds {U64_MAX} base units, the chain's limit.",
            )
        if not 0 < self.slippage_bps <= SLIPPAGE_BPS_MAX:
            raise OrderRejected(
                RejectionReason.SLIPPAGE_OUT_OF_RANGE,
                "slippage",
                "Slippage must be above 0 and at most 0.5 (50 %).",
            )
        self._check_guards()
        if not 0 <= self.priority <= PRIORITY_MAX:
            raise OrderRejected(
                RejectionReason.PRIORITY_OUT_OF_RANGE,
                "priority",
                f"Priority must be 0 to {PRIORITY_MAX}.",
            )
        for field, text in (("clientOrderId", self.client_order_id), ("userId", self.user_id)):
            if text is not None and not 0 < len(text) <= TEXT_LENGTH_MAX:
                raise OrderRejected(
                    RejectionReason.VALUE_TOO_LONG,
                    field,
                    f"{field} must have 1 to {TEXT_LENGTH_MAX} characters.",
                )

    def _check_guards(self) -> None:
        impact = self.max_price_impact_bps
        if impact is not None and not 0 < impact <= BPS_DENOMINATOR:
            raise OrderRejected(
                RejectionReason.PRICE_IMPACT_OUT_OF_RANGE,
                "maxPriceImpactBps",
                f"maxPriceImpactBps must be 1 to {BPS_DENOMINATOR}.",
            )
        fee = self.max_fee_lamports
        if fee is not None and not 0 < fee <= U64_MAX:
            raise OrderRejected(
                RejectionReason.FEE_LIMIT_OUT_OF_RANGE,
                "maxFeeLamports",
                f"maxFeeLamports must be 1 to {U64_MAX}.",
            )
