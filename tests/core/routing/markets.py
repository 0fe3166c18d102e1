"""Random markets of real pools: every venue's own bytes, prices a little apart, depths far apart.

`one_pair(seed, count)` and `through_thirds(seed, count)` give the same market for the same seed;
`products(...)` makes constant-product pools of given reserves. `ask` routes over a market.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from landfall.core.quote import Quote, Route, SwapRequest
from landfall.core.routing.best_pool import rank
from landfall.core.routing.best_route import Choice, Fits, Wanted, best_route
from landfall.core.routing.costs import FREE, Costs
from landfall.core.routing.supplies import Supplies
from landfall.core.token import TOKEN_PROGRAM, Token
from landfall.core.values import (
    Account,
    BaseUnits,
    BasisPoints,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
)
from landfall.core.venue import AnyVenue, NeedAccounts, Pool
from landfall.core.venues import VENUES
from landfall.localnet.openings import (
    meteora_damm_v1,
    meteora_damm_v2,
    meteora_dlmm,
    raydium_amm,
    raydium_clmm,
    raydium_cpmm,
)
from landfall.localnet.openings.deposits import Deposit, derived
from tests.core.venues.opened import mint_account

CLOCK = ChainClock(Slot(100), 5, 1_800_000_000)
KINDS = ("cpmm", "amm", "clmm", "dlmm", "damm_v2", "damm_v1")
FEES_BPS = (1, 4, 5, 10, 25, 30, 100)
APART_BPS = 15


@dataclass(frozen=True, slots=True)
class Offered:
    """A pool with its venue, as the router is handed them."""

    venue: AnyVenue
    pool: Pool


@dataclass(frozen=True, slots=True)
class Market:
    """Pools between `mint_in` and `mint_out`, directly and by way of other mints.

    `depth` is about what all direct pools hold of the input mint, or those of the first hop.
    """

    token_in: Token
    token_out: Token
    pools: tuple[Offered, ...]
    depth: int


def a_token(number: int, decimals: int = 6) -> Token:
    """A mint of its own for each number."""
    mint = derived(TOKEN_PROGRAM, b"token", number.to_bytes(2, "big"))
    return Token(mint=mint, decimals=decimals, symbol=f"T{number}")


def one_pair(seed: int, count: int, kinds: tuple[str, ...] = KINDS) -> Market:
    """So many pools of one pair."""
    random = Random(seed)
    token_in, token_out = a_token(1, random.choice((5, 6, 9))), a_token(2, random.choice((6, 9)))
    price = _log_uniform(random, 10**-3, 10**3)
    pools, depth = _pair(random, token_in, token_out, price, count, kinds)
    return Market(token_in, token_out, pools, depth)


def through_thirds(
    seed: int, count: int, thirds: int = 4, kinds: tuple[str, ...] = KINDS
) -> Market:
    """So many pools: a fifth of them of the pair itself, the others by way of `thirds` mints."""
    random = Random(seed)
    token_in, token_out = a_token(1, 9), a_token(2)
    price_out = _log_uniform(random, 10**-2, 10**2)
    direct = count // 5
    pools, depth = _pair(random, token_in, token_out, price_out, direct, kinds)
    sides = [(third, is_first) for third in range(thirds) for is_first in (True, False)]
    prices = [_log_uniform(random, 10**-2, 10**2) for _ in range(thirds)]
    for index, (third, is_first) in enumerate(sides):
        token = a_token(10 + third)
        share = (count - direct) // len(sides) + (index < (count - direct) % len(sides))
        ends = (token_in, token) if is_first else (token, token_out)
        price = prices[third] if is_first else price_out / prices[third]
        made, held = _pair(random, *ends, price, share, kinds)
        pools += made
        depth = max(depth, held) if is_first else depth
    return Market(token_in, token_out, pools, depth)


def products(
    reserves: Sequence[tuple[int, int, int]], token_in: Token, token_out: Token
) -> tuple[Offered, ...]:
    """Constant-product pools: reserve in, reserve out, fee in basis points."""
    pools = []
    for index, (held, paid, fee_bps) in enumerate(reserves):
        deposits = Deposit(token=token_in, amount=held), Deposit(token=token_out, amount=paid)
        pools.append(_cpmm(deposits, index, fee_bps))
    return tuple(pools)


def request(
    token_in: Token, token_out: Token, amount: int, mode: SwapMode = SwapMode.EXACT_IN
) -> SwapRequest:
    """A swap of so many base units."""
    return SwapRequest(
        in_mint=token_in.mint, out_mint=token_out.mint, mode=mode, amount=BaseUnits(amount)
    )


def singles(pools: Sequence[Offered], wanted: SwapRequest) -> tuple[Quote, ...]:
    """What each pool of the pair alone answers, best first."""
    answers = [
        offer.venue.quote(offer.pool, wanted, CLOCK)
        for offer in pools
        if set(offer.pool.mints) == {wanted.in_mint, wanted.out_mint}
    ]
    fills = [a for a in answers if isinstance(a, Quote) and a.in_amount and a.out_amount]
    return rank(fills, wanted.mode)


def fits_always(route: Route) -> None:
    """A transaction without limits."""
    return


def ask(
    pools: Sequence[Offered],
    wanted: SwapRequest,
    *,
    fits: Fits = fits_always,
    costs: Costs = FREE,
    reserve_bps: int = 0,
) -> Choice:
    """The router's choice, at half a percent of slippage."""
    asked = Wanted(
        request=wanted,
        slippage_bps=BasisPoints(50),
        reserve_bps=BasisPoints(reserve_bps),
        costs=costs,
    )
    return best_route(Supplies(pools, CLOCK), singles(pools, wanted), asked, fits)


