"""The names a client may use for a path or a field of an order: a canonical one, and its aliases.

Clients written against older descriptions of this API use other names for the same thing. Every
accepted name is in these tables and nowhere else; the routes, the parser, the OpenAPI document and
the tests read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HEALTH = ("/health", "/api/health")
QUEUE_STATS = ("/api/queue/stats", "/api/orders/queue/metrics")
PATHS: tuple[tuple[str, ...], ...] = (HEALTH, QUEUE_STATS)
"""Paths that have several names, the canonical one first; they answer alike."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the body. `names` are accepted in requests, the canonical one first."""

    names: tuple[str, ...]
    kind: str
    sentence: str
    required: bool = False


DECIMAL = "decimal"
INTEGER = "integer"
TEXT = "text"

FIELDS: tuple[Field, ...] = (
    Field(("type",), TEXT, "The order type; market if left out."),
    Field(("tokenIn",), TEXT, "What is paid: a known symbol or a mint address.", required=True),
    Field(("tokenOut",), TEXT, "What is bought: a known symbol or a mint address.", required=True),
    Field(
        ("amountIn", "amount"),
        DECIMAL,
        "The amount of tokenIn in its own unit, a decimal number or string. "
        "With swapMode ExactOut it is the amount of tokenOut, and must be called amount.",
        required=True,
    ),
    Field(
        ("slippage",),
        DECIMAL,
        "The worst acceptable slippage as a fraction above 0 and at most 0.5; 0.01 is 1 %. "
        "Rounded down to whole basis points. The word auto leaves it to how the pools moved of "
        "late, up to maxSlippage.",
    ),
    Field(
        ("maxSlippage",),
        DECIMAL,
        "With slippage auto, the most it may become. Without slippage, the slippage itself.",
    ),
    Field(("slippageBps",), INTEGER, "The same in basis points, instead of slippage."),
    Field(
        ("maxPriceImpactBps",),
        INTEGER,
        "The most the trade itself may worsen its price, in basis points; beyond it, it fails.",
    ),
    Field(
        ("maxFeeLamports",),
        INTEGER,
        "The most that network fees, tips and rent of all attempts together may cost.",
    ),
    Field(("swapMode",), TEXT, "Which amount is fixed: ExactIn (default) or ExactOut."),
    Field(("priority",), INTEGER, "0 to 100; higher runs first. 0 if left out."),
    Field(
        ("clientOrderId",),
        TEXT,
        "Makes submitting idempotent: the same id with the same request is the same order.",
    ),
    Field(("userId",), TEXT, "What the client calls its own user."),
)

CANONICAL: Mapping[str, str] = {name: field.names[0] for field in FIELDS for name in field.names}
"""Every accepted name, to its canonical one."""
