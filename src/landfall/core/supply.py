"""What a pool has on offer, as stretches of falling price that a router can merge with others'.

A pool's answer to one amount says nothing about the next unit. Its supply curve does: in order, how
much input each stretch takes and how much it pays. Within a stretch the pool trades like a constant
product (one range of a concentrated pool, the whole of a plain one) or at one price (a bin), so the
two ends say everything in between: `1/√price` is linear in the input, and the price over the whole
stretch is the geometric mean of those at its ends.

Units: amounts are what a `Quote` calls `in_amount` and `out_amount`, transfer and pool fees
included, in base units of their own mints. A price is output per input, net of every fee, times
`PRICE_ONE`.
Exact: the quote for the sum of the first n stretches' inputs pays the sum of their outputs.
"""

from dataclasses import dataclass

from landfall.core.values import BaseUnits

PRICE_ONE = 1 << 128
"""Prices are integers over this, fine enough for mints of very different decimals."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch: it takes `in_amount` and pays `out_amount`, from `start_price` falling on."""

    in_amount: BaseUnits
    out_amount: BaseUnits
    start_price: int
