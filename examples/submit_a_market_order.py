"""Sell 1.5 SOL for USDC at whatever the best pool pays, at most 1 % below its quote.

    make run                                          # in another terminal
    .venv/bin/python examples/submit_a_market_order.py

Submitting is safe to repeat: the SDK gives every order a client order id, so a lost answer is asked
for again and never trades twice.
"""

import os
from decimal import Decimal

from landfall.client import Client, OrderForm

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")


def main() -> None:
    """Place the order, wait for its end, print what came of it."""
    form = OrderForm(
        token_in="SOL", token_out="USDC", amount=Decimal("1.5"), slippage=Decimal("0.01")
    )
    with Client(URL, api_key=KEY) as engine:
        accepted = engine.submit(form)
        print(f"order {accepted.order_id} is on record")
        for update in engine.follow(accepted.order_id):
            print(update.status)
        order = engine.order(accepted.order_id)
    if order.fill is None:
        assert order.failure is not None
        raise SystemExit(f"not filled: {order.failure.error}")
    fill = order.fill
    print(f"paid {fill.amount_in} SOL and got {fill.amount_out} USDC on {order.venue}")
    print(f"transaction {order.tx_hash} in slot {fill.slot}, fee {fill.fee} SOL")


if __name__ == "__main__":
    main()
