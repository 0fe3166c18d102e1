"""Ask every pool what it would pay for 10 SOL, and place nothing.

    make run                                          # in another terminal
    .venv/bin/python examples/quote_without_trading.py

A quote is what the pool's program would do in that slot, to the base unit; pools that would refuse
the swap say why.
"""

import os
from decimal import Decimal

from landfall.client import Client, OrderForm

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")


def main() -> None:
    """Print the answers, best first, and the bound an order would carry."""
    form = OrderForm(token_in="SOL", token_out="USDC", amount=10, slippage=Decimal("0.005"))
    with Client(URL, api_key=KEY) as engine:
        preview = engine.quote(form)
    print(f"{preview.amount} SOL, as of slot {preview.context_slot}")
    for quote in preview.quotes:
        behind = f"{quote.behind_bps} bps behind" if quote is not preview.quotes[0] else "best"
        print(f"{quote.amount_out:>16} USDC  {behind:<14} {quote.venue} {quote.pool}")
    for refused in preview.refused:
        print(f"         refused       {refused.venue}: {refused.reason}")
    if preview.route is not None:
        print(f"an order now would get {preview.route.min_out} USDC or more, or not trade at all")
    print(preview.reason)


if __name__ == "__main__":
    main()
