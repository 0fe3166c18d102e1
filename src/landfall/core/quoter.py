"""How a venue answers: what its curve says of a swap as a quote, what its program refuses in words.

A curve says everything that a swap changes, in its program's own terms; `Exchange` is the part that
a quote is made of. Curves answer with a NamedTuple, for one is made with every quote: a frozen
dataclass of a dozen fields takes three times as long.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from landfall.core.anchor import ProgramFault
from landfall.core.quote import Quote, Refused, SwapRequest, price_impact_bps
from landfall.core.values import BaseUnits
from landfall.core.venue import Pool


class Exchange(Protocol):
    """What a swap moves, in base units.

    `in_amount` leaves the trader and `out_amount` reaches it; `net_in` and `gross_out` are what the
    curve exchanged, all fees aside. `fee` is everything the pool keeps, of the input or the output.
    """

    @property
    def in_amount(self) -> int: ...

    @property
    def out_amount(self) -> int: ...

    @property
    def net_in(self) -> int: ...

    @property
    def gross_out(self) -> int: ...

    @property
    def fee(self) -> int: ...

    @property
    def fee_on_input(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoter:
    """In whose name a venue answers. `sentences` are what its refusals mean, by their names."""

    venue: str
    dex: str
    sentences: Mapping[str, str]

    def quote(
        self, pool: Pool, request: SwapRequest, swapped: Exchange, ratio: tuple[int, int]
    ) -> Quote:
        """The quote of a swap.

        Args:
            ratio: two positive numbers, of the input mint and of the output mint, in the ratio of
                the pool's price before the swap.
        """
        reserve_in, reserve_out = ratio
        return Quote(
            venue=self.venue,
            dex=self.dex,
            pool=pool.address,
            request=request,
            in_amount=BaseUnits(swapped.in_amount),
            out_amount=BaseUnits(swapped.out_amount),
            fee_amount=BaseUnits(swapped.fee),
            fee_mint=request.in_mint if swapped.fee_on_input else request.out_mint,
            price_impact_bps=price_impact_bps(
                swapped.net_in, swapped.gross_out, reserve_in, reserve_out
            ),
            context_slot=pool.context_slot,
        )

    def refused(self, pool: Pool, fault: ProgramFault) -> Refused:
        """The refusal of a swap, with the sentence that the fault has here."""
        return Refused(
            venue=self.venue,
            dex=self.dex,
            pool=pool.address,
            error=fault.name,
            sentence=self.sentences[fault.name],
        )
