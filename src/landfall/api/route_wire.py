"""Routes on the wire: hop by hop, with how good they are and what they were chosen over.

A mint between has decimals of its own, which an order does not know: its amounts are in its own
unit where it is a well-known token, else null beside the base units.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from landfall.api.route_shapes import (
    AlternativeWire,
    BestSingleWire,
    HopWire,
    LegWire,
    RouteWire,
)
from landfall.api.scalars import amount, fraction, plain, price, share
from landfall.core.order import Order
from landfall.core.quote import PPB, Alternative, Leg, Quote, Route
from landfall.core.token import Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BPS_DENOMINATOR, Pubkey, SwapMode, ceil_div

_BY_MINT: Mapping[Pubkey, Token] = {token.mint: token for token in KNOWN_TOKENS.values()}
_PPB_PER_BPS = PPB // BPS_DENOMINATOR


def route(order: Order, chosen: Route) -> RouteWire:
    """A route in the tokens' own units, with the bound the client is promised."""
    tokens = {**_BY_MINT, **{t.mint: t for t in (order.token_in, order.token_out)}}
    bound_out, bound_in = bounds(order, chosen)
    upper, lower = chosen.upper_bound_out, chosen.lower_bound_in
    gap = chosen.gap_ppb
    hops = [_hop(hop, tokens) for hop in chosen.hops]
    return RouteWire(
        legs=[leg for hop in hops for leg in hop.legs],
        hops=hops,
        mints=[str(mint) for mint in chosen.mints],
        amount_in=amount(chosen.in_amount, order.token_in),
        amount_in_base_units=str(chosen.in_amount),
        amount_out=amount(chosen.out_amount, order.token_out),
        amount_out_base_units=str(chosen.out_amount),
        price=price(order, chosen.in_amount, chosen.out_amount),
        min_out=bound_out,
        min_out_base_units=None if bound_out is None else str(chosen.least_out),
        max_in=bound_in,
        max_in_base_units=None if bound_in is None else str(chosen.most_in),
        price_impact=fraction(chosen.price_impact_bps),
        price_impact_bps=chosen.price_impact_bps,
        upper_bound_out=None if upper is None else amount(upper, order.token_out),
        upper_bound_out_base_units=None if upper is None else str(upper),
        lower_bound_in=None if lower is None else amount(lower, order.token_in),
        lower_bound_in_base_units=None if lower is None else str(lower),
        gap_bps=None if gap is None else _bps(gap),
        best_single=None
        if chosen.best_single is None
        else _best_single(order, chosen, chosen.best_single),
        alternatives=[_alternative(order, each) for each in chosen.alternatives],
        context_slot=chosen.context_slot,
    )


def bounds(order: Order, chosen: Route) -> tuple[str | None, str | None]:
    """The least that comes out (exact in) or the most that goes in (exact out), as decimals."""
    match order.swap_mode:
        case SwapMode.EXACT_IN:
            return amount(chosen.least_out, order.token_out), None
        case SwapMode.EXACT_OUT:
            return None, amount(chosen.most_in, order.token_in)


def _hop(hop: Sequence[Leg], tokens: Mapping[Pubkey, Token]) -> HopWire:
    asked = hop[0].quote.request
    taken = sum(leg.quote.in_amount for leg in hop)
    paid = sum(leg.quote.out_amount for leg in hop)
    return HopWire(
        in_mint=str(asked.in_mint),
        in_symbol=_symbol(asked.in_mint, tokens),
        out_mint=str(asked.out_mint),
        out_symbol=_symbol(asked.out_mint, tokens),
        amount_in=_human(taken, asked.in_mint, tokens),
        amount_in_base_units=str(taken),
        amount_out=_human(paid, asked.out_mint, tokens),
        amount_out_base_units=str(paid),
        legs=[_leg(leg, hop, tokens) for leg in hop],
    )


def _leg(leg: Leg, hop: Sequence[Leg], tokens: Mapping[Pubkey, Token]) -> LegWire:
    quote, asked = leg.quote, leg.quote.request
    part = share(quote.in_amount, sum(each.quote.in_amount for each in hop))
    return LegWire(
        dex=quote.dex,
        venue=quote.venue,
        pool=str(quote.pool),
        in_mint=str(asked.in_mint),
        out_mint=str(asked.out_mint),
        swap_mode=asked.mode.value,
        share=part or "0",
        amount_in=_human(quote.in_amount, asked.in_mint, tokens),
        amount_in_base_units=str(quote.in_amount),
        amount_out=_human(quote.out_amount, asked.out_mint, tokens),
        amount_out_base_units=str(quote.out_amount),
        threshold_base_units=str(leg.threshold),
        price_impact_bps=quote.price_impact_bps,
    )


def _best_single(order: Order, chosen: Route, single: Quote) -> BestSingleWire:
    match order.swap_mode:
        case SwapMode.EXACT_IN:
            gain, of = chosen.out_amount - single.out_amount, single.out_amount
        case SwapMode.EXACT_OUT:
            gain, of = single.in_amount - chosen.in_amount, single.in_amount
    return BestSingleWire(
        dex=single.dex,
        venue=single.venue,
        pool=str(single.pool),
        amount_in=amount(single.in_amount, order.token_in),
        amount_in_base_units=str(single.in_amount),
        amount_out=amount(single.out_amount, order.token_out),
        amount_out_base_units=str(single.out_amount),
        gain_bps=_bps(gain * PPB // of),
    )


def _alternative(order: Order, other: Alternative) -> AlternativeWire:
    return AlternativeWire(
        mints=[str(mint) for mint in other.mints],
        pools=[[str(pool) for pool in hop] for hop in other.pools],
        amount_in=amount(other.in_amount, order.token_in),
        amount_in_base_units=str(other.in_amount),
        amount_out=amount(other.out_amount, order.token_out),
        amount_out_base_units=str(other.out_amount),
        behind_bps=_bps(other.behind_ppb),
        reason=other.reason,
    )


def _bps(ppb: int) -> str:
    """Parts per billion as basis points, to a thousandth, rounded up."""
    return plain(Decimal(ceil_div(ppb * 1000, _PPB_PER_BPS)).scaleb(-3))


def _human(units: int, mint: Pubkey, tokens: Mapping[Pubkey, Token]) -> str | None:
    token = tokens.get(mint)
    return None if token is None else amount(units, token)


def _symbol(mint: Pubkey, tokens: Mapping[Pubkey, Token]) -> str | None:
    token = tokens.get(mint)
    return None if token is None else token.symbol
