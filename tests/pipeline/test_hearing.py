"""What several witnesses say and show, each played by hand."""

from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import (
    Balances,
    Evidence,
    Finalized,
    LandedTransaction,
    StatusAnswer,
)
from landfall.core.ledger.verdict import Opinion, Quorum, Withheld
from landfall.core.values import BlockHeight, Commitment, Lamports, Signature, Slot
from landfall.pipeline.hearing import Heard, Hearing, agreed_record, hear
from tests.core.examples import a_signed_transaction, an_execution, attempt_to_signed

LAST_VALID = 1_150


class Hand:
    """A witness that says and shows what it is told to; `first_slots` one after another."""

    name = "a witness"

    def __init__(
        self, shows: LandedTransaction | None = None, first_slots: Sequence[int] = ()
    ) -> None:
        self._shows = shows
        self._first_slots = list(first_slots)

    async def testify(self, signature: Signature) -> Evidence:
        final = Finalized(Slot(1_700), BlockHeight(LAST_VALID + 1))
        return Evidence(final, StatusAnswer(Slot(1_700), None))

    async def first_slot(self) -> Slot:
        return Slot(self._first_slots.pop(0))

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        if self._shows is None:
            raise Unavailable("silent")
        return self._shows


def shown(fee: int) -> LandedTransaction:
    balances = Balances(
        fee_lamports=Lamports(fee),
        lamports_before={},
        lamports_after={},
        tokens_before=(),
        tokens_after=(),
    )
    return LandedTransaction(
        slot=Slot(600), signature=Signature.default(), error=None, balances=balances, logs=()
    )


async def agreed(witnesses: Sequence[Hand], needed: int) -> LandedTransaction | Withheld | None:
    each = tuple(Heard(witness, None, Opinion.SUCCEEDED) for witness in witnesses)
    hearing = Hearing(each, Quorum(needed=needed), Opinion.SUCCEEDED)
    return await agreed_record(hearing, Opinion.SUCCEEDED, Signature.default())


@pytest.mark.parametrize(
    ("first_slots", "held"),
    [
        ((0, 0), Opinion.EXPIRED),
        ((0, 501), Withheld.SHORT_HISTORY),
        ((501, 0), Withheld.SHORT_HISTORY),
    ],
)
async def test_a_history_counts_from_the_later_of_two_looks(first_slots, held):
    """Cut off before the second look, or back after the first, it would not have been asked."""
    limits = SimpleNamespace(
        agreement_above_lamports=Lamports(0), failure_counts_at=Commitment.CONFIRMED
    )
    world = SimpleNamespace(witnesses=(Hand(first_slots=first_slots),), limits=limits)
    execution = an_execution(*attempt_to_signed())
    hearing = await hear(world, execution, a_signed_transaction(LAST_VALID))
    assert hearing.heard[0].opinion is held
    assert hearing.verdict is held


async def test_two_who_show_different_balances_are_a_contradiction_where_one_would_do():
    assert await agreed([Hand(shown(1)), Hand(shown(2))], needed=1) is Withheld.CONTRADICTION
    assert await agreed([Hand(shown(1)), Hand(shown(1))], needed=1) == shown(1)


async def test_one_who_shows_nothing_keeps_no_two_who_agree_waiting():
    assert await agreed([Hand(), Hand(shown(1)), Hand(shown(1))], needed=2) == shown(1)
    assert await agreed([Hand(), Hand(shown(1))], needed=2) is None
