"""How orders, quotes and logs look in a terminal. Text in, nothing decided."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
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


def update_line(update: Update, began: datetime | None) -> Text:
    """One change of an order: time since the first, status, what there is to know."""
    since = 0.0 if began is None else (update.timestamp - began).total_seconds()
    line = Text(f"{since:8.3f} s  ")
    line.append(f"{update.status:<10}", style=_COLOURS.get(update.status, "cyan"))
    line.append(_what(update.status, update.data))
    return line


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
    for refused in preview.refused:
        table.add_row(refused.venue, refused.pool, "", refused.error, "", "", "", "", style="dim")
    return table


def route_table(route: Route) -> Table:
    """The swaps of a route in order, with each one's part of its hop."""
    table = Table("venue", "pool", "share", "in", "out")
    for at, leg in enumerate(route.legs):
        begins_hop = at > 0 and leg.in_mint != route.legs[at - 1].in_mint
        if begins_hop:
            table.add_section()
        table.add_row(
            leg.venue,
            leg.pool,
            f"{leg.share:.2%}",
            _moved(leg.amount_in, leg.amount_in_base_units),
            _moved(leg.amount_out, leg.amount_out_base_units),
        )
    return table


def not_taken(other: Alternative) -> Text:
    """A way that was not taken, and why."""
    sizes = " and then ".join(f"{len(hop)} pool{'s' * (len(hop) > 1)}" for hop in other.pools)
    through = f" through {other.mints[1]}" if len(other.mints) > 2 else ""
    return Text(f"not taken: {sizes}{through}. {other.reason}", style="dim")


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
