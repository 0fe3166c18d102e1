"""Fold an order's recorded log again, on this side, and see that it gives what the engine says.

    make run                                          # in another terminal
    .venv/bin/python examples/replay_an_order.py [ORDER_ID]

Without an order id it takes the newest order. An order's state is nothing but its events, so anyone
who has the log can check the answer.
"""

import os
import sys

from landfall.client import Client
from landfall.replay import differences, replay

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")


def main() -> None:
    """Print every step, then whether the two agree."""
    with Client(URL, api_key=KEY) as engine:
        if len(sys.argv) > 1:
            order_id = sys.argv[1]
        else:
            newest = engine.orders(limit=1).orders
            if not newest:
                raise SystemExit("There is no order yet; place one first.")
            order_id = str(newest[0].order_id)
        order = engine.order(order_id)
    steps = list(replay(order.order_id, order.events))
    for step in steps:
        print(f"{step.version:>3}  +{step.since_accepted_ms:>6} ms  {step.event}: {step.facts}")
        print(f"     → {step.status.value}")
    disagreements = differences(steps[-1].execution, order)
    if disagreements:
        raise SystemExit("\n".join(disagreements))
    print(f"{len(steps)} events fold to {order.status}, as the engine says")


if __name__ == "__main__":
    main()
