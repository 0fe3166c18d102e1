"""Place an order and think better of it: cancelled while it waits, or told that it is too late.

    make run                                          # in another terminal
    .venv/bin/python examples/cancel_what_waits.py

Only while nothing of an order is in flight can it be withdrawn. The engine's word is final: either
it is cancelled and nothing will move, or it goes on and its end is told.
"""

import os
from decimal import Decimal

from landfall.client import ApiError, Client, OrderForm

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")


def main() -> None:
    """Cancel at once, and print how it ended."""
    form = OrderForm(token_in="SOL", token_out="USDC", amount=Decimal("0.5"), slippage="0.01")
    with Client(URL, api_key=KEY) as engine:
        accepted = engine.submit(form)
        try:
            print(f"withdrawn: {engine.cancel(accepted.order_id).status}")
        except ApiError as refused:
            if refused.code != "not_cancellable":
                raise
            print(f"too late: {refused.sentence}")
        ends = [each.status for each in engine.follow(accepted.order_id) if each.ends_the_order]
    print(f"it ended as {ends[0]}")


if __name__ == "__main__":
    main()
