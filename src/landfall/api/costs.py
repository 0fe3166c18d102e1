"""What an order cost beside its amount, and how what moved compares with what was quoted.

Distances are decimal strings in basis points, rounded against the trader; negative is worse.
"""

import msgspec

from landfall.api.scalars import amount, plain
from landfall.core.amount import to_decimal
from landfall.core.execution import Cost, Fill, Simulated
from landfall.core.order import Order
from landfall.core.quote import PPB, Route
from landfall.core.values import BPS_DENOMINATOR, SwapMode

_SOL_DECIMALS = 9
_PPB_PER_BPS_DECIMALS = 5


class CostWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was paid to the cluster and to have it land, and what new accounts hold, in lamports.

    `total` is the sum in SOL. Rent comes back when the accounts are closed.
    """

    fee_lamports: str
    tip_lamports: str
    rent_lamports: str
    total_lamports: str
    total: str


class SimulatedWire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the route moved in simulation, and what its pools said of it when read last before."""

    slot: int
    amount_in: str
    amount_in_base_units: str
    amount_out: str
    amount_out_base_units: str
    quoted_slot: int
    quoted_in_base_units: str
    quoted_out_base_units: str
    compute_units: int
    vs_quote_bps: str


def cost(paid: Cost) -> CostWire:
    """The parts and their sum."""
    return CostWire(
        fee_lamports=str(paid.fee_lamports),
        tip_lamports=str(paid.tip_lamports),
        rent_lamports=str(paid.rent_lamports),
        total_lamports=str(paid.total_lamports),
        total=plain(to_decimal(paid.total_lamports, _SOL_DECIMALS)),
    )


def simulated(order: Order, route: Route, seen: Simulated) -> SimulatedWire:
    """The simulation in the tokens' own units, and its distance from the route as chosen."""
    return SimulatedWire(
        slot=seen.slot,
        amount_in=amount(seen.in_amount, order.token_in),
        amount_in_base_units=str(seen.in_amount),
        amount_out=amount(seen.out_amount, order.token_out),
        amount_out_base_units=str(seen.out_amount),
        quoted_slot=seen.quoted_slot,
        quoted_in_base_units=str(seen.quoted_in_amount),
        quoted_out_base_units=str(seen.quoted_out_amount),
        compute_units=seen.units,
        vs_quote_bps=vs_quote_bps(order, route, seen.in_amount, seen.out_amount),
    )


def fill_vs_quote_bps(order: Order, route: Route | None, fill: Fill | None) -> str | None:
    """How much better the fill is than the quote; None while there is none."""
    if route is None or fill is None:
        return None
    return vs_quote_bps(order, route, fill.in_amount, fill.out_amount)


def vs_quote_bps(order: Order, route: Route, in_amount: int, out_amount: int) -> str:
    """How much better these amounts are than the route's, by the amount that was not fixed."""
    match order.swap_mode:
        case SwapMode.EXACT_IN:
            better, of = out_amount - route.out_amount, route.out_amount
        case SwapMode.EXACT_OUT:
            better, of = route.in_amount - in_amount, route.in_amount
    assert PPB == BPS_DENOMINATOR * 10**_PPB_PER_BPS_DECIMALS
    return plain(to_decimal(better * PPB // of, _PPB_PER_BPS_DECIMALS))
