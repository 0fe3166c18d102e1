"""Ask every pool of a pair for its price, all as of one slot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from landfall.core.order import Order
from landfall.core.quote import Quote, Refused, Route, behind_bps
from landfall.core.routing.best_pool import rank
from landfall.core.slippage import automatic_slippage_bps
from landfall.core.values import BasisPoints, Pubkey, Slot
from landfall.pipeline.accept import OrderRequest, to_order
from landfall.pipeline.choosing import choose, request_of
from landfall.ports import PoolsAt, World

NONE: Mapping[Pubkey, str] = MappingProxyType({})

NEAR_BPS = 100
"""How far behind the best a pool may be for its moves to say something about the route's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Every pool's answer.

    `quotes` are best first; `refused` would not do this swap, and say why.
    """

    quotes: tuple[Quote, ...]
    refused: tuple[Refused, ...]
    context_slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an order would get right now, without placing it.

    `route` is None where nothing can fill it.
    """

    order: Order
    market: Market
    route: Route | None
    reason: str


async def ask(world: World, order: Order, aside: Mapping[Pubkey, str] = NONE) -> Market:
    """The market for this order, now. `aside`: pools to do without, each with the reason."""
    pools = await world.pools.trading(order.token_in.mint, order.token_out.mint)
    market = priced(order, without(pools, aside))
    world.prices.note(market.quotes)
    return market


def without(pools: PoolsAt, aside: Mapping[Pubkey, str]) -> PoolsAt:
    """The pools less those set aside, which are left out with the reason."""
    gone = [loaded for loaded in pools.pools if loaded.pool.address in aside]
    if not gone:
        # The same object, so that what its pools were asked is known to all who route over it.
        return pools
    refused = tuple(
        Refused(
            venue=loaded.venue.name,
            dex=loaded.venue.dex,
            pool=loaded.pool.address,
            error="SetAside",
            sentence=aside[loaded.pool.address],
        )
        for loaded in gone
    )
    kept = tuple(loaded for loaded in pools.pools if loaded not in gone)
    return replace(pools, pools=kept, left_out=(*pools.left_out, *refused))


def slippage(world: World, order: Order, market: Market) -> tuple[BasisPoints, str | None]:
    """What bounds the order's route; with the reason where the engine chose it."""
    if not order.slippage_is_automatic:
        return order.slippage_bps, None
    near = [quote for quote in market.quotes if behind_bps(market.quotes[0], quote) <= NEAR_BPS]
    seen = [world.prices.seen(quote) for quote in near]
    return automatic_slippage_bps(seen, market.context_slot, order.slippage_bps)


def priced(order: Order, pools: PoolsAt) -> Market:
    """The market that those of the pools which trade the order's pair make for it."""
    request = request_of(order)
    answers = [
        offer.venue.quote(offer.pool, request, pools.clock)
        for offer in pools.supplies.trading(request.in_mint, request.out_mint)
    ]
    quotes = [answer for answer in answers if isinstance(answer, Quote)]
    refused = [answer for answer in answers if isinstance(answer, Refused)] + [*pools.left_out]
    # Some programs take a tiny input and pay nothing for it. That fills no order.
    fills = [quote for quote in quotes if quote.in_amount > 0 and quote.out_amount > 0]
    refused += [_pays_nothing(quote) for quote in quotes if quote not in fills]
    return Market(
        quotes=rank(fills, order.swap_mode),
        refused=tuple(sorted(refused, key=lambda r: bytes(r.pool))),
        context_slot=pools.slot,
    )


def _pays_nothing(quote: Quote) -> Refused:
    return Refused(
        venue=quote.venue,
        dex=quote.dex,
        pool=quote.pool,
        error="PaysNothing",
        sentence="The pool would take the amount and pay nothing for it.",
    )


async def preview(world: World, account: str, request: OrderRequest) -> Preview:
    """Price a request as if it were an order.

    Raises:
        OrderRejected: as `accept` would.
    """
    order = await to_order(world, account, request)
    around = await world.pools.around(order.token_in.mint, order.token_out.mint)
    market = priced(order, around)
    world.prices.note(market.quotes)
    slippage_bps, _ = slippage(world, order, market)
    choice = await choose(world, order, around, market.quotes, slippage_bps=slippage_bps)
    reason = choice.reason or no_route(market.refused)
    return Preview(order=order, market=market, route=choice.route, reason=reason)


def no_route(refused: tuple[Refused, ...]) -> str:
    """One sentence on why nothing can fill the order."""
    if not refused:
        return "No pool trades this pair, and no way through another token would fill this order."
    answers = "; ".join(f"{r.venue} pool {r.pool}: {r.sentence}" for r in refused)
    return f"No pool of the pair would fill this order: {answers}"
