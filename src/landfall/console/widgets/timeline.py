"""An order's story as a timeline: what happened, how long it took, and what comes next."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from nicegui import ui

from landfall.client import Cluster
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.explorer import transaction_url
from landfall.console.markup import box, icon_button, say, text
from landfall.console.story import UNDER_WAY, Step, Story, decimal

LEAST_BPS = Decimal("0.01")
"""What is nearer to the quote than this is as quoted."""

QUOTES_SHOWN = 4
ICONS = {
    "pending": "check",
    "routing": "query_stats",
    "building": "alt_route",
    "submitted": "send",
    "confirmed": "done_all",
    "failed": "close",
    "cancelled": "block",
    "expired": "timer_off",
}


def draw_timeline(story: Story, engine: Engine) -> None:
    """Draw it where elements go at the moment; `engine` knows the chain and the tokens' names."""
    happened = [step for step in story.steps if step.at is not None]
    with box("timeline", "ol"):
        for step in story.steps:
            _step(step, story, is_last=bool(happened) and step is happened[-1], engine=engine)


def _step(step: Step, story: Story, is_last: bool, engine: Engine) -> None:
    is_now = is_last and not story.has_ended
    with box(f"tl {_state(step, is_now)}", "li").props(f"data-status={step.status}"):
        with box("tl-mark"):
            ui.icon("refresh" if step.is_retry else ICONS.get(step.status, "circle"))
        with box("tl-body"):
            with box("row-flex between"):
                text(step.title, "tl-head")
                _time(step, is_now)
            with box("tl-facts"):
                if is_now:
                    text(UNDER_WAY.get(step.status, ""))
                facts = FACTS.get("retry" if step.is_retry else step.status)
                if step.at is not None and facts is not None:
                    facts(step, story, engine)


def _state(step: Step, is_now: bool) -> str:
    match step.status:
        case _ if step.at is None:
            return "next"
        case "confirmed":
            return "good"
        case "failed" | "expired":
            return "bad"
        case _ if step.is_retry and not is_now:
            return "bad"
        case _:
            return "done now" if is_now else "done"


def _time(step: Step, is_now: bool) -> None:
    if step.at is None:
        return
    if is_now:
        running = text("…", "small mono muted")
        running.props["data-since"] = str(int(step.at.timestamp() * 1000))
        return
    shown = figures.clock(step.at) if step.took_ms is None else figures.duration(step.took_ms)
    say(text(shown, "small mono muted"), figures.moment(step.at))


def _accepted(step: Step, story: Story, engine: Engine) -> None:
    data = step.data
    fixed = "tokenOut" if data.get("swapMode") == "ExactOut" else "tokenIn"
    amount = figures.amount(decimal(data.get("amount")))
    with box("row-flex wrap").style("gap: 4px"):
        text(f"{amount} {figures.short(str(data.get(fixed, '')))}", "value")
        text(
            f"{figures.short(str(data.get('tokenIn', '')))} → "
            f"{figures.short(str(data.get('tokenOut', '')))}"
        )
        text(f"slippage ≤ {figures.percent(decimal(data.get('slippage')))}")


def _quoted(step: Step, story: Story, engine: Engine) -> None:
    quotes = step.data.get("quotes") or []
    refused = step.data.get("refused") or []
    would_not = f", {len(refused)} would not" if refused else ""
    answered = f"{figures.count(len(quotes), 'pool')} answered{would_not}"
    text(f"{answered}, at slot {step.data.get('contextSlot', figures.DASH)}")
    with box("tl-quotes"):
        for quote in quotes[:QUOTES_SHOWN]:
            with box("venue"):
                box(f"dot {_known_dex(quote.get('dex'))}")
                text(figures.venue(str(quote.get("venue", ""))), "cut")
            text(figures.amount(decimal(quote.get("amountOut"))), "right mono value")
            behind = int(quote.get("behindBps") or 0)
            text("best" if behind == 0 else figures.bps(-behind), "right mono")
    if len(quotes) > QUOTES_SHOWN:
        text(f"and {len(quotes) - QUOTES_SHOWN} more")


