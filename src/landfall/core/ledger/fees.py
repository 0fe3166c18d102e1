"""What a transaction pays to be taken early: the price others paid, and the two ways to name it.

Legacy and v0 transactions name a *price* per compute unit they ask for; v1 transactions name the
*total* in their header, and a field that is not set is zero, not a default. The two are never mixed
up here because each has its own function and its own unit in its name.

Units: prices are micro-lamports per compute unit, limits compute units, totals lamports.
Source: anza-xyz/agave, fee/src/lib.rs and compute-budget (v0); SIMD-0385 (v1).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core.values import Lamports, ceil_div

BASE_FEE_PER_SIGNATURE = Lamports(5_000)
_MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """Which price to pay: this percentile of what was paid, but within floor and cap."""

    percentile: int
    floor: int
    cap: int

    def price(self, paid: Sequence[int]) -> int:
        """The price by the rule, from what others paid lately; the floor where nobody did."""
        wanted = percentile(paid, self.percentile) if paid else self.floor
        return min(max(wanted, self.floor), self.cap)


def percentile(values: Sequence[int], percent: int) -> int:
    """The smallest of the values that at least `percent` of a hundred of them do not exceed.

    >>> percentile([1, 2, 3, 10], 50), percentile([1, 2, 3, 10], 75), percentile([7], 0)
    (2, 3, 7)
    """
    ranked = sorted(values)
    rank = ceil_div(percent * len(ranked), 100)
    return ranked[max(rank, 1) - 1]


def v0_priority_fee(unit_limit: int, unit_price: int) -> Lamports:
    """What a legacy or v0 transaction pays on top of its signatures. Rounded up, as on chain.

    >>> v0_priority_fee(100_000, 1_000_001)
    100001
    """
    return Lamports(ceil_div(unit_limit * unit_price, _MICRO))


def v0_unit_price_within(lamports: Lamports, unit_limit: int) -> int:
    """The highest price whose fee at that limit is no more than `lamports`. Rounded down.

    >>> v0_unit_price_within(100, 100_000), v0_priority_fee(100_000, 1_000)
    (1000, 100)
    """
    return lamports * _MICRO // unit_limit


def v1_priority_fee(unit_limit: int, unit_price: int) -> Lamports:
    """The total that a v1 header has to name for what a v0 transaction would pay at that price.

    The header's limit has to be set too: unset, both are zero.
    """
    return v0_priority_fee(unit_limit, unit_price)
