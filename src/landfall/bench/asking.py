"""What benches ask of an engine: swaps of SOL for USDC, of sizes that differ."""

from decimal import Decimal
from random import Random
from typing import Any
from uuid import uuid4

from landfall.bench.keep_alive import KeepAlive, NoAnswer

_SMALLEST_LAMPORTS, _LARGEST_LAMPORTS = 10**8, 10**11
_SEED = 20


def sizes() -> Random:
    """The same sizes in every run."""
    return Random(_SEED)


def swap(random: Random) -> dict[str, Any]:
    """An order's body, of 0.1 to 100 SOL."""
    lamports = random.randrange(_SMALLEST_LAMPORTS, _LARGEST_LAMPORTS)
    return {
        "tokenIn": "SOL",
        "tokenOut": "USDC",
        "amount": str(Decimal(lamports).scaleb(-9)),
        "slippage": "0.05",
        "clientOrderId": uuid4().hex,
    }


def small_swap() -> dict[str, Any]:
    """An order's body, too small for thousands of them to move the market."""
    return swap(Random(_SEED)) | {"amount": "0.01", "clientOrderId": uuid4().hex}


async def quote(http: KeepAlive, random: Random) -> None:
    """One quote.

    Raises:
        NoAnswer: it was refused, and what is measured would be refusals.
    """
    status, content = await http.post("/api/orders/quote", swap(random))
    if status != 200:
        raise NoAnswer(f"a quote was refused: {status} {content.decode()}")


async def accept(http: KeepAlive) -> bytes:
    """One small order, durable when this returns.

    Raises:
        NoAnswer: it was refused.
    """
    status, content = await http.post("/api/orders/execute", small_swap())
    if status != 201:
        raise NoAnswer(f"an order was refused: {status} {content.decode()}")
    return content
