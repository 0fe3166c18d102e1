"""How single values are written on the wire, the same everywhere.

Amounts are decimal *strings* in the token's own unit ("1.5"), so that no client loses digits to a
binary float; beside them, `…BaseUnits` are the integers the chain moves, as strings for the same
reason. Prices are decimal strings, units of tokenOut per unit of tokenIn, rounded to 18 significant
digits and meant for reading; the amounts beside them are exact. Fractions (slippage, price impact)
are decimal strings, 0.01 for 1 %. Slots, heights, versions and basis points are numbers. Instants
are ISO 8601 in UTC with milliseconds. A field that is not known yet is null.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from landfall.core.amount import to_decimal
from landfall.core.order import Order
from landfall.core.token import Token
from landfall.core.values import BPS_DENOMINATOR

_PRICE = Context(prec=18, rounding=ROUND_HALF_EVEN)


def instant(milliseconds: int) -> str:
    """Milliseconds since the epoch as ISO 8601.

    >>> instant(1_700_000_000_123)
    '2023-11-14T22:13:20.123Z'
    """
    seconds, rest = divmod(milliseconds, 1000)
    whole = datetime.fromtimestamp(seconds, UTC).isoformat().removesuffix("+00:00")
    return f"{whole}.{rest:03d}Z"


def plain(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros.

    >>> plain(Decimal("1.500")), plain(Decimal("1E+3")), plain(Decimal("0E-9"))
    ('1.5', '1000', '0')
    """
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(units: int, token: Token) -> str:
    """Base units of a token as a decimal string."""
    return plain(to_decimal(units, token.decimals))


def price(order: Order, in_amount: int, out_amount: int) -> str | None:
    """Units of tokenOut per unit of tokenIn; None if nothing went in."""
    if not in_amount:
        return None
    paid = to_decimal(in_amount, order.token_in.decimals)
    got = to_decimal(out_amount, order.token_out.decimals)
    return plain(_PRICE.divide(got, paid))


def fraction(bps: int) -> str:
    """Basis points as a fraction.

    >>> fraction(50)
    '0.005'
    """
    assert BPS_DENOMINATOR == 10**4
    return plain(to_decimal(bps, 4))


def share(part: int, whole: int) -> str | None:
    """A part of a whole as a fraction of four decimals, rounded down; None of nothing.

    >>> share(1, 3), share(0, 0)
    ('0.3333', None)
    """
    return plain(to_decimal(part * 10**4 // whole, 4)) if whole else None
