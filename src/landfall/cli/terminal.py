"""How orders, quotes and logs look in a terminal. Answers in, text out; nothing is decided."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from landfall.client.answers import Health, Order, Preview, Update
from landfall.client.route_answers import Alternative, Route

if TYPE_CHECKING:  # Folding needs the whole core; showing an order does not.
    from landfall.replay import Step

_COLOURS = {
    "confirmed": "green",
    "failed": "red",
    "expired": "red",
    "cancelled": "yellow",
    "pending": "dim",
}
_WAITS_FOR = {
    "pending": "waiting for its turn, and for every pool's answer",
    "routing": "choosing a route",
    "building": "building, simulating and signing",
    "submitted": "waiting for the ledger's word",
}
"""What happens next, by the status an order has."""


def update_line(update: Update, began: datetime | None) -> Text:
    """One change of an order: time since the first, status, what there is to know."""
    since = 0.0 if began is None else (update.timestamp - began).total_seconds()
    line = Text(f"{since:8.3f} s  ")
    line.append(f"{update.status:<10}", style=_COLOURS.get(update.status, "cyan"))
    line.append(_what(update.status, update.data))
    return line


def order_line(update: Update) -> Text:
    """One change of one order among many."""
    line = Text(f"{update.timestamp:%H:%M:%S}  {update.order_id}  ")
    line.append(f"{update.status:<10}", style=_COLOURS.get(update.status, "cyan"))
    line.append(_what(update.status, update.data))
    return line


class Waiting:
    """A moving line that says what is waited for; nothing where output is not a screen."""

    def __init__(
        self, console: Console, is_shown: bool, what_for: str = "waiting for the engine"
    ) -> None:
        self._status: Status = console.status(what_for)
        self._is_shown = is_shown and console.is_terminal

    def __enter__(self) -> Self:
        if self._is_shown:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_shown:
            self._status.stop()

    def after(self, status: str) -> None:
        """The order has this status now."""
        self._status.update(_WAITS_FOR.get(status, ""))


def quotes_table(preview: Preview) -> Table:
    """Every pool's answer, best first."""
    paid, bought = preview.token_in.name, preview.token_out.name
    table = Table(
        "venue", "pool", f"in {paid}", f"out {bought}", "price", "impact", "fee", "behind"
    )
    for quote in preview.quotes:
        table.add_row(
            quote.venue,
            quote.pool,
            f"{quote.amount_in:f}",
            f"{quote.amount_out:f}",
            "" if quote.price is None else f"{quote.price:f}",
            f"{quote.price_impact:%}",
            "" if quote.fee is None else f"{quote.fee:f}",
            f"{quote.behind_bps} bps" if quote.behind_bps else "best",
        )
    return table


def route_table(route: Route) -> Table:
    """The swaps of a route in order, with each one's part of its hop."""
    table = Table("hop", "venue", "pool", "share", "in", "out")
    for number, hop in enumerate(route.hops, 1):
        names = f"{hop.in_symbol or hop.in_mint} → {hop.out_symbol or hop.out_mint}"
        for leg in hop.legs:
            table.add_row(
                f"{number}: {names}" if leg is hop.legs[0] else "",
                leg.venue,
                leg.pool,
                f"{leg.share:.2%}",
                _moved(leg.amount_in, leg.amount_in_base_units),
                _moved(leg.amount_out, leg.amount_out_base_units),
            )
        table.add_section()
    return table


def refused_lines(preview: Preview) -> Iterable[Text]:
    """The pools that would not do the swap, and why."""
    for refused in preview.refused:
        yield Text(f"refused: {refused.venue} {refused.pool}: {refused.reason}", style="dim")


def route_lines(preview: Preview, route: Route, names: Mapping[str, str]) -> Iterable[Text]:
    """What is enforced, how good the route is, and which ways were not taken.

    Args:
        names: symbols by mint address.
    """
    paid, bought = preview.token_in.name, preview.token_out.name
    if route.min_out is not None:
        yield Text(f"{route.amount_out:f} {bought}; on chain no less than {route.min_out:f}")
    if route.max_in is not None:
        yield Text(f"{route.amount_in:f} {paid}; on chain no more than {route.max_in:f}")
    if route.gap_bps is not None and route.upper_bound_out is not None:
        bound = f"no route over these pools pays more than {route.upper_bound_out:f} {bought}"
        yield Text(f"bound: {bound}; gap {route.gap_bps:f} bps")
    if route.gap_bps is not None and route.lower_bound_in is not None:
        bound = f"no route over these pools takes less than {route.lower_bound_in:f} {paid}"
        yield Text(f"bound: {bound}; gap {route.gap_bps:f} bps")
    if route.best_single is not None and len(route.legs) > 1:
        best = route.best_single
        yield Text(f"gain: {best.gain_bps:f} bps over one pool alone, {best.venue} {best.pool}")
    for other in route.alternatives:
        yield _not_taken(other, names)


