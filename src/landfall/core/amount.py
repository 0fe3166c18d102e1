"""Between a decimal that people write and the base units that programs move: exactly or not."""

from decimal import Context, Decimal, Inexact, InvalidOperation

from landfall.core.errors import OrderRejected, RejectionReason
from landfall.core.token import Token
from landfall.core.values import U64_MAX, BaseUnits

# More digits than any u64 amount with any u8 number of decimals that a client could mean.
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
_U64_DIGITS = len(str(U64_MAX))


def to_base_units(amount: Decimal, token: Token, field: str = "amountIn") -> BaseUnits:
    """Scale a decimal amount of `token` to base units; nothing is ever rounded.

    Raises:
        OrderRejected: not a number, not positive, finer than one base unit, or beyond u64; `field`
            is the wire name to blame.
    """
    if not amount.is_finite():
        raise OrderRejected(
            RejectionReason.AMOUNT_NOT_A_NUMBER, field, "The amount must be a finite number."
        )
    if amount <= 0:
        raise OrderRejected(
            RejectionReason.AMOUNT_NOT_POSITIVE, field, "The amount must be greater than zero."
        )
    # Compared by magnitude before scaling, so that 1E+999999 never becomes a million digits.
    if amount.adjusted() + token.decimals >= _U64_DIGITS:
        raise _too_large(field)
    try:
        scaled = amount.scaleb(token.decimals, _EXACT)
        units = int(scaled.quantize(Decimal(1), context=_EXACT))
    except (Inexact, InvalidOperation):
        raise OrderRejected(
            RejectionReason.AMOUNT_TOO_PRECISE,
            field,
            f"{token.symbol or token.mint} has {token.decimals} decimals; the amount has more.",
        ) from None
    if units > U64_MAX:
        raise _too_large(field)
    return BaseUnits(units)


def to_decimal(units: int, decimals: int) -> Decimal:
    """Base units as a decimal of the token's own unit, exactly.

    >>> to_decimal(1_500_000_000, 9)
    Decimal('1.500000000')
    """
    return Decimal(units).scaleb(-decimals, _EXACT)


def _too_large(field: str) -> OrderRejected:
    return OrderRejected(
        RejectionReason.AMOUNT_TOO_LARGE, field, f"The amount exceeds {U64_MAX} base units."
    )
