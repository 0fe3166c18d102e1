"""The order a client fills in, and its JSON."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """What to trade. `amount` is in the unit of the token that `swap_mode` fixes.

    `slippage` is a fraction, 0.01 for 1 %; None takes the engine's default. Without a
    `client_order_id` the SDK makes one up, so that a submission whose answer was lost can be sent
    again without trading twice.

    Raises:
        TypeError: the amount or the slippage is a float, which cannot hold most decimals.
    """

    token_in: str
    token_out: str
    amount: Decimal | int | str
    slippage: Decimal | str | None = None
    swap_mode: str = "ExactIn"
    order_type: str = "market"
    priority: int = 0
    client_order_id: str | None = None
    user_id: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("amount", self.amount), ("slippage", self.slippage)):
            if isinstance(value, float):
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
        if self.slippage is not None:
            body["slippage"] = str(self.slippage)
        if self.user_id is not None:
            body["userId"] = self.user_id
        return body
