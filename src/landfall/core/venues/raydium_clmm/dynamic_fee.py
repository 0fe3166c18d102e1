"""The part of a pool's fee that grows as its price moves, and fades when it rests.

Prices are grouped by tick spacing. A swap counts how many groups lie between its price and a
reference, adds what is left of the last count, and pays a rate that grows with the square of it.
Inside the filter period the reference stands; until the decay period it moves to the price and the
old count fades; after it nothing is left.

Units: rates in parts per million; the accumulator counts groups in ten-thousandths; seconds.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/states/pool_fee.rs,
instructions/swap.rs.
"""

from typing import NamedTuple

from landfall.core.anchor import PANIC, SwapRefused
from landfall.core.values import ceil_div

RATE_MAX = 100_000
ACCUMULATOR_SCALE = 10_000
REDUCTION_DENOMINATOR = 10_000
CONTROL_DENOMINATOR = 100_000
U32_MAX = 2**32 - 1


class DynamicFee(NamedTuple):
    """A pool's dynamic fee: its settings, and the count it keeps."""

    filter_period: int
    decay_period: int
    reduction_factor: int
    control: int
    accumulator_max: int
    index_reference: int
    reference: int
    accumulator: int
    updated_at: int

    @property
    def is_full(self) -> bool:
        """Whether the fee cannot grow any more."""
        return self.accumulator == self.accumulator_max

    def referenced(self, index: int, now: int) -> "DynamicFee":
        """As a swap finds it that starts `now` in price group `index`."""
        elapsed = max(0, now - self.updated_at)
        if elapsed < self.filter_period:
            return self
        reference = 0
        if elapsed < self.decay_period:
            reference = self.accumulator * self.reduction_factor // REDUCTION_DENOMINATOR
        return self._replace(index_reference=index, reference=reference, updated_at=now)

    def accumulated(self, index: int) -> "DynamicFee":
        """With the count brought to price group `index`."""
        count = self.reference + abs(self.index_reference - index) * ACCUMULATOR_SCALE
        count = min(count, self.accumulator_max)
        return self if count == self.accumulator else self._replace(accumulator=count)

    def total_rate(self, base_rate: int, tick_spacing: int) -> int:
        """The rate of a swap now: the pool's own and this one, rounded up and capped."""
        crossed = self.accumulator * tick_spacing
        if crossed > U32_MAX:
            raise SwapRefused(PANIC)
        scale = CONTROL_DENOMINATOR * ACCUMULATOR_SCALE * ACCUMULATOR_SCALE
        return min(base_rate + ceil_div(self.control * crossed * crossed, scale), RATE_MAX)
