"""What every page's head holds: the palettes, the style sheet, the script, and the theme at once.

The theme is set before anything is drawn, from the cookie or from what the reader's system prefers,
so that a page never flashes in the other one.
"""

from nicegui import ui

from landfall.console.theme import stylesheet

_THEME_AT_ONCE = """
(() => {
  const chosen = document.cookie.match(/landfall_theme=(dark|light)/);
  const preferred = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = chosen ? chosen[1] : preferred;
})();
"""


def add_head(assets: str) -> None:
    """Give every page its style; `assets` is the path under which the files are served."""
    ui.add_head_html(
        f"<style>{stylesheet()}</style>"
        f"<script>{_THEME_AT_ONCE}</script>"
        f'<link rel="stylesheet" href="{assets}/console.css">'
        f'<script src="{assets}/console.js"></script>',
        shared=True,
    )
