"""Everything about one order, beside the list: its story, a replay, its attempts, its log."""

import asyncio
import json

from nicegui import background_tasks, ui

from landfall.client import ClientError, OrderDetail
from landfall.console import figures
from landfall.console.following import Following
from landfall.console.frame import Visit
from landfall.console.markup import box, button, icon_button, say, text
from landfall.console.story import tell
from landfall.console.widgets.attempts import draw_attempts
from landfall.console.widgets.cancel_button import draw_cancel
from landfall.console.widgets.outcome import draw_outcome
from landfall.console.widgets.timeline import draw_timeline

REPLAY_STEP_SECONDS_MAX = 0.9
REPLAY_STEP_SECONDS_MIN = 0.25


class OrderDrawer:
    """One drawer for the page; `open` fills it with an order and shows it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._following: Following | None = None
        self._seen = -1
        self._playing = False
        self._drawer = box("drawer hidden", "aside").props('aria-label="Order" tabindex=-1')
        self._drawer.on("keydown.escape", self.close)
        visit.look(self._look)
        visit.until_left(self._stop)

    def open(self, order_id: str) -> None:
        """Show this order."""
        self._stop()
        self._seen = -1
        self._following = Following(self._visit.engine.client, order_id)
        self._drawer.clear()
        with self._drawer:
            with box("drawer-head"):
                self._status = text("", "status")
                say(text(figures.short(order_id), "mono small muted grow"), order_id)
                ui.link("Full page", f"/order/{order_id}").classes("btn link")
                icon_button("close", "Close").on_click(self.close)
            with box("drawer-body"):
                self._top = box("stack wide")
                self._replay_row()
                self._story = box("stack wide")
                self._rest = box("stack wide")
        self._drawer.classes(replace="drawer")
        ui.run_javascript(f"getHtmlElement({self._drawer.id})?.focus()")

    def close(self) -> None:
        """Hide it."""
        self._stop()
        self._drawer.classes(replace="drawer hidden")

    def _stop(self) -> None:
        self._playing = False
        if self._following is not None:
            self._following.stop()
            self._following = None

    def _replay_row(self) -> None:
        with box("replay"):
            play = icon_button("replay", "Replay from the beginning")
            play.on_click(self._play)
            self._slider = (
                ui.slider(min=1, max=1, value=1, on_change=self._draw_story)
                .props('snap dense aria-label="How far the story is told"')
                .classes("grow")
            )
            self._step = text("", "small muted mono")

    def _look(self) -> None:
        following = self._following
        if following is None or following.version == self._seen or self._playing:
            return
        self._seen = following.version
        self._top.clear()
        if following.fault:
            with self._top, box("note bad"):
                ui.icon("error_outline")
                text(following.fault)
        if not following.updates:
            return
        story = tell(following.updates)
        self._status.set_text(story.status)
        self._status.classes(replace=f"status {story.status}")
        with self._top:
            if story.has_ended:
                draw_outcome(story, following.final_slot)
            elif story.status == "pending":
                draw_cancel(self._visit.engine.client, following.order_id)
        count = len(following.updates)
        self._slider.props["max"] = count
        self._slider.set_value(count)
        self._draw_story()
        background_tasks.create(self._draw_rest(following))

    def _draw_story(self) -> None:
        following = self._following
        if following is None or not following.updates:
            return
        count = min(int(self._slider.value or 1), len(following.updates))
        self._step.set_text(f"{count}/{len(following.updates)}")
        self._story.clear()
        with self._story:
            draw_timeline(tell(following.updates[:count]), self._visit.engine)

    async def _play(self) -> None:
        """Tell the story again, at its own pace but for the long waits."""
        following = self._following
        if following is None or self._playing:
            return
        self._playing = True
        updates = following.updates
        for count in range(1, len(updates) + 1):
            if not self._playing:
                return
            self._slider.set_value(count)
            if count < len(updates):
                gap = (updates[count].timestamp - updates[count - 1].timestamp).total_seconds()
                await asyncio.sleep(min(REPLAY_STEP_SECONDS_MAX, max(REPLAY_STEP_SECONDS_MIN, gap)))
        self._playing = False

    async def _draw_rest(self, following: Following) -> None:
        try:
            order = await self._visit.engine.client.order(following.order_id)
        except ClientError:
            return
        if following is not self._following:
            return
        self._rest.clear()
        with self._rest:
            _facts(order)
            draw_attempts(order, self._visit.engine)
            _log(order)


def _facts(order: OrderDetail) -> None:
    facts = {
        "Order": str(order.order_id),
        "Client order id": order.client_order_id or figures.DASH,
        "User": order.user_id or figures.DASH,
        "Type": f"{order.type}, {order.swap_mode}",
        "Pair": f"{order.token_in} → {order.token_out}",
        "Amount": figures.exact(order.amount),
        "Slippage at most": figures.percent(order.slippage),
        "Priority": str(order.priority),
        "Accepted": figures.moment(order.created_at),
        "Last change": figures.moment(order.updated_at),
    }
    with box("section"):
        text("Order", "section-title")
        for name, value in facts.items():
            with box("kv"):
                text(name)
                text(value, "break")


def _log(order: OrderDetail) -> None:
    """The log as it is recorded, every byte of it, to read and to copy."""
    recorded = json.dumps(
        [
            {
                "version": event.version,
                "type": event.type,
                "recordedAtMs": event.recorded_at_ms,
                "endsCommit": event.ends_commit,
                "data": event.data,
            }
            for event in order.events
        ],
        indent=2,
        ensure_ascii=False,
    )
    with box("section"):
        with box("row-flex between"):
            text(f"Log, {len(order.events)} events", "section-title")
            copy = button("Copy", "tiny quiet")
            copy.on_click(lambda: ui.clipboard.write(recorded))
        text(recorded, "rawlog").props('tabindex=0 role=region aria-label="The order\'s log"')
