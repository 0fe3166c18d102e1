"""The JSON shapes of a route, with how good it is and what it was chosen over.

`route_wire.py` fills them; `scalars.py` gives the units.
"""

import msgspec


class LegWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One swap of a route; `threshold` is the bound its instruction enforces on chain.

    `swapMode` says which: exact in, the least it pays; exact out, the most it takes. `share` is its
    part of its hop's input. Amounts in a token's own unit are null where its decimals are unknown.
    """

    dex: str
    venue: str
    pool: str
    in_mint: str
    out_mint: str
    swap_mode: str
    share: str
    amount_in: str | None
    amount_in_base_units: str
    amount_out: str | None
    amount_out_base_units: str
    threshold_base_units: str
    price_impact_bps: int


class HopWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From one mint to the next, over one pool or split over several."""

    in_mint: str
    in_symbol: str | None
    out_mint: str
    out_symbol: str | None
    amount_in: str | None
    amount_in_base_units: str
    amount_out: str | None
    amount_out_base_units: str
    legs: list[LegWire]


class BestSingleWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The best that one pool could do; `gainBps` is what the route gains over it, before costs."""

    dex: str
    venue: str
    pool: str
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    gain_bps: str


class AlternativeWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A route that was not taken: its pools hop by hop, how far behind it is net of costs, and why.

    A negative `behindBps` would have been better, had a transaction held it. Without pools, a bound
    was enough to turn it down: the amounts and the distance are the bound's.
    """

    mints: list[str]
    pools: list[list[str]]
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    behind_bps: str
    reason: str


class RouteWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A route and what it comes to. `legs` are all swaps in order, `hops` the same hop by hop.

    A hop from the input mint begins a way of its own: a route may go several ways at once, and
    `mints` are all it touches, the input first and the output last.
    `minOut` bounds an exact-in order, `maxIn` an exact-out one; the other is null. So with
    `upperBoundOut`, which no route over the same pools could exceed, and `lowerBoundIn`, which none
    could undercut; `gapBps` is the distance to it. These are null in logs from before they were
    known.
    """

    legs: list[LegWire]
    hops: list[HopWire]
    mints: list[str]
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    price: str | None
    min_out: str | None
    min_out_base_units: str | None
    max_in: str | None
    max_in_base_units: str | None
    price_impact: str
    price_impact_bps: int
    upper_bound_out: str | None
    upper_bound_out_base_units: str | None
    lower_bound_in: str | None
    lower_bound_in_base_units: str | None
    gap_bps: str | None
    best_single: BestSingleWire | None
    alternatives: list[AlternativeWire]
    context_slot: int
