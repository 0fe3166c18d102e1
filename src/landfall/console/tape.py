"""What the changes of all orders come to: throughput, stage latencies and spreads.

It is a fold over updates as they arrive, on the engine's clock: nothing is measured here, so that
a slow page or a slow network changes no figure. Only a window is kept. Units: milliseconds for
latencies, basis points for spreads, whole seconds for points in time.
"""

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from landfall.client import Update

WINDOW_SECONDS = 600
SAMPLES_MAX = 2_000
ORDERS_MAX = 5_000

STAGES: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("pending", "routing"): "queue and quotes",
        ("routing", "building"): "choose",
        ("building", "submitted"): "simulate and sign",
        ("submitted", "confirmed"): "land",
    }
)
"""Stages of an order between two statuses, by what they do."""

WHOLE = "whole order"
DEXES = ("raydium", "meteora")


@dataclass(slots=True)
class Second:
    """What happened in one second."""

    accepted: int = 0
    ended: int = 0
    failed: int = 0
    spreads: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Under:
    """An order on its way: when it was accepted, if that was heard, and its last status."""

    accepted_ms: float | None
    status: str
    since_ms: float
    version: int


class Tape:
    """The window of what was heard since a second, and the cursor to hear more behind."""

    def __init__(self, since_s: int) -> None:
        self.since_s = since_s
        self.cursor: str | None = None
        self.seconds: OrderedDict[int, Second] = OrderedDict()
        self.stages: dict[str, deque[float]] = {
            name: deque(maxlen=SAMPLES_MAX) for name in (*STAGES.values(), WHOLE)
        }
        self._orders: OrderedDict[UUID, _Under] = OrderedDict()

    def heard(self, update: Update) -> None:
        """Take in one change; one heard before changes nothing."""
        at_ms = update.timestamp.timestamp() * 1000
        known = self._orders.get(update.order_id)
        if known is not None and update.version <= known.version:
            return
        self.cursor = update.cursor
        second = self._second(int(at_ms // 1000))
        match update.status:
            case "pending" if update.version == 0:
                second.accepted += 1
            case "routing":
                spread = dex_spread_bps(update.data)
                if spread is not None:
                    second.spreads.append(spread)
            case "confirmed":
                second.ended += 1
            case "failed" | "expired":
                second.failed += 1
        self._time(update, known, at_ms)

    def _time(self, update: Update, known: _Under | None, at_ms: float) -> None:
        if known is not None:
            stage = STAGES.get((known.status, update.status))
            if stage is not None:
                self.stages[stage].append(at_ms - known.since_ms)
            if update.status == "confirmed" and known.accepted_ms is not None:
                self.stages[WHOLE].append(at_ms - known.accepted_ms)
        if update.ends_the_order:
            self._orders.pop(update.order_id, None)
            return
        accepted_ms = at_ms if update.version == 0 else known.accepted_ms if known else None
        self._orders[update.order_id] = _Under(accepted_ms, update.status, at_ms, update.version)
        while len(self._orders) > ORDERS_MAX:
            self._orders.popitem(last=False)

    def _second(self, second: int) -> Second:
        if second not in self.seconds:
            self.seconds[second] = Second()
            while len(self.seconds) > WINDOW_SECONDS:
                self.seconds.popitem(last=False)
        return self.seconds[second]


def dex_spread_bps(routing: Mapping[str, Any]) -> float | None:
    """How much better Raydium's best pool was than Meteora's: below zero, Meteora's was better."""
    best: dict[str, Decimal] = {}
    for quote in routing.get("quotes", ()):
        dex, out = quote.get("dex"), Decimal(quote.get("amountOut", "0"))
        if dex in DEXES:
            best[dex] = max(out, best.get(dex, out))
    if len(best) < len(DEXES) or not best["meteora"]:
        return None
    return float((best["raydium"] - best["meteora"]) / best["meteora"] * 10_000)


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The sample below which this share of all lies, of samples in order; None without samples."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None
