"""What landing costs at the moment: a price by what others lately paid, and what to tip.

Neither is worth failing an attempt for: where nobody can be asked, the configured floor is paid.
What was paid changes with the blocks, so an answer serves everybody who asks of the same accounts
for as long as a block lasts.
"""

from collections.abc import Awaitable, Callable, Sequence

from landfall.chain.sharing import Sharing
from landfall.core.errors import Unavailable
from landfall.core.ledger.fees import PriceRule
from landfall.core.ledger.tips import Tip
from landfall.core.values import Pubkey
from landfall.ports import Clock

REMEMBERED_MS = 400
"""As long as a block of mainnet."""

LATELY_MS = 60_000
_REMEMBERED_MAX = 1_000

UnitPricesPaid = Callable[[Sequence[Pubkey]], Awaitable[Sequence[int]]]
Tipping = Callable[[], Awaitable[Tip | None]]


class MarketFees:
    """The `Fees` port.

    Args:
        paid: for each recent block, what a write to these accounts cost; may raise Unavailable.
        rule: which of these to pay, in micro-lamports per compute unit.
        clock: only for how long a price is remembered.
        tip: what to tip, or None where nobody is tipped.
    """

    def __init__(
        self, paid: UnitPricesPaid, rule: PriceRule, clock: Clock, tip: Tipping | None = None
    ) -> None:
        self._paid = paid
        self._rule = rule
        self._clock = clock
        self._tip = tip
        self._asked = Sharing(self._ask)
        self._prices: dict[tuple[Pubkey, ...], tuple[int, int]] = {}

    async def compute_unit_price(self, writable: Sequence[Pubkey]) -> int:
        """The price by the rule."""
        if self._rule.floor >= self._rule.cap:
            return self._rule.cap
        key = tuple(writable)
        asked_ms, price = self._prices.get(key, (0, 0))
        if self._clock.now_ms() - asked_ms <= REMEMBERED_MS:
            return price
        return await self._asked.answer(key)

    async def unit_price_lately(self, writable: Sequence[Pubkey]) -> int:
        """The price as it was last asked for. If that is a while ago, it is asked for meanwhile."""
        key = tuple(writable)
        asked_ms, price = self._prices.get(key, (-LATELY_MS, 0))
        age_ms = self._clock.now_ms() - asked_ms
        if age_ms > LATELY_MS:
            return await self.compute_unit_price(writable)
        if age_ms > REMEMBERED_MS:
            self._asked.asked(key)
        return price

    async def _ask(self, writable: tuple[Pubkey, ...]) -> int:
        asked_ms = self._clock.now_ms()
        try:
            paid = await self._paid(writable)
        except Unavailable:
            return self._rule.price(())
        if len(self._prices) >= _REMEMBERED_MAX:
            self._prices.clear()
        self._prices[writable] = asked_ms, self._rule.price(paid)
        return self._rule.price(paid)

    async def tip(self) -> Tip | None:
        """The tip of the moment."""
        return None if self._tip is None else await self._tip()
