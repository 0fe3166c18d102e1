"""The order a client fills in, and its JSON."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """What to trade. `amount` is in the unit of the token that `swap_mode` fixes.

    `slippage` is a fraction, 0.01 for 1 %; None takes the engine's default; "auto" leaves it to how
    the pools moved, up to `max_slippage`. `max_price_impact_bps` and `max_fee_lamports` (network
    fees, tips and rent of all attempts together) make an order fail rather than exceed them.

    Without a `client_order_id` the SDK makes one up, so that a submission whose answer was lost can
    be sent again without trading twice.

    Raises:
        TypeError: the amount or the slippage is a float, which cannot hold most decimals.
    """

    token_in: str
    token_out: str
    amount: Decimal | int | str
    slippage: Decimal | str | None = None
    max_slippage: Decimal | str | None = None
    max_price_impact_bps: int | None = None
    max_fee_lamports: int | None = None
    swap_mode: str = "ExactIn"
    order_type: str = "market"
    priority: int = 0
    client_order_id: str | None = None
    user_id: str | None = None

    def __post_init__(self) -> None:
        for name in ("amount", "slippage", "max_slippage"):
            if isinstance(getattr(self, name), float):
                raise TypeError(f"{name} must be a Decimal, an int or a string, not a float")

    def body(self) -> dict[str, Any]:
        """The JSON of the order, ready to be sent more than once."""
        body: dict[str, Any] = {
            "type": self.order_type,
            "tokenIn": self.token_in,
            "tokenOut": self.token_out,
            "amount": str(self.amount),
            "swapMode": self.swap_mode,
            "priority": self.priority,
            "clientOrderId": self.client_order_id or uuid4().hex,
        }
        optional = {
            "slippage": None if self.slippage is None else str(self.slippage),
            "maxSlippage": None if self.max_slippage is None else str(self.max_slippage),
            "maxPriceImpactBps": self.max_price_impact_bps,
            "maxFeeLamports": self.max_fee_lamports,
            "userId": self.user_id,
        }
        return body | {name: value for name, value in optional.items() if value is not None}
