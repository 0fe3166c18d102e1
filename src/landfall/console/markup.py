"""The few kinds of element that every widget is made of."""

from nicegui import ui
from nicegui.element import Element


def box(classes: str, tag: str = "div") -> Element:
    """A container, to be filled with `with`."""
    return ui.element(tag).classes(classes)


def text(words: str, classes: str = "") -> ui.label:
    """Words; whatever they hold is shown as it is and never read as HTML."""
    return ui.label(words).classes(classes)


def heading(words: str) -> ui.label:
    """The title of a card."""
    return ui.label(words).classes("card-title").props("role=heading aria-level=2")


def button(words: str, classes: str = "quiet", icon: str | None = None) -> ui.button:
    """A button in the console's own clothes."""
    made = ui.button(words, icon=icon, color=None).props("flat no-caps").classes(f"btn {classes}")
    return made


def icon_button(icon: str, what_it_does: str) -> ui.button:
    """A button that is only a picture; what it does is said to those who cannot see it."""
    made = ui.button(icon=icon, color=None).props("flat round dense").classes("btn-icon")
    made.props["aria-label"] = what_it_does
    made.props["title"] = what_it_does
    return made


def say(element: Element, title: str) -> Element:
    """Give an element a title: the full value of what it shows cut."""
    if element.props.get("title") != title:
        element.props["title"] = title
    return element
