"""How figures are written, the same on every page.

Amounts keep their digits as far as a person can use them; full values are in titles and exports.
Times are UTC, because the page is built where the engine is and not where its reader is.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from types import MappingProxyType

SMALL_DIGITS = 4
LARGE_FROM = Decimal(1000)
DASH = "–"
DIGITS_MAX = 40
_ADDRESS = re.compile(r"\b[1-9A-HJ-NP-Za-km-z]{32,88}\b")
_NOBODY: Mapping[str, str] = MappingProxyType({})
_VENUE = re.compile(r"\b(raydium|meteora)_[a-z0-9_]+\b")


def amount(value: Decimal | None) -> str:
    """An amount of tokens: cut, never rounded up, so that it never promises more than there is.

    >>> amount(Decimal("1499.746775")), amount(Decimal("0.000012345678")), amount(Decimal("2.50"))
    ('1,499.7467', '0.00001234', '2.5')
    """
    if value is None:
        return DASH
    if value == 0:
        return "0"
    places = 4 if abs(value) >= LARGE_FROM else 6
    if abs(value) < 1:
        places = max(places, SMALL_DIGITS - 1 - value.adjusted())
    cut = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)
    text = f"{cut:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def exact(value: Decimal | None) -> str:
    """All digits, without an exponent."""
    return DASH if value is None else f"{value:,f}"


def percent(fraction: Decimal | None) -> str:
    """A fraction in per cent.

    >>> percent(Decimal("0.005")), percent(Decimal("0.0001")), percent(Decimal(0))
    ('0.5 %', '0.01 %', '0 %')
    """
    if fraction is None:
        return DASH
    text = f"{fraction * 100:.3f}".rstrip("0").rstrip(".")
    return f"{text} %"


def bps(value: Decimal | int | None, signed: bool = False) -> str:
    """Basis points.

    >>> bps(3), bps(Decimal("-0.25"), signed=True), bps(Decimal("1.5"), signed=True)
    ('3 bps', '−0.25 bps', '+1.5 bps')
    """
    if value is None:
        return DASH
    text = f"{abs(value):.2f}".rstrip("0").rstrip(".")
    sign = "−" if value < 0 and text != "0" else "+" if signed and text != "0" else ""
    return f"{sign}{text} bps"


def duration(milliseconds: float | None) -> str:
    """How long something took.

    >>> duration(0.4), duration(87), duration(1240), duration(83_000)
    ('0.4 ms', '87 ms', '1.24 s', '1 min 23 s')
    """
    if milliseconds is None:
        return DASH
    if milliseconds < 10:
        return f"{milliseconds:.1f}".rstrip("0").rstrip(".") + " ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.2f} s"
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {rest} s"


def count(number: int, of: str) -> str:
    """So many of something.

    >>> count(1, "attempt"), count(2_500, "pool")
    ('1 attempt', '2,500 pools')
    """
    return f"{number:,} {of}" if number == 1 else f"{number:,} {of}s"


def clock(moment: datetime) -> str:
    """The time of day to the millisecond."""
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def moment(value: datetime) -> str:
    """Date and time, in full."""
    return f"{value:%Y-%m-%d} {clock(value)} UTC"


def short(address: str) -> str:
    """An address that fits in a line; short words stay as they are.

    >>> short("3tD34VtprDSkYCnATtQLCiVgTkECU3d12KtjupeR6N2X"), short("SOL")
    ('3tD3…6N2X', 'SOL')
    """
    return address if len(address) <= 12 else f"{address[:4]}…{address[-4:]}"


def plain(words: str, names: Mapping[str, str] = _NOBODY) -> str:
    """Words with their addresses cut and their venues called as people call them.

    `names` are what tokens are called, by mint.

    >>> plain("raydium_amm pool 3tD34VtprDSkYCnATtQLCiVgTkECU3d12KtjupeR6N2X")
    'Raydium AMM v4 pool 3tD3…6N2X'
    """

    def called(found: re.Match[str]) -> str:
        return short(names.get(found.group(), found.group()))

    return _VENUE.sub(lambda found: venue(found.group()), _ADDRESS.sub(called, words))


def sentence(words: str, names: Mapping[str, str] = _NOBODY) -> str:
    """What the engine says, as a sentence for people.

    >>> usdt = "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"
    >>> sentence(f"the wallet holds less {usdt} than this", {usdt: "USDT"})
    'The wallet holds less USDT than this.'
    """
    told = plain(words, names).strip()
    end = "" if told.endswith((".", "!", "?")) or not told else "."
    return f"{told[:1].upper()}{told[1:]}{end}"


def venue(name: str) -> str:
    """A venue as its users call it.

    >>> venue("raydium_clmm"), venue("meteora_damm_v2")
    ('Raydium CLMM', 'Meteora DAMM v2')
    """
    dex, _, rest = name.partition("_")
    kind = rest.replace("_", " ").upper().replace(" V", " v")
    kind = "AMM v4" if kind == "AMM" else kind
    return f"{dex.capitalize()} {kind}".strip()


def fill_gap_bps(quoted: Decimal, filled: Decimal) -> Decimal | None:
    """How much better (above zero) or worse a fill was than its quote, in basis points."""
    return None if quoted == 0 else (filled - quoted) / quoted * 10_000


def number(typed: object) -> Decimal | None:
    """What was typed as a number: digits with a point (or a comma) among them; None otherwise.

    >>> number("1,5"), number(" 2 "), number("abc"), number("-1"), number("")
    (Decimal('1.5'), Decimal('2'), None, None, None)
    """
    text_typed = str(typed or "").strip().replace(",", ".").replace("_", "x")
    if not text_typed.isascii() or len(text_typed) > DIGITS_MAX or "e" in text_typed.lower():
        return None
    try:
        value = Decimal(text_typed)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
