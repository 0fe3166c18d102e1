"""Follow an order over a plain WebSocket, without the SDK, from its first event to its last.

    make run                                          # in another terminal
    .venv/bin/python examples/follow_an_order_over_websocket.py [ORDER_ID]

Without an order id it buys 10 USDC worth of ETH first. Every frame carries a version. Whoever comes
late gets what was missed; whoever was cut off asks for `?after=VERSION` and loses nothing.
"""

import asyncio
import json
import os
import sys

import httpx
from websockets.asyncio.client import connect

URL = os.environ.get("LANDFALL_URL", "http://127.0.0.1:3000")
KEY = os.environ.get("LANDFALL_API_KEY")
HEADERS = {"Authorization": f"Bearer {KEY}"} if KEY else {}
BODY = {"type": "market", "tokenIn": "USDC", "tokenOut": "ETH", "amountIn": "10"}


async def place() -> str:
    """Place an order with a plain POST; its id."""
    async with httpx.AsyncClient(headers=HEADERS, trust_env=False) as http:
        answer = await http.post(f"{URL}/api/orders/execute", json=BODY)
    answer.raise_for_status()
    return str(answer.json()["orderId"])


async def follow(order_id: str) -> None:
    """Print each frame until the engine closes the stream."""
    socket_url = f"{URL.replace('http', 'ws', 1)}/api/orders/{order_id}/ws?after=-1"
    async with connect(socket_url, additional_headers=HEADERS, proxy=None) as socket:
        async for message in socket:
            frame = json.loads(message)
            details = ", ".join(
                f"{name} {frame['data'][name]}"
                for name in ("selectedDex", "txHash", "executedPrice", "amountOut", "error")
                if frame["data"].get(name) is not None
            )
            print(f"{frame['version']:>3}  {frame['status']:<10} {details}")


async def main() -> None:
    """Follow the order named on the command line, or a new one."""
    await follow(sys.argv[1] if len(sys.argv) > 1 else await place())


if __name__ == "__main__":
    asyncio.run(main())
