"""Whether the engine lives: two pills in the bar, and an alarm across the page when it is gone."""

from collections.abc import Callable

from nicegui import ui
from nicegui.element import Element

from landfall.client import Health
from landfall.console import figures
from landfall.console.engine import Engine
from landfall.console.markup import box, say, text

SLOT_AGE_MS_MAX = 10_000


class EngineState:
    """What every page shows of the engine; `ask_for_key` is called when it wants a key."""

    def __init__(self, engine: Engine, ask_for_key: Callable[[], None]) -> None:
        self._engine = engine
        self._ask_for_key = ask_for_key
        self._seen = (-1, -1, -1)

    def draw_pills(self) -> None:
        """The chain and its slot; the engine and how fast it answers."""
        with box("pill wide-only") as self._chain:
            self._chain_dot = box("dot")
            self._chain_text = text("chain …")
        with box("pill").props("role=status") as self._pill:
            self._dot = box("dot")
            self._text = text("connecting …")

    def draw_alarm(self, alarm: Element) -> None:
        """The words for when it does not answer, in a place that is hidden until then."""
        self._alarm = alarm
        ui.icon("cloud_off")
        with box("stack").style("gap: 0"):
            text("The engine is gone.", "strong")
            text(
                f"Nothing answers at {self._engine.url}. What you see is from before, and this "
                "page comes back by itself. Accepted orders are on record and go on then.",
                "small",
            )

    def look(self) -> None:
        """Show what has changed since the last look."""
        engine = self._engine
        seen = (engine.health.version, engine.cluster.version, engine.wallet.version)
        if seen == self._seen:
            return
        self._seen = seen
        if engine.is_locked:
            self._ask_for_key()
        self._show_engine()
        self._show_chain()

    def _show_engine(self) -> None:
        engine = self._engine
        self._alarm.classes(replace="gone" if engine.is_gone else "gone hidden")
        if engine.is_gone:
            self._set(self._dot, self._text, "bad", "engine gone")
        elif engine.health.value is not None:
            words, kind = health_in_words(engine.health.value)
            self._set(self._dot, self._text, kind, words)

    def _show_chain(self) -> None:
        cluster, error = self._engine.cluster.value, self._engine.cluster.error
        if cluster is None or error is not None:
            self._set(self._chain_dot, self._chain_text, "warn", "chain unknown")
            return
        is_late = cluster.slot_age_ms > SLOT_AGE_MS_MAX
        behind = f" · {figures.duration(cluster.slot_age_ms)} behind" if is_late else ""
        words = f"{cluster.name} · slot {cluster.slot:,}{behind}"
        self._set(self._chain_dot, self._chain_text, "warn" if is_late else "good", words)
        say(self._chain, f"genesis {cluster.genesis_hash}")

    @staticmethod
    def _set(dot: Element, words: ui.label, kind: str, said: str) -> None:
        dot.classes(replace=f"dot {kind}")
        words.set_text(said)


def health_in_words(health: Health) -> tuple[str, str]:
    """A word or two, and which colour they have."""
    ill = [name for name, part in health.checks.items() if not part.ok]
    if ill:
        return f"{', '.join(ill)} unwell", "warn"
    return "engine live", "good"
