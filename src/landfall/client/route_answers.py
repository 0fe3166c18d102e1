"""The way an order goes, and how good it is, as frozen, typed values.

Units: amounts, prices and shares are exact `Decimal`s in the tokens' own units, except where a name
says base units; `bps` are hundredths of a percent.
"""

from decimal import Decimal

import msgspec

from landfall.client.answer import Answer


class Leg(Answer, frozen=True, kw_only=True):
    """One swap of a route."""

    dex: str
    venue: str
    pool: str
    in_mint: str
    out_mint: str
    amount_in_base_units: Decimal
    amount_out_base_units: Decimal
    amount_in: Decimal | None = None
    amount_out: Decimal | None = None
    share: Decimal = Decimal(1)


class Hop(Answer, frozen=True, kw_only=True):
    """From one mint to the next, over one pool or split over several."""

    in_mint: str
    in_symbol: str | None
    out_mint: str
    out_symbol: str | None
    amount_in: Decimal | None
    amount_out: Decimal | None
    legs: list[Leg]


class BestSingle(Answer, frozen=True, kw_only=True):
    """The best that one pool could do, and what the route gains over it."""

    venue: str
    pool: str
    amount_in: Decimal
    amount_out: Decimal
    gain_bps: Decimal


class Alternative(Answer, frozen=True, kw_only=True):
    """A route that was not taken; below zero `behind_bps` would have been better, had it fitted."""

    mints: list[str]
    pools: list[list[str]]
    amount_in: Decimal
    amount_out: Decimal
    behind_bps: Decimal
    reason: str


class Route(Answer, frozen=True, kw_only=True):
    """The way an order goes; `min_out` or `max_in` is the bound enforced on chain.

    No route over the same pools pays more than `upper_bound_out` or takes less than
    `lower_bound_in`; `gap_bps` is the distance to it.
    """

    legs: list[Leg]
    hops: list[Hop] = msgspec.field(default_factory=list)
    mints: list[str] = msgspec.field(default_factory=list)
    price_impact_bps: int | None = None
    upper_bound_out: Decimal | None = None
    lower_bound_in: Decimal | None = None
    gap_bps: Decimal | None = None
    best_single: BestSingle | None = None
    alternatives: list[Alternative] = msgspec.field(default_factory=list)
    amount_in: Decimal
    amount_out: Decimal
    price: Decimal | None
    min_out: Decimal | None
    max_in: Decimal | None
    context_slot: int
