"""Live updates: the story of one order as it happens."""

from uuid import UUID

from nicegui import ui

from landfall.console import figures
from landfall.console.following import Following
from landfall.console.frame import Visit
from landfall.console.markup import box, heading, say, text
from landfall.console.story import Story, in_short, tell
from landfall.console.widgets.cancel_button import draw_cancel
from landfall.console.widgets.first_run import draw_first_run
from landfall.console.widgets.outcome import draw_outcome
from landfall.console.widgets.timeline import draw_timeline

_NOTHING, _UNKNOWN_CHAIN, _FIRST_RUN = -1, -2, -3
"""What has been drawn before any version of an order was."""


class LiveUpdates:
    """A card that follows one order at a time; without one it says what will be here."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._following: Following | None = None
        self._seen = _NOTHING
        with box("card live"):
            with box("row-flex between"):
                heading("Live updates")
                self._id = text("", "mono small muted")
            self._body = box("stack wide").props("aria-live=polite")
        visit.look(self._look)
        visit.until_left(self._stop)

    def follow(self, order_id: UUID | str) -> None:
        """Show this order from its beginning, and then as it goes on."""
        self._stop()
        self._id.set_text(figures.short(str(order_id)))
        say(self._id, str(order_id))
        self._seen = _NOTHING
        self._following = Following(self._visit.engine.client, order_id)

    def _stop(self) -> None:
        if self._following is not None:
            self._following.stop()

    def _look(self) -> None:
        following = self._following
        if following is None:
            self._draw_first_run()
            return
        if following.version == self._seen:
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

    def _draw_first_run(self) -> None:
        cluster = self._visit.engine.cluster.value
        if self._seen == _FIRST_RUN or (cluster is None and self._seen == _UNKNOWN_CHAIN):
            return
        self._seen = _UNKNOWN_CHAIN if cluster is None else _FIRST_RUN
        self._body.clear()
        with self._body:
            draw_first_run(cluster)

    def _draw(self, story: Story, following: Following) -> None:
        if story.has_ended:
            draw_outcome(story, following.final_slot)
        elif story.status == "pending":
            draw_cancel(self._visit.engine.client, following.order_id)
        draw_timeline(story, self._visit.engine)
        ui.page_title(f"{in_short(story)} · Landfall")


def _fault(sentence: str) -> None:
    with box("note bad"):
        ui.icon("error_outline")
        text(sentence)
