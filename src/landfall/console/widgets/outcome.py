"""How an order ended, in the first line one reads."""

from landfall.console import figures
from landfall.console.markup import box, text
from landfall.console.next_steps import next_step
from landfall.console.story import Story, decimal
from landfall.console.widgets.timeline import against_the_quote


def draw_outcome(story: Story, final_slot: int | None = None) -> None:
    """Draw it where elements go at the moment; the story has ended."""
    filled = story.last("confirmed")
    if filled is None:
        _unfilled(story)
        return
    began = story.steps[0].data
    token_in = figures.short(str(began.get("tokenIn", "")))
    token_out = figures.short(str(began.get("tokenOut", "")))
    amount_in, amount_out = (decimal(filled.data.get(side)) for side in ("amountIn", "amountOut"))
    price = figures.amount(decimal(filled.data.get("executedPrice")))
    final = f"final at slot {final_slot:,}" if final_slot is not None else "not yet final"
    with box("outcome good").props("role=status"):
        text(f"Got {figures.amount(amount_out)} {token_out}", "big")
        text(
            f"for {figures.amount(amount_in)} {token_in}, at {price}, in "
            f"{figures.duration(story.total_ms)}",
            "small",
        )
        text(f"{against_the_quote(story.fill_gap_bps)} · {final}", "small")


def _unfilled(story: Story) -> None:
    last = story.steps[-1]
    error, code = last.data.get("error"), str(last.data.get("code", ""))
    with box("outcome bad").props("role=status"):
        text(last.title, "big")
        text(figures.sentence(str(error)) if error else "Nothing of it can land any more.", "small")
        if error:
            text(next_step(code), "small strong")
