"""Routes made by hand, so that what executes them is tested whatever a router would choose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from landfall.core.events import RouteSelected, RoutingStarted
from landfall.core.execution import Execution, Status
from landfall.core.order import Order
from landfall.core.quote import Leg, Quote, Route, SwapRequest, max_in_amount, min_out_amount
from landfall.core.token import Token
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BaseUnits, BasisPoints, Pubkey, Slot, SwapMode
from landfall.core.venue import AnyVenue
from landfall.ports import Held, LoadedPool, Pools, PoolsAt
from tests.pipeline.conftest import Bench

SLIPPAGE_BPS = BasisPoints(100)


@dataclass(frozen=True)
class Pair:
    """The pools of one pair at one slot, to make legs of."""

    at: PoolsAt
    token_in: Token
    token_out: Token

    def quote(self, loaded: LoadedPool, mode: SwapMode, amount: int) -> Quote:
        request = SwapRequest(
            in_mint=self.token_in.mint,
            out_mint=self.token_out.mint,
            mode=mode,
            amount=BaseUnits(amount),
        )
        quote = loaded.venue.quote(loaded.pool, request, self.at.clock)
        assert isinstance(quote, Quote), quote
        return quote

    def of(self, venue: str) -> LoadedPool:
        """The venue's first pool of the pair."""
        return next(loaded for loaded in self.at.pools if loaded.venue.name == venue)

    def legs(self, venues: Sequence[str], mode: SwapMode, amount: int) -> tuple[Leg, ...]:
        """The amount in as good as equal parts over these venues; the last takes what is left."""
        parts = [amount // len(venues)] * (len(venues) - 1)
        parts.append(amount - sum(parts))
        quotes = [
            self.quote(self.of(venue), mode, part)
            for venue, part in zip(venues, parts, strict=True)
        ]
        return tuple(Leg(quote=quote, threshold=_bound(quote)) for quote in quotes)


def _bound(quote: Quote) -> BaseUnits:
    match quote.request.mode:
        case SwapMode.EXACT_IN:
            return min_out_amount(quote.out_amount, SLIPPAGE_BPS)
        case SwapMode.EXACT_OUT:
            return max_in_amount(quote.in_amount, SLIPPAGE_BPS)


async def pair(bench: Bench, token_in: Token, token_out: Token) -> Pair:
    at = await bench.world.pools.trading(token_in.mint, token_out.mint)
    return Pair(at, token_in, token_out)


def route_of(*hops: tuple[Leg, ...]) -> Route:
    legs = tuple(leg for hop in hops for leg in hop)
    return Route(
        legs=legs,
        in_amount=BaseUnits(sum(leg.quote.in_amount for leg in hops[0])),
        out_amount=BaseUnits(sum(leg.quote.out_amount for leg in hops[-1])),
        context_slot=min(leg.quote.context_slot for leg in legs),
    )


async def choose(bench: Bench, order: Order, route: Route) -> Execution:
    """Record the route as if a router had found it; the order is in BUILDING then."""
    execution = await bench.execution(order)
    number = len(execution.attempts) + 1
    started = RoutingStarted(attempt=number, quotes=(), refused=(), context_slot=route.context_slot)
    selected = RouteSelected(attempt=number, route=route, reason="made by hand")
    claim = await bench.claim(order)
    return await bench.world.log.append(claim, execution, (started, selected), Held.HELD)


async def push(bench: Bench, loaded: LoadedPool, token_in: Token, amount: int) -> None:
    """Somebody else sells so much to one pool, and it has landed."""
    theirs = replace(bench, world=bench.whale)
    other = next(
        token
        for token in KNOWN_TOKENS.values()
        if token.mint in loaded.pool.mints and token != token_in
    )
    order = await theirs.submit(
        token_in=token_in.symbol,
        token_out=other.symbol,
        amount=Decimal(amount),
        slippage_bps=BasisPoints(5_000),
    )
    pools = await pair(theirs, token_in, other)
    now = next(each for each in pools.at.pools if each.pool.address == loaded.pool.address)
    quote = pools.quote(now, SwapMode.EXACT_IN, order.amount)
    await choose(theirs, order, route_of((Leg(quote=quote, threshold=BaseUnits(1)),)))
    assert (await theirs.finish(order)).status is Status.CONFIRMED


@dataclass
class Altered:
    """A market in which one pool's venue has been tampered with."""

    pools: Pools
    pool: Pubkey
    venue: Callable[[AnyVenue], AnyVenue]

    def _altered(self, at: PoolsAt) -> PoolsAt:
        return replace(
            at,
            pools=tuple(
                replace(loaded, venue=self.venue(loaded.venue))
                if loaded.pool.address == self.pool
                else loaded
                for loaded in at.pools
            ),
        )

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._altered(await self.pools.trading(mint, other))

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._altered(await self.pools.around(mint, other))

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        return self._altered(await self.pools.named(addresses))


@dataclass
class Only:
    """A market of nothing but one pool."""

    pools: Pools
    pool: Pubkey

    def _alone(self, at: PoolsAt) -> PoolsAt:
        kept = tuple(loaded for loaded in at.pools if loaded.pool.address == self.pool)
        return replace(at, pools=kept)

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._alone(await self.pools.trading(mint, other))

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._alone(await self.pools.around(mint, other))

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        return await self.pools.named(addresses)


@dataclass
class Lagging:
    """A market that says of a route's pools that it knows them so many slots in the past."""

    pools: Pools
    slots: int

    async def named(self, addresses: Sequence[Pubkey]) -> PoolsAt:
        at = await self.pools.named(addresses)
        return replace(at, slot=Slot(at.slot - self.slots))

    def __getattr__(self, name: str) -> object:
        return getattr(self.pools, name)
