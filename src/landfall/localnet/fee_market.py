"""What transactions of recent blocks paid per compute unit, as validators remember it.

Of each block only the least counts: the least anybody paid to get in, and the least anybody paid to
write an account. A start forgets it, as a validator does.

Units: micro-lamports per compute unit.
Source: anza-xyz/agave, runtime/src/prioritization_fee_cache.rs.
"""

from collections import OrderedDict
from collections.abc import Iterable

from landfall.core.values import Pubkey, Slot

BLOCKS_MAX = 150


class FeeMarket:
    """The least prices of the newest blocks that had a transaction."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[Slot, dict[Pubkey | None, int]] = OrderedDict()

    def paid(self, slot: Slot, price: int, writable: Iterable[Pubkey]) -> None:
        """A transaction landed in `slot` at this price, and wrote these accounts."""
        least = self._blocks.setdefault(slot, {})
        for key in (None, *writable):
            least[key] = min(least.get(key, price), price)
        if len(self._blocks) > BLOCKS_MAX:
            self._blocks.popitem(last=False)

    def price(self, slot: Slot, accounts: Iterable[Pubkey]) -> int:
        """What it took to get into that block and write any of these accounts there."""
        least = self._blocks.get(slot, {})
        return max(least.get(key, 0) for key in (None, *accounts))
