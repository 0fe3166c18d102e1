"""What a reader can do about an order that was given up, by the engine's code of the cause."""

from collections.abc import Mapping
from types import MappingProxyType

NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "no_route": "Choose another pair, or go through a token that both are traded against.",
        "stale_quote": "Execute it again: the prices it was built on had become old.",
        "slippage_exceeded": "Execute it again, or allow more slippage: the price moved away.",
        "quote_mismatch": "Execute it again. If it comes back, a pool is not what it seems to be.",
        "price_impact_exceeded": "Make it smaller, or allow more price impact.",
        "fee_limit_exceeded": "Allow higher network fees, or wait until the chain is quieter.",
        "insufficient_funds": "Look at the Wallet page, and pay in or trade less.",
        "pool_closed": "Execute it again: the next quotes leave that pool out.",
        "pool_refused": "Make it smaller: no pool would fill all of it.",
        "program_error": "Execute it again; the log has what the program said.",
        "blockhash_expired": "Execute it again: the chain never took it, and now cannot any more.",
        "transaction_too_large": "Make it smaller, so that fewer pools are enough.",
        "record_lost": "Look at the wallet's history on chain before you execute it again.",
        "order_timed_out": "Execute it again when the chain is well.",
    }
)


def next_step(code: str) -> str:
    """What to do about it; for a cause without a sentence, where to read more."""
    return NEXT_STEPS.get(code, "Its log tells what happened, step by step.")
