"""Live updates: the story of one order as it happens."""

from uuid import UUID

from nicegui import ui

from landfall.console import figures
from landfall.console.following import Following
from landfall.console.frame import Visit
from landfall.console.markup import box, heading, say, text
from landfall.console.story import Story, tell
from landfall.console.widgets.cancel_button import draw_cancel
from landfall.console.widgets.outcome import draw_outcome
from landfall.console.widgets.timeline import draw_timeline


class LiveUpdates:
    """A card that follows one order at a time; without one it says what will be here."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._following: Following | None = None
        self._seen = -1
        with box("card live"):
            with box("row-flex between"):
                heading("Live updates")
                self._id = text("", "mono small muted")
            self._body = box("stack wide").props("aria-live=polite")
            with self._body:
                _empty()
        visit.look(self._look)
        visit.until_left(self._stop)

    def follow(self, order_id: UUID | str) -> None:
        """Show this order from its beginning, and then as it goes on."""
        self._stop()
        self._id.set_text(figures.short(str(order_id)))
        say(self._id, str(order_id))
        self._seen = -1
        self._following = Following(self._visit.engine.client, order_id)

    def _stop(self) -> None:
        if self._following is not None:
            self._following.stop()

    def _look(self) -> None:
        following = self._following
        if following is None or following.version == self._seen:
            return
        self._seen = following.version
        self._body.clear()
        with self._body:
            if following.fault:
                _fault(following.fault)
            elif not following.updates:
                box("skeleton")
                box("skeleton").style("width: 60%")
            else:
                self._draw(tell(following.updates), following)

    def _draw(self, story: Story, following: Following) -> None:
        if story.has_ended:
            draw_outcome(story, following.final_slot)
        elif story.status == "pending":
            draw_cancel(self._visit.engine.client, following.order_id)
        draw_timeline(story, self._visit.engine.cluster.value)


def _empty() -> None:
    with box("empty"):
        ui.icon("timeline")
        text("No order yet", "strong")
        text("Execute one, and its steps appear here as they happen.", "small")


def _fault(sentence: str) -> None:
    with box("note bad"):
        ui.icon("error_outline")
        text(sentence)
