"""A class is a policy, a reason is a cause, and both are spelled for machines."""

import re
from enum import Enum

import pytest

from landfall.core import errors
from landfall.core.errors import (
    AttemptFailure,
    FailureReason,
    LandfallError,
    OrderRejected,
    RejectionReason,
)


@pytest.mark.parametrize("reasons", [RejectionReason, FailureReason])
def test_a_reason_is_spelled_on_the_wire_as_in_the_code(reasons: type[Enum]):
    assert all(reason.value == reason.name.lower() for reason in reasons)


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))
    below = [LandfallError]
    for policy in below:
        below += policy.__subclasses__()
    assert {
        policy.__name__ for policy in below[1:] if policy.__module__ == errors.__name__
    } == drawn


def test_a_rejection_says_what_and_where():
    rejected = OrderRejected(RejectionReason.SAME_TOKEN, "tokenOut", "Nothing to trade.")
    assert (rejected.reason, rejected.field) == (RejectionReason.SAME_TOKEN, "tokenOut")
    assert str(rejected) == rejected.sentence == "Nothing to trade."


def test_an_attempt_failure_reads_as_its_reason_and_the_detail():
    failed = AttemptFailure(FailureReason.NO_ROUTE, "no pool of the pair")
    assert str(failed) == "no_route: no pool of the pair"