def shuffled(market: Market, seed: int) -> tuple[Offered, ...]:
    """The same pools in another order."""
    pools = list(market.pools)
    Random(seed).shuffle(pools)
    return tuple(pools)


def _pair(
    random: Random,
    token_in: Token,
    token_out: Token,
    price: float,
    count: int,
    kinds: tuple[str, ...],
) -> tuple[tuple[Offered, ...], int]:
    pools, depth, v1_is_free = [], 0, True
    for index in range(count):
        kind = random.choice(kinds)
        if kind == "damm_v1" and not v1_is_free:
            kind = "cpmm"
        v1_is_free &= kind != "damm_v1"
        held = int(_log_uniform(random, 10**3, 10**6) * 10**token_in.decimals)
        own = price * (1 + random.uniform(-APART_BPS, APART_BPS) / 10**4)
        paid = int(held * own * 10**token_out.decimals / 10**token_in.decimals)
        deposits = Deposit(token=token_in, amount=held), Deposit(token=token_out, amount=paid)
        pools.append(_opened(kind, deposits, index, random))
        depth += held
    return tuple(pools), depth


def _opened(kind: str, pair: tuple[Deposit, Deposit], index: int, random: Random) -> Offered:
    fee_bps = random.choice(FEES_BPS)
    match kind:
        case "cpmm":
            return _cpmm(pair, index, fee_bps)
        case "clmm":
            terms = raydium_clmm.Terms(
                tick_spacing=random.choice((10, 30, 60)), trade=fee_bps * 100
            )
            made = raydium_clmm.open_pool(
                pair,
                config_index=index,
                terms=terms,
                dynamic_fee=raydium_clmm.DynamicFee() if random.random() < 0.2 else None,
            )
            return _loaded("raydium_clmm", made, raydium_clmm.pool_address(pair, index), pair)
        case "dlmm":
            # A step of 1 bp only reaches so far from a price of one.
            near = 1 / 30 < pair[1].amount / pair[0].amount < 30
            step = random.choice((1 if near else 8, 5, 10, 25))
            made = meteora_dlmm.open_pool(
                *pair,
                bin_step=step,
                base_factor=min(65_535, fee_bps * 10_000 // step),
                preset_index=index,
            )
            return _loaded("meteora_dlmm", made, meteora_dlmm.pool_address(*pair, index), pair)
        case "damm_v2":
            made = meteora_damm_v2.open_pool(
                *pair,
                fee_numerator=fee_bps * 100_000,
                config_index=index,
                volatility_fee=meteora_damm_v2.VolatilityFee() if random.random() < 0.2 else None,
            )
            address = meteora_damm_v2.pool_address(*pair, index)
            return _loaded("meteora_damm_v2", made, address, pair)
        case "damm_v1":
            made = meteora_damm_v1.open_pool(*pair, trade_fee_bps=fee_bps)
            return _loaded("meteora_damm_v1", made, meteora_damm_v1.pool_address(*pair), pair)
        case _:
            mints = (bytes(deposit.token.mint) for deposit in pair)
            market = derived(TOKEN_PROGRAM, bytes([index]), *mints)
            made = raydium_amm.open_pool(*pair, market=market, swap_fee=(fee_bps, 10_000))
            return _loaded("raydium_amm", made, raydium_amm.pool_address(market), pair)


def _cpmm(pair: tuple[Deposit, Deposit], index: int, fee_bps: int) -> Offered:
    rates = raydium_cpmm.FeeRates(trade=fee_bps * 100)
    made = raydium_cpmm.open_pool(pair, config_index=index, rates=rates)
    return _loaded("raydium_cpmm", made, raydium_cpmm.pool_address(pair, index), pair)


def _loaded(
    venue_name: str,
    made: Mapping[Pubkey, Account],
    address: Pubkey,
    pair: tuple[Deposit, Deposit],
) -> Offered:
    venue = VENUES[venue_name]
    mints = {deposit.token.mint: mint_account(deposit.token) for deposit in pair}
    pool = venue.load(address, {**made, **mints}, Slot(99))
    assert not isinstance(pool, NeedAccounts), f"{venue_name} needs {pool.addresses}"
    return Offered(venue, pool)


def _log_uniform(random: Random, low: float, high: float) -> float:
    return float(low * (high / low) ** random.random())
