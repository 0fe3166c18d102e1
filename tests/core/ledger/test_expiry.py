"""When it is proven that a transaction can never land."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.ledger.answers import (
    Finalized,
    LatestBlockhash,
    SignatureStatus,
    StatusAnswer,
)
from landfall.core.ledger.expiry import (
    dies_too_soon,
    is_expired,
    lives_too_long,
    reaches_back,
)
from landfall.core.values import BlockHeight, Commitment, Slot
from tests.core.examples import a_signed_transaction

LAST_VALID = 1_150
FINALIZED_SLOT = 1_700
LANDED = SignatureStatus(slot=Slot(1_600), commitment=Commitment.PROCESSED, error=None)


@pytest.mark.parametrize("height", [LAST_VALID - 1, LAST_VALID, LAST_VALID + 1])
@pytest.mark.parametrize("context_slot", [FINALIZED_SLOT - 1, FINALIZED_SLOT, FINALIZED_SLOT + 1])
@pytest.mark.parametrize("status", [None, LANDED])
def test_only_a_passed_final_height_and_a_fresh_answer_of_absence_prove_it(
    height, context_slot, status
):
    expired = is_expired(
        a_signed_transaction(LAST_VALID),
        Finalized(Slot(FINALIZED_SLOT), BlockHeight(height)),
        StatusAnswer(Slot(context_slot), status),
    )
    proven = height == LAST_VALID + 1 and context_slot >= FINALIZED_SLOT and status is None
    assert expired is proven


def test_at_the_last_valid_height_itself_it_may_still_land():
    assert not is_expired(
        a_signed_transaction(LAST_VALID),
        Finalized(Slot(FINALIZED_SLOT), BlockHeight(LAST_VALID)),
        StatusAnswer(Slot(FINALIZED_SLOT), None),
    )


@pytest.mark.parametrize("claimed", [0, 1, 600])
def test_a_height_that_a_node_claimed_too_low_proves_nothing_before_as_many_slots(claimed):
    """Read at slot 500, a blockhash cannot have been passed by 150 blocks at slot 650."""
    transaction = a_signed_transaction(claimed)
    for slot, proven in ((510, False), (650, False), (651, True)):
        final = Finalized(Slot(slot), BlockHeight(1_000))
        assert is_expired(transaction, final, StatusAnswer(Slot(slot), None)) is proven


def test_a_node_that_lags_behind_the_final_slot_proves_nothing():
    """Behind a load balancer the height may come from one node and the silence from another."""
    assert not is_expired(
        a_signed_transaction(LAST_VALID),
        Finalized(Slot(FINALIZED_SLOT), BlockHeight(LAST_VALID + 1_000)),
        StatusAnswer(Slot(FINALIZED_SLOT - 1), None),
    )


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 2**63))
def test_whatever_is_known_of_it_is_never_called_expired(height, finalized_slot, context_slot):
    assert not is_expired(
        a_signed_transaction(LAST_VALID),
        Finalized(Slot(finalized_slot), BlockHeight(height)),
        StatusAnswer(Slot(context_slot), LANDED),
    )


def test_a_history_must_begin_where_the_transaction_could_first_land():
    transaction = a_signed_transaction(LAST_VALID)
    first = transaction.min_context_slot
    assert [reaches_back(transaction, Slot(first + ahead)) for ahead in (-1, 0, 1)] == [
        True,
        True,
        False,
    ]


def said_to_live_until(height: int, at_slot: int = 2_000) -> LatestBlockhash:
    return LatestBlockhash("", BlockHeight(height), Slot(at_slot))


@pytest.mark.parametrize(
    ("height", "others", "too_long"),
    [
        (1_150, [(2_000, 1_000)], False),
        (1_300, [(2_000, 1_000)], False),
        (1_301, [(2_000, 1_000)], True),
        (10**12, [(2_000, 1_000)], True),
        # Others who have fallen behind, or were asked long ago, speak against nobody honest.
        (1_150, [(1_000, 200)], False),
        (1_501, [(1_000, 200)], True),
        (1_150, [(2_030, 1_030)], False),
        # Whoever has got furthest bounds it, so one who claims too little harms nobody.
        (1_150, [(2_000, 0), (2_000, 1_000)], False),
        (10**12, [], False),
    ],
)
def test_no_blockhash_lives_longer_than_heights_can_grow(height, others, too_long):
    known = [Finalized(Slot(slot), BlockHeight(reached)) for slot, reached in others]
    assert lives_too_long(said_to_live_until(height), known) is too_long


@given(st.integers(0, 2**40), st.integers(0, 2**20), st.integers(0, 2**20), st.integers(0, 2**20))
def test_an_honest_lifetime_is_never_refused(slot, skipped, ahead, skipped_since):
    """Whether the other one is ahead or behind, and however many slots had no block."""
    height = max(0, slot - skipped)
    told = said_to_live_until(height + 150, slot)
    later = Finalized(Slot(slot + ahead), BlockHeight(height + max(0, ahead - skipped_since)))
    behind = max(0, slot - ahead)
    earlier = Finalized(Slot(behind), BlockHeight(max(0, height - min(ahead, slot))))
    assert not lives_too_long(told, [later])
    assert not lives_too_long(told, [earlier])


@pytest.mark.parametrize(
    ("slot", "last_valid", "too_soon"),
    [(500, 550, False), (499, 550, True), (500, 549, True), (9_000, 549, True), (0, 0, True)],
)
def test_a_blockhash_from_before_what_others_hold_final_dies_too_soon(slot, last_valid, too_soon):
    final = Finalized(Slot(500), BlockHeight(400))
    assert dies_too_soon(said_to_live_until(last_valid, slot), [final]) is too_soon


def test_one_who_made_up_how_far_it_is_final_refuses_nobody_where_another_is_honest():
    made_up, honest = (Finalized(Slot(at), BlockHeight(at)) for at in (10**12, 500))
    told = said_to_live_until(682, 532)
    assert not dies_too_soon(told, [made_up, honest])
    assert not dies_too_soon(told, [honest, made_up])
    assert not dies_too_soon(told, [])


@given(st.integers(0, 2**40), st.integers(0, 31), st.integers(0, 2**20))
def test_a_blockhash_of_the_confirmed_ledger_never_dies_too_soon(slot, ahead, skipped):
    height = max(0, slot - skipped)
    final = Finalized(Slot(max(0, slot - ahead)), BlockHeight(max(0, height - ahead)))
    assert not dies_too_soon(said_to_live_until(height + 150, slot), [final])
