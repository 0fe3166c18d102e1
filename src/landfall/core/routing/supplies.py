"""What pools offer, asked of each once, however many orders are routed over them.

A curve holds for every order that reaches no further than it does. So curves are asked for in
strides, as far as the next power of two, and all orders within one share them. Strides do not
depend on what was asked before, so an answer does not either. A pool that cannot go so far is asked
for what the order takes.

Nor does a curve change while its pool does not: it is kept from moment to moment for as long as the
pool is the same but for the slot it is known at, and the clock is in the same phase for it.
"""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from landfall.core.quote import SwapRequest
from landfall.core.routing.crossing import Crossing, crossing
from landfall.core.routing.curves import Curve, curve_of
from landfall.core.routing.offers import Offer, Source
from landfall.core.values import U64_MAX, BaseUnits, ChainClock, Pubkey
from landfall.core.venue import Pool, are_same

CROSSINGS_MAX = 1_000
"""Crossings remembered: more than the strides of every pair that one moment's orders trade."""

CURVES_MAX = 32
"""Curves remembered of one pool: more than the strides that orders have at a time."""


@dataclass(slots=True)
class _Known:
    """A pool as it last was, in one of its phases, and the curves it had there."""

    pool: Pool
    phase: Hashable
    curves: dict[SwapRequest, Curve | None] = field(default_factory=dict)


class Curves:
    """Pools' curves, each for as long as it is sure to be what the pool would say now."""

    def __init__(self) -> None:
        self._known: dict[Pubkey, _Known] = {}

    def of(self, offer: Offer, request: SwapRequest, clock: ChainClock) -> Curve | None:
        """The pool's curve until it fills the request; None if it would refuse any trade."""
        known = self._current(offer, clock)
        if request not in known.curves:
            if len(known.curves) >= CURVES_MAX:
                known.curves.clear()
            segments = offer.venue.supply(offer.pool, request, clock)
            known.curves[request] = curve_of(segments) if segments else None
        return known.curves[request]

    def keep_only(self, pools: Collection[Pubkey]) -> None:
        """Forget all others."""
        for pool in self._known.keys() - pools:
            del self._known[pool]

    def _current(self, offer: Offer, clock: ChainClock) -> _Known:
        pool, phase = offer.pool, offer.venue.phase(offer.pool, clock)
        known = self._known.get(pool.address)
        if known is None or known.phase != phase or not are_same(known.pool, pool):
            known = self._known[pool.address] = _Known(pool, phase)
        # What is asked about next is most likely this very object.
        known.pool = pool
        return known


class Supplies:
    """Some pools at one moment, by the mints they trade. What was asked is remembered.

    `offers` are in the order of their addresses, so that nothing depends on that in which they
    came. `curves` are those of earlier moments, where there were any.
    """

    def __init__(
        self, offers: Iterable[Offer], clock: ChainClock, curves: Curves | None = None
    ) -> None:
        by_address = {offer.pool.address: offer for offer in offers}
        self.offers = tuple(by_address[pool] for pool in sorted(by_address, key=bytes))
        self.clock = clock
        self._curves = Curves() if curves is None else curves
        self._by_pair: dict[frozenset[Pubkey], list[Offer]] = {}
        for offer in self.offers:
            self._by_pair.setdefault(frozenset(offer.pool.mints), []).append(offer)
        self._crossings: dict[tuple[Hashable, ...], Crossing] = {}

    def trading(self, mint: Pubkey, other: Pubkey) -> list[Offer]:
        """The pools that trade the two against one another."""
        return self._by_pair.get(frozenset((mint, other)), [])

    @property
    def mints(self) -> set[Pubkey]:
        """All that some pool trades."""
        return {mint for pair in self._by_pair for mint in pair}

    def against(self, mint: Pubkey) -> set[Pubkey]:
        """The mints that some pool trades against this one."""
        return {one for pair in self._by_pair if mint in pair for one in pair} - {mint}

    def crossing(self, request: SwapRequest, *, for_exact_out: bool = False) -> Crossing:
        """The pools that trade the request's mints, at least as far as it can reach.

        With `for_exact_out` only those that can be swapped with for an exact output.
        """
        stride = BaseUnits(min(U64_MAX, 1 << max(0, request.amount - 1).bit_length()))
        found = self._remembered(request, stride, (), for_exact_out)
        if request.amount == stride or request.amount <= found.reach:
            return found
        far = tuple(s for s in found.sources if found.capacity(s) >= request.amount)
        return self._remembered(request, request.amount, far, for_exact_out)

    def _remembered(
        self,
        request: SwapRequest,
        amount: BaseUnits,
        known: Sequence[Source],
        for_exact_out: bool,
    ) -> Crossing:
        """All pools as far as the amount; `known` are those already asked at least so far."""
        crossings = self._crossings
        key = (request.in_mint, request.out_mint, request.mode, amount, for_exact_out)
        if key not in crossings:
            request = replace(request, amount=amount)
            if len(crossings) >= CROSSINGS_MAX:
                crossings.clear()
            asked = {source.address for source in known}
            others = [
                Source(offer, curve)
                for offer in self.trading(request.in_mint, request.out_mint)
                if offer.pool.address not in asked
                and (offer.venue.has_exact_out or not for_exact_out)
                and (curve := self._curves.of(offer, request, self.clock)) is not None
            ]
            crossings[key] = crossing(request, [*known, *others])
        return crossings[key]
