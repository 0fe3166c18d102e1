"""What surrounds every page: the bar with its tabs, how the engine is, the theme, the key dialog.

The frame is drawn at once, and what lives in it as soon as the browser has connected, because only
then is it known which tab asks, and so under which key.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nicegui import app, ui
from nicegui.element import Element

from landfall.console.engine import Engine, Engines
from landfall.console.markup import box, icon_button, text
from landfall.console.theme import DARK, PALETTES, Palette
from landfall.console.widgets.engine_state import EngineState
from landfall.console.widgets.key_dialog import KEY, KeyDialog

TABS = (
    ("Trade", "/", "swap_vert"),
    ("Orders", "/orders", "receipt_long"),
    ("Engine", "/engine", "monitor_heart"),
    ("Wallet", "/wallet", "account_balance_wallet"),
)
LOOK_SECONDS = 0.25


Begin = Callable[[], Callable[[], None]]
"""Begins something, and returns what ends it."""


@dataclass(slots=True, eq=False)
class _Held:
    """Something that a page holds on to while it is seen."""

    begin: Begin
    end: Callable[[], None]


@dataclass(slots=True)
class Visit:
    """One open page: its engine, its theme, and what has to end with it.

    A page that nobody can see, behind another tab, asks nothing and changes nothing.
    """

    engine: Engine
    theme: str
    _is_seen: bool = True
    _looks: list[tuple[int, Callable[[], None]]] = field(default_factory=list)
    _ticks: int = 0
    _held: list[_Held] = field(default_factory=list)
    _ends: list[Callable[[], None]] = field(default_factory=list)
    _themed: list[Callable[[Palette], None]] = field(default_factory=list)

    @property
    def palette(self) -> Palette:
        """The colours of the page, for what cannot take them from the style sheet."""
        return PALETTES[self.theme]

    def until_left(self, end: Callable[[], None]) -> None:
        """Call `end` when the page is closed."""
        self._ends.append(end)

    def on_theme(self, redraw: Callable[[Palette], None]) -> None:
        """Call `redraw` when the reader changes the theme."""
        self._themed.append(redraw)

    def while_seen(self, begin: Begin) -> Callable[[], None]:
        """Begin now, end when the page is hidden or closed, begin again when it is seen again.

        Call what is returned to end it for good.
        """
        held = _Held(begin, begin() if self._is_seen else _nothing)
        self._held.append(held)

        def let_go() -> None:
            if held in self._held:
                self._held.remove(held)
                held.end()

        return let_go

    def look(self, at: Callable[[], None], every_s: float = LOOK_SECONDS) -> None:
        """Call `at` again and again while somebody can see the page.

        Every look of a page is taken in one go, so that what they change goes out in one message.
        """
        if not self._looks:
            ui.timer(LOOK_SECONDS, self._look)
        self._looks.append((round(every_s / LOOK_SECONDS), at))

    def _look(self) -> None:
        if self._is_seen:
            for every, at in self._looks:
                if self._ticks % every == 0:
                    at()
            self._ticks += 1

    def set_seen(self, is_seen: bool) -> None:
        """The reader can see the page, or not."""
        if is_seen == self._is_seen:
            return
        self._is_seen = is_seen
        for held in self._held:
            if is_seen:
                held.end = held.begin()
            else:
                held.end()
                held.end = _nothing

    def set_theme(self, theme: str) -> None:
        """The reader chose another theme."""
        self.theme = theme if theme in PALETTES else DARK
        for redraw in self._themed:
            redraw(self.palette)

    def leave(self) -> None:
        """The page is closed."""
        for end in [*self._ends, *(held.end for held in self._held)]:
            end()
        self._ends.clear()
        self._held.clear()


def _nothing() -> None:
    """End what has not begun."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The places of a page that are filled once its browser has connected."""

    bar_end: Element
    alarm: Element
    main: Element


def draw_frame(title: str) -> Frame:
    """The bar above, the tabs, and the places that wait to be filled."""
    ui.page_title(f"{title} · Landfall")
    ui.link("Skip to the page", "#page").classes("skip-link")
    with box("bar", "header"):
        with ui.link(target="/").classes("brand").props('aria-label="Landfall, to the Trade page"'):
            box("brand-mark")
            text("Landfall", "wide-only")
        _tabs(title, "nav nav-top", "Pages")
        bar_end = box("bar-end")
    alarm = box("gone hidden").props("role=alert")
    with box("page", "main").props("id=page tabindex=-1") as main:
        box("skeleton").style("width: 40%")
    _tabs(title, "nav nav-foot", "Pages, at the foot")
    return Frame(bar_end=bar_end, alarm=alarm, main=main)


async def arrive(engines: Engines, frame: Frame) -> Visit | None:
    """Wait for the browser, then begin the visit: the engine's state above, and the key dialog.

    None if the visitor has to bring a key first; the page then begins anew.
    """
    client = ui.context.client
    await client.connected()
    dialog = KeyDialog(engines)
    key = app.storage.tab.get(KEY)
    if key is None and engines.key_needed:
        dialog.open()
        return None
    engine = engines.under(key)
    cookie = client.request.cookies.get("landfall_theme", DARK)
    visit = Visit(engine=engine, theme=cookie if cookie in PALETTES else DARK)
    client.on_delete(visit.leave)
    ui.on("theme", lambda event: visit.set_theme(str(event.args)))
    ui.on("visible", lambda event: visit.set_seen(bool(event.args)))
    ui.run_javascript(f"landfall.arrived({visit.theme!r})")
    for watched in (engine.health, engine.cluster, engine.wallet, engine.tokens):
        visit.while_seen(watched.watch)
    frame.main.clear()
    state = EngineState(engine, dialog.open)
    with frame.bar_end:
        state.draw_pills()
        icon_button("contrast", "Dark or light").on(
            "click", js_handler="() => landfall.toggleTheme()"
        )
    with frame.alarm:
        state.draw_alarm(frame.alarm)
    visit.look(state.look)
    return visit


def _tabs(current: str, classes: str, name: str) -> None:
    with box(classes, "nav").props(f'aria-label="{name}"'):
        for title, path, icon in TABS:
            with ui.link(target=path) as link:
                ui.icon(icon)
                text(title)
            if title == current:
                link.props("aria-current=page")
