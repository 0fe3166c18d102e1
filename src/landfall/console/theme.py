"""Colours and type, once: every rule of the style sheet and every chart takes them from here.

Contrast of text on its ground is at least 4.5 to 1 in both themes. Meanings have one colour each:
`accent` is what can be done, `good` what is filled, `warn` what to look at, `bad` what failed;
`raydium` and `meteora` are the same in tables, routes and charts.
"""

from collections.abc import Mapping
from types import MappingProxyType

DARK = "dark"
LIGHT = "light"

Palette = Mapping[str, str]

PALETTES: Mapping[str, Palette] = MappingProxyType(
    {
        DARK: MappingProxyType(
            {
                "ground": "#0a0d13",
                "surface": "#11161f",
                "raised": "#19202c",
                "line": "#232c3b",
                "line-strong": "#344056",
                "text": "#e8ecf3",
                "muted": "#93a0b5",
                "accent": "#4fd6be",
                "accent-soft": "#12312f",
                "on-accent": "#04211d",
                "good": "#4ade9a",
                "good-soft": "#10291f",
                "warn": "#f5bd54",
                "warn-soft": "#2c2412",
                "bad": "#ff8080",
                "bad-soft": "#341a1f",
                "info": "#86aefc",
                "info-soft": "#17233b",
                "raydium": "#9b8cff",
                "meteora": "#ff9d5c",
            }
        ),
        LIGHT: MappingProxyType(
            {
                "ground": "#f3f5f8",
                "surface": "#ffffff",
                "raised": "#f4f6f9",
                "line": "#e0e5ec",
                "line-strong": "#c2cad6",
                "text": "#131a26",
                "muted": "#566275",
                "accent": "#08766a",
                "accent-soft": "#dff4f0",
                "on-accent": "#ffffff",
                "good": "#0b7a4b",
                "good-soft": "#def5e9",
                "warn": "#8a5a00",
                "warn-soft": "#fdf1d6",
                "bad": "#b92c36",
                "bad-soft": "#fde7e8",
                "info": "#2457c5",
                "info-soft": "#e4ecfd",
                "raydium": "#5b45d6",
                "meteora": "#b4540a",
            }
        ),
    }
)


def stylesheet() -> str:
    """The palettes as CSS variables, by the `data-theme` of the document."""
    rules = []
    for theme, palette in PALETTES.items():
        variables = ";".join(f"--{name}:{colour}" for name, colour in palette.items())
        rules.append(f'html[data-theme="{theme}"]{{color-scheme:{theme};{variables}}}')
    return "\n".join(rules)


def dex_colour(palette: Palette, dex: str) -> str:
    """The colour of a DEX; a DEX without one of its own is grey."""
    return palette.get(dex, palette["muted"])
