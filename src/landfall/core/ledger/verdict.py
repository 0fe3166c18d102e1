"""What has become of a transaction, judged from what several providers say, each for itself.

A provider's opinion rests on its own answers alone: its height is never held against another one's
status. An opinion counts when enough providers hold it. Where they contradict one another, nothing
is judged that would let the order be signed again: an expiry or a failure needs that nobody
contradicts, a success that most agree. Silence and "not yet" are no opinion and contradict nobody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import Evidence
from landfall.core.ledger.expiry import is_expired, reaches_back
from landfall.core.order import Order
from landfall.core.quote import Route
from landfall.core.token import NATIVE_MINT
from landfall.core.values import Commitment, Lamports


class Opinion(Enum):
    """What one provider's answers amount to. The value is the word for logs and metrics."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"


class Withheld(Enum):
    """Why there are opinions and yet no verdict."""

    TOO_FEW = "too few"
    """Not as many as are needed say so."""
    CONTRADICTION = "contradiction"
    """Providers say what cannot both be true: one of them is wrong, or lies."""
    SHORT_HISTORY = "short history"
    """It is past its time and unknown, where history does not reach back to when it could land."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """How many providers must hold an opinion, and how sure the cluster must be of a failure."""

    needed: int
    failure_counts_at: Commitment = Commitment.CONFIRMED


def opinion(
    transaction: SignedTransaction, evidence: Evidence, quorum: Quorum
) -> Opinion | Withheld | None:
    """What the provider that gave this evidence holds to be decided, or None.

    SHORT_HISTORY: it would be an expiry, were it known that its history reaches back far enough.
    """
    status = evidence.answer.status
    if status is None:
        finalized, first_slot = evidence.finalized, evidence.first_slot
        if finalized is None or not is_expired(transaction, finalized, evidence.answer):
            return None
        if first_slot is None or not reaches_back(transaction, first_slot):
            return Withheld.SHORT_HISTORY
        return Opinion.EXPIRED
    if status.error is None:
        return Opinion.SUCCEEDED if status.commitment >= Commitment.CONFIRMED else None
    return Opinion.FAILED if status.commitment >= quorum.failure_counts_at else None


def judge(
    opinions: Sequence[Opinion | Withheld | None], quorum: Quorum
) -> Opinion | Withheld | None:
    """The verdict, why there is none though somebody has an opinion, or None while nobody has."""
    held = Counter(each for each in opinions if isinstance(each, Opinion))
    if not held:
        return next((each for each in opinions if each is not None), None)
    leading, count = held.most_common(1)[0]
    if len(held) > 1 and (leading is not Opinion.SUCCEEDED or count * 2 <= held.total()):
        return Withheld.CONTRADICTION
    return leading if count >= quorum.needed else Withheld.TOO_FEW


def providers_needed(order: Order, route: Route, above: Lamports, providers: int) -> int:
    """How many providers must agree on this order: two, if it is worth more than `above`.

    Its worth is its amount of SOL, on whichever side that is. An order without SOL counts as worth
    more than any threshold, for nothing here knows its price. One provider has nobody to agree
    with.
    """
    if providers == 1:
        return 1
    if order.token_in.mint == NATIVE_MINT:
        return 2 if route.in_amount > above else 1
    if order.token_out.mint == NATIVE_MINT:
        return 2 if route.out_amount > above else 1
    return 2
