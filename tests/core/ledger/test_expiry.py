"""When it is proven that a transaction can never land."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landfall.core.ledger.answers import Finalized, SignatureStatus, StatusAnswer
from landfall.core.ledger.expiry import is_expired
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