def _chosen(step: Step, story: Story, engine: Engine) -> None:
    data = step.data
    for leg in (data.get("route") or {}).get("legs") or [data]:
        _leg(leg)
    reason = str(data.get("reason", ""))
    say(text(figures.sentence(reason, engine.names)), reason)
    bound = decimal(data.get("minOut"))
    if bound is not None:
        text(f"at least {figures.amount(bound)} is enforced on chain")
    most = decimal(data.get("maxIn"))
    if most is not None:
        text(f"at most {figures.amount(most)} goes in, enforced on chain")


def _leg(leg: dict[str, Any]) -> None:
    pool, share = str(leg.get("pool", "")), decimal(leg.get("share"))
    with box("venue value"):
        box(f"dot {_known_dex(leg.get('dex') or leg.get('selectedDex'))}")
        text(figures.venue(str(leg.get("venue", ""))))
        say(text(figures.short(pool), "mono muted"), pool)
        if share is not None and share < 1:
            text(figures.percent(share), "mono muted")


def _sent(step: Step, story: Story, engine: Engine) -> None:
    signature = str(step.data.get("txHash", ""))
    draw_signature(signature, engine.cluster.value)
    text(f"valid until block {step.data.get('lastValidBlockHeight', figures.DASH)}")


def _filled(step: Step, story: Story, engine: Engine) -> None:
    data = step.data
    text(
        f"{figures.exact(decimal(data.get('amountIn')))} → "
        f"{figures.exact(decimal(data.get('amountOut')))}",
        "value",
    )
    gap = story.fill_gap_bps
    if gap is not None:
        kind = "" if abs(gap) < LEAST_BPS else "bad" if gap < 0 else "good"
        text(against_the_quote(gap), kind)
    fee = figures.exact(decimal(data.get("fee")))
    text(f"slot {data.get('slot', figures.DASH)}, network fee {fee} SOL")


def _failed(step: Step, story: Story, engine: Engine) -> None:
    text(figures.sentence(str(step.data.get("error", "")), engine.names), "value")
    attempts = figures.count(int(step.data.get("attempts") or 0), "attempt")
    text(f"{step.data.get('code', '')}, after {attempts}")


def _retry(step: Step, story: Story, engine: Engine) -> None:
    reason = figures.sentence(str(step.data.get("reason", "")), engine.names)
    text(f"Attempt {step.data.get('attempt', '')}: {reason}", "value")
    text(str(step.data.get("code", "")))


def against_the_quote(gap: Decimal | None) -> str:
    """A fill beside its quote, in words."""
    if gap is None:
        return ""
    if abs(gap) < LEAST_BPS:
        return "exactly as quoted" if gap == 0 else "as quoted"
    return f"{figures.bps(gap, signed=True)} against the quote"


def draw_signature(signature: str, cluster: Cluster | None) -> None:
    """A signature: cut, copied with a click, and linked to an explorer that can show it."""
    with box("row-flex").style("gap: 6px"):
        say(text(figures.short(signature), "mono value"), signature)
        copy = icon_button("content_copy", "Copy the signature").props("size=xs")
        copy.props["data-copy"] = signature
        copy.on("click", js_handler="(e) => landfall.copy(e.currentTarget.dataset.copy)")
        url = transaction_url(signature, cluster)
        if url is not None:
            with ui.link(target=url, new_tab=True).classes("out small"):
                text("Explorer")
                ui.icon("open_in_new", size="13px")


def _known_dex(dex: object) -> str:
    return dex if isinstance(dex, str) and dex in ("raydium", "meteora") else ""


FACTS: dict[str, Callable[[Step, Story, Engine], None]] = {
    "pending": _accepted,
    "routing": _quoted,
    "building": _chosen,
    "submitted": _sent,
    "confirmed": _filled,
    "failed": _failed,
    "retry": _retry,
}