def _not_taken(other: Alternative, names: Mapping[str, str]) -> Text:
    first, *between, last = [names.get(mint, mint) for mint in other.mints]
    sizes = [f"{len(hop)} pool{'s' * (len(hop) > 1)}" for hop in other.pools]
    way, over = " → ".join((first, *between, last)), ", then ".join(sizes)
    if len(sizes) > len(between) + 1:
        # Several ways at once: two hops through each token between, and perhaps one directly.
        way = f"{first} → {last}, {'directly and ' * (len(sizes) % 2)}through {', '.join(between)}"
        over = f"{sum(map(len, other.pools))} pools"
    told = f"{way} over {over}" if sizes else way
    return Text(f"not taken: {told}. {other.reason}", style="dim")


def _moved(amount: Decimal | None, base_units: Decimal) -> str:
    """An amount in its token's own unit, or what can be said of one whose decimals are unknown."""
    return f"{base_units:f} base units" if amount is None else f"{amount:f}"


def orders_table(orders: Iterable[Order]) -> Table:
    """Orders as rows."""
    table = Table("order", "created", "status", "pair", "amount", "got", "venue", "transaction")
    for order in orders:
        table.add_row(
            str(order.order_id),
            order.created_at.strftime("%Y-%m-%d %H:%M:%S"),
            Text(order.status, style=_COLOURS.get(order.status, "cyan")),
            f"{order.token_in} → {order.token_out}",
            f"{order.amount:f}",
            "" if order.fill is None else f"{order.fill.amount_out:f}",
            order.venue or "",
            (order.tx_hash or "")[:12],
        )
    return table


def steps_table(steps: "Iterable[Step]") -> Table:
    """A log as it was folded, one event a row."""
    table = Table("version", "since accepted", "event", "status after", "facts")
    for step in steps:
        status = Text(step.status.value, style=_COLOURS.get(step.status.value, "cyan"))
        since = f"{step.since_accepted_ms} ms"
        table.add_row(str(step.version), since, step.event, status, step.facts)
    return table


def step_json(step: "Step") -> dict[str, str | int]:
    """The same of one event, for machines."""
    return {
        "version": step.version,
        "sinceAcceptedMs": step.since_accepted_ms,
        "event": step.event,
        "status": step.status.value,
        "facts": step.facts,
    }


def health_table(health: Health) -> Table:
    """The engine's parts and how they are."""
    table = Table("part", "", "latency", "error")
    for name, part in health.checks.items():
        word = Text("ok", style="green") if part.ok else Text("not well", style="red")
        table.add_row(name, word, f"{part.latency_ms:.1f} ms", part.error or "")
    return table


def console(stderr: bool = False) -> Console:
    """A console that wraps nothing in the middle of an address when its output is not a screen."""
    plain = Console(stderr=stderr, highlight=False)
    return plain if plain.is_terminal else Console(stderr=stderr, highlight=False, width=200)


def _what(status: str, data: dict[str, Any]) -> str:
    match status:
        case "pending" if "retryInMs" in data:
            return f"again in {data['retryInMs']} ms: {data['reason']}"
        case "pending" if data["swapMode"] == "ExactOut":
            return f"{data['tokenIn']} → {data['amount']} {data['tokenOut']}"
        case "pending":
            return f"{data['amount']} {data['tokenIn']} → {data['tokenOut']}"
        case "routing":
            best = data["quotes"][0] if data["quotes"] else None
            shown = f"; best {best['venue']} {best['amountOut']}" if best else ""
            return f"{len(data['quotes'])} quotes{shown}"
        case "building":
            return str(data["reason"])
        case "submitted":
            return str(data["txHash"])
        case "confirmed" if "txHash" in data:
            moved = f"{data['amountIn']} in, {data['amountOut']} out"
            return f"{moved}, at {data['executedPrice']} on {data['venue']}"
        case "failed":
            return f"{data['error']} ({data['code']})"
        case _:
            return ""
