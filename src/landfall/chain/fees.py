"""What landing costs at the moment: a price by what others lately paid, and what to tip.

Neither is worth failing an attempt for: where nobody can be asked, the configured floor is paid.
"""

from collections.abc import Awaitable, Callable, Sequence

from landfall.core.errors import Unavailable
from landfall.core.ledger.fees import PriceRule
from landfall.core.ledger.tips import Tip
from landfall.core.values import Pubkey

UnitPricesPaid = Callable[[Sequence[Pubkey]], Awaitable[Sequence[int]]]
Tipping = Callable[[], Awaitable[Tip | None]]


class MarketFees:
    """The `Fees` port.

    Args:
        paid: for each recent block, what a write to these accounts cost; may raise Unavailable.
        rule: which of these to pay, in micro-lamports per compute unit.
        tip: what to tip, or None where nobody is tipped.
    """

    def __init__(self, paid: UnitPricesPaid, rule: PriceRule, tip: Tipping | None = None) -> None:
        self._paid = paid
        self._rule = rule
        self._tip = tip

    async def compute_unit_price(self, writable: Sequence[Pubkey]) -> int:
        """The price by the rule."""
        if self._rule.floor >= self._rule.cap:
            return self._rule.cap
        try:
            paid = await self._paid(writable)
        except Unavailable:
            paid = ()
        return self._rule.price(paid)

    async def tip(self) -> Tip | None:
        """The tip of the moment."""
        return None if self._tip is None else await self._tip()
