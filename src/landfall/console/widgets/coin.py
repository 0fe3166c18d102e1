"""A token's mark: its first letters on a colour of its own; no picture is fetched for it."""

from zlib import crc32

from landfall.client import Token
from landfall.console.markup import box, text

HUES = 360


def draw_coin(token: Token) -> None:
    """Draw it; the colour follows from the mint, so that a namesake looks different."""
    hue = crc32(token.mint.encode()) % HUES
    with box("coin").style(f"background: hsl({hue} 45% 29%)").props("aria-hidden=true"):
        text((token.symbol or token.mint)[:3])
