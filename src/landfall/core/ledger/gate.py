"""Is the quote what the chain would do? The last question before a route is signed.

The route's pools are read and quoted again, the transaction is simulated, and the two amounts are
compared. Where they differ, either the pools moved between the two looks, or the quote is wrong; a
third look tells which. A quote is contradicted when it is of the very slot that was simulated, or
when the pools say the same before and after the simulation, for then nothing moved in between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from solders.instruction import Instruction

from landfall.core.ledger.answers import Balances
from landfall.core.ledger.swaps import Traded
from landfall.core.quote import Quote, Refused, Route
from landfall.core.values import ChainClock, Pubkey, Slot


@dataclass(frozen=True, slots=True)
class RouteAt:
    """What a route takes and pays as of one slot."""

    slot: Slot
    in_amount: int
    out_amount: int

    def amounts(self) -> tuple[int, int]:
        """In and out."""
        return self.in_amount, self.out_amount


class Verdict(Enum):
    """What a simulation says of a quote."""

    AGREES = "agrees"
    MOVED = "moved"
    """Other amounts, but the pools may have moved in between."""
    CONTRADICTED = "contradicted"
    """Other amounts on the same state: the quote is wrong."""


def quoted_again(
    route: Route, pools: Mapping[Pubkey, Traded], clock: ChainClock
) -> tuple[Quote, ...] | Refused:
    """Each leg, as it stands in the route, asked of its pool as that is now."""
    answers: list[Quote] = []
    for leg in route.legs:
        traded = pools[leg.quote.pool]
        answer = traded.venue.quote(traded.pool, leg.quote.request, clock)
        if isinstance(answer, Refused):
            return answer
        answers.append(answer)
    return tuple(answers)


def summed(route: Route, answers: Sequence[Quote], slot: Slot) -> RouteAt:
    """What the answers of the route's legs come to."""
    paid_with, bought = route.mints[0], route.mints[-1]
    return RouteAt(
        slot=slot,
        in_amount=sum(each.in_amount for each in answers if each.request.in_mint == paid_with),
        out_amount=sum(each.out_amount for each in answers if each.request.out_mint == bought),
    )


def judge(simulated: RouteAt, before: RouteAt, after: RouteAt) -> Verdict:
    """What the simulation says of the quotes made before and after it."""
    if simulated.amounts() in (before.amounts(), after.amounts()):
        return Verdict.AGREES
    if simulated.slot in (before.slot, after.slot):
        return Verdict.CONTRADICTED
    stood_still = before.amounts() == after.amounts()
    if stood_still and before.slot <= simulated.slot <= after.slot:
        return Verdict.CONTRADICTED
    return Verdict.MOVED


def at_fault(
    answers: Sequence[Quote], swaps: Sequence[Instruction], wallet: Pubkey, balances: Balances
) -> tuple[Pubkey, ...]:
    """The pools whose own accounts moved other amounts than they answered; all, if none is seen to.

    Where a mint takes a fee of each transfer, an account moves more than arrives, and its pool is
    counted among them.

    Args:
        swaps: the instruction of each answer.
        balances: what the simulation showed.
    """
    moved = _moved_by_account(wallet, balances)
    wrong = []
    for answer, swap in zip(answers, swaps, strict=True):
        asked, touched = answer.request, {meta.pubkey for meta in swap.accounts}
        paid = -sum(moved.get((account, asked.out_mint), 0) for account in touched)
        taken = sum(moved.get((account, asked.in_mint), 0) for account in touched)
        if (taken, paid) != (answer.in_amount, answer.out_amount):
            wrong.append(answer.pool)
    return tuple(wrong) or tuple(answer.pool for answer in answers)


def _moved_by_account(wallet: Pubkey, balances: Balances) -> Mapping[tuple[Pubkey, Pubkey], int]:
    """By account and mint, what others than the wallet have more after than before."""
    moved: dict[tuple[Pubkey, Pubkey], int] = {}
    for sign, held in ((-1, balances.tokens_before), (1, balances.tokens_after)):
        for balance in held:
            if balance.owner != wallet:
                key = (balance.account, balance.mint)
                moved[key] = moved.get(key, 0) + sign * balance.amount
    return moved
