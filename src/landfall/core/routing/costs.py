"""What a route costs beside what its pools take, in the token the route is judged by.

Every leg makes the transaction compute more and every intermediate token may need an account, whose
rent stays locked. Both are lamports, and are restated in the output token (exact in) or the input
token (exact out) at the best price that the pools at hand give for a little SOL. Where none trades
it, the costs are unknown and only the least gain counts.

Units: lamports; charges in base units of the token the route is judged by, rounded up.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from landfall.core.quote import PPB, SwapRequest
from landfall.core.routing.curves import SQUARE_ONE
from landfall.core.routing.supplies import Supplies
from landfall.core.token import NATIVE_MINT
from landfall.core.values import (
    BaseUnits,
    Lamports,
    Pubkey,
    SwapMode,
    ceil_div,
)

LEAST_GAIN_PPB = 1_000
"""What a leg must gain whatever it costs, a hundredth of a basis point: each may fail on chain."""

# How much SOL is priced, at the price of its first unit: enough that rounding is small.
_PRICED = Lamports(10_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Lamports per leg, and per token account that must be opened first.

    `opened` are mints whose account the wallet has, or gets its rent back from.
    """

    leg: Lamports
    account: Lamports
    opened: frozenset[Pubkey] = frozenset()


FREE = Costs(leg=Lamports(0), account=Lamports(0))


@dataclass(frozen=True, slots=True)
class Charges:
    """The same in the token the route is judged by."""

    leg: int
    account: int
    opened: frozenset[Pubkey]

    def of(self, legs: int, through: Iterable[Pubkey]) -> int:
        """What so many legs cost, with accounts for the mints they go through."""
        return legs * self.leg + sum(self.account for mint in through if mint not in self.opened)


def charges(costs: Costs, judged_by: Pubkey, worth: int, supplies: Supplies) -> Charges:
    """The costs restated.

    Args:
        judged_by: the mint in which routes are compared.
        worth: about what the whole route comes to in it, for the least gain.
    """
    price = _price_of_sol(judged_by, supplies) if costs.leg or costs.account else 0
    least = worth * LEAST_GAIN_PPB // PPB
    return Charges(
        leg=max(least, ceil_div(costs.leg * price, _PRICED)),
        account=ceil_div(costs.account * price, _PRICED),
        opened=costs.opened | {NATIVE_MINT},
    )


def _price_of_sol(mint: Pubkey, supplies: Supplies) -> int:
    """What `_PRICED` lamports buy of a mint at best; 0 if no pool sells it for SOL."""
    if mint == NATIVE_MINT:
        return _PRICED
    request = SwapRequest(
        in_mint=NATIVE_MINT, out_mint=mint, mode=SwapMode.EXACT_IN, amount=BaseUnits(_PRICED)
    )
    levels = supplies.crossing(request).levels
    return _PRICED * SQUARE_ONE // levels[0] ** 2 if levels else 0
