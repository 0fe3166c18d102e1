"""A small bot: spend 60 USDC in three slices side by side, and never buy a slice twice.

    make run                                          # in another terminal
    .venv/bin/python examples/bot_in_slices.py [NAME]

Every slice has a client order id made of NAME, so a bot that crashed and is started again sends the
same orders and gets the same answers; following one tells its story from the beginning.
LANDFALL_API_KEY is sent where it is set.
"""

import asyncio
import os
import sys
from decimal import Decimal

from landfall.client import AsyncClient, OrderForm

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")
SLICES = 3


async def buy(engine: AsyncClient, client_order_id: str) -> Decimal:
    """Buy one slice; how much SOL it got, which is none if it failed."""
    form = OrderForm(
        token_in="USDC",
        token_out="SOL",
        amount=Decimal("20"),
        slippage=Decimal("0.01"),
        client_order_id=client_order_id,
    )
    accepted = await engine.submit(form)
    if accepted.replayed:
        print(f"{client_order_id} was placed before")
    async for update in engine.follow(accepted.order_id):
        if update.ends_the_order:
            print(f"{client_order_id} {update.status}")
    order = await engine.order(accepted.order_id)
    return order.fill.amount_out if order.fill else Decimal(0)


async def main(name: str) -> None:
    """Buy all slices, and say what came of them."""
    async with AsyncClient(URL, api_key=KEY) as engine:
        got = await asyncio.gather(*(buy(engine, f"{name}-{n}") for n in range(1, SLICES + 1)))
    print(f"got {sum(got)} SOL")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "slices"))
