"""An order's attempts: what each considered, took, sent, and came to."""

from landfall.client import OrderDetail
from landfall.client.answers import Attempt
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.markup import box, text
from landfall.console.widgets.timeline import draw_signature


def draw_attempts(order: OrderDetail, engine: Engine) -> None:
    """Draw them, the first first."""
    with box("section"):
        text(f"Attempts, {len(order.attempts)}", "section-title")
        for attempt in order.attempts:
            _attempt(attempt, engine)
        if not order.attempts:
            text("None has begun.", "small muted")


def _attempt(attempt: Attempt, engine: Engine) -> None:
    with box("outcome").style("gap: 5px"):
        with box("row-flex between"):
            text(f"Attempt {attempt.number}", "strong")
            text(figures.clock(attempt.started_at), "small mono muted")
        text(
            f"{figures.count(len(attempt.quotes), 'pool')} answered, "
            f"{len(attempt.refused)} would not",
            "small muted",
        )
        if attempt.reason is not None:
            text(figures.sentence(attempt.reason, engine.names), "small break")
        if attempt.transaction is not None:
            draw_signature(attempt.transaction.tx_hash, engine.cluster.value)
        if attempt.fill is not None:
            paid, got = attempt.fill.amount_in, attempt.fill.amount_out
            moved = f"{figures.exact(paid)} → {figures.exact(got)}"
            text(f"{moved} at slot {attempt.fill.slot}", "small good")
        if attempt.failure is not None:
            text(figures.sentence(attempt.failure.error, engine.names), "small bad break")
            text(attempt.failure.code, "small muted mono")
