"""What the pools' prices were in the last slots, as far as somebody asked. Kept in memory only:
after a start nothing is known, and whoever asks is told so.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

from landfall.core.quote import Quote
from landfall.core.slippage import PriceAt, price_before
from landfall.core.values import Pubkey

_POOLS_MAX = 10_000
_SLOTS_MAX = 256


class SeenPrices:
    """The `Prices` port: one price for each pool, direction and slot, the newest of them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[Pubkey, Pubkey], deque[PriceAt]] = OrderedDict()

    def note(self, quotes: Iterable[Quote]) -> None:
        """Remember what these quotes say about prices."""
        for quote in quotes:
            price = price_before(quote)
            if price is None:
                continue
            key = (quote.pool, quote.request.in_mint)
            series = self._seen.setdefault(key, deque(maxlen=_SLOTS_MAX))
            self._seen.move_to_end(key)
            if not series or series[-1].slot < price.slot:
                series.append(price)
        while len(self._seen) > _POOLS_MAX:
            self._seen.popitem(last=False)

    def seen(self, quote: Quote) -> tuple[PriceAt, ...]:
        """What is remembered of this quote's pool, oldest first, in the quote's direction."""
        return tuple(self._seen.get((quote.pool, quote.request.in_mint), ()))
