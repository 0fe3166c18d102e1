"""The best route for an order over these pools.

Routing itself is pure. What it cannot know is asked here: what a leg costs to compute, which token
accounts the wallet has, and whether the instructions of a route fit one transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from landfall.core.ledger.swaps import swaps
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.ledger.transaction import instructions, why_it_does_not_fit
from landfall.core.order import Order
from landfall.core.quote import Quote, Route, SwapRequest
from landfall.core.routing.best_route import Choice, Fits, Wanted, best_route
from landfall.core.routing.costs import Costs
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import BasisPoints, Lamports, Pubkey, ceil_div
from landfall.ports import PoolsAt, World

# What a swap computes, typically; dear enough that a leg has to earn it.
_UNITS_PER_LEG = 80_000
_MICRO = 1_000_000
# Rent of a plain token account. Those of Token-2022 may need a little more.
_ACCOUNT_RENT = Lamports(2_039_280)
# How far the first of two hops may move before the attempt is lost: first what a calm pool moves in
# the slots until landing, which going through another token then has to earn, too; in retries, a
# quarter of the order's slippage, then a half.
_RESERVE_BPS = BasisPoints(3)
_RESERVES_PERCENT = (0, 25, 50)


async def choose(
    world: World,
    order: Order,
    around: PoolsAt,
    singles: Sequence[Quote],
    *,
    slippage_bps: BasisPoints,
    attempt: int = 1,
) -> Choice:
    """The best route that fits a transaction, or why there is none.

    Args:
        around: pools of the pair, and of either of its mints with others.
        singles: what each pool of the pair alone answers to the order, best first.
        attempt: a later one leaves more room for the pools of a first hop to move.
    """
    if not around.pools:
        return Choice(route=None, reason="")
    tokens = await _tokens(world, order, around)
    if not around.supplies.mints <= tokens.keys():
        known = (one for one in around.pools if tokens.keys() >= set(one.pool.mints))
        around = replace(around, pools=tuple(known))
    # One after another: mostly known without asking anybody, and a task costs more than that.
    unit_price = await world.fees.unit_price_lately([quote.pool for quote in singles[:1]])
    fits = await _fits(world, around, tokens)
    wanted = Wanted(
        request=request_of(order),
        slippage_bps=slippage_bps,
        reserve_bps=_reserve(slippage_bps, attempt),
        costs=Costs(
            leg=Lamports(ceil_div(_UNITS_PER_LEG * unit_price, _MICRO)),
            account=_ACCOUNT_RENT,
            opened=frozenset(tokens),
        ),
    )
    choice = best_route(around.supplies, singles, wanted, fits)
    if choice.route is None or all(mint == NATIVE_MINT for mint in choice.route.mints[1:-1]):
        return choice
    # It goes through a token whose account may have to be opened first, which costs rent.
    opened = await _opened(world, tokens.values())
    if opened.issuperset(choice.route.mints[1:-1]):
        return choice
    wanted = replace(wanted, costs=replace(wanted.costs, opened=opened))
    return best_route(around.supplies, singles, wanted, fits)


def _reserve(slippage_bps: BasisPoints, attempt: int) -> BasisPoints:
    share = _RESERVES_PERCENT[min(attempt, len(_RESERVES_PERCENT)) - 1]
    return min(slippage_bps, max(_RESERVE_BPS, BasisPoints(slippage_bps * share // 100)))


def request_of(order: Order) -> SwapRequest:
    """The whole order as one swap."""
    return SwapRequest(
        in_mint=order.token_in.mint,
        out_mint=order.token_out.mint,
        mode=order.swap_mode,
        amount=order.amount,
    )


async def _tokens(world: World, order: Order, around: PoolsAt) -> dict[Pubkey, Token]:
    """The pools' mints as tokens, the order's own as it has them."""
    mine = {token.mint: token for token in (order.token_in, order.token_out)}
    others = sorted(around.supplies.mints - mine.keys(), key=bytes)
    # One after another: all but those never seen before are known without asking anybody.
    found = [await world.tokens.resolve(str(mint)) for mint in others]
    return {**{token.mint: token for token in found if token is not None}, **mine}


async def _fits(world: World, around: PoolsAt, tokens: dict[Pubkey, Token]) -> Fits:
    """Whether a route over these pools can be one transaction, in the forms this cluster takes."""
    form, tip = await world.forms.current(), await world.fees.tip()
    pools = {loaded.pool.address: loaded for loaded in around.pools}
    wallet = world.signer.address

    def fits(route: Route) -> str | None:
        along = [tokens[mint] for mint in route.mints]
        written = swaps(route, pools, along, wallet)
        return why_it_does_not_fit(instructions(route, along, written, wallet, tip), wallet, form)

    return fits


async def _opened(world: World, tokens: Iterable[Token]) -> frozenset[Pubkey]:
    """The mints that the wallet has an account for."""
    wallet = world.signer.address
    addresses = {token.mint: associated_address(wallet, token) for token in tokens}
    at = await world.chain.accounts(list(addresses.values()))
    return frozenset(
        mint for mint, address in addresses.items() if at.accounts.get(address) is not None
    )
