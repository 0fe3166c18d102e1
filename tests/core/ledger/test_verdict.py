"""What several providers' answers come to: who is believed, and when nobody is."""

from dataclasses import replace
from itertools import product

import pytest

from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import (
    Evidence,
    Finalized,
    SignatureStatus,
    StatusAnswer,
    TransactionError,
)
from landfall.core.ledger.verdict import (
    Opinion,
    Quorum,
    Withheld,
    judge,
    opinion,
    providers_needed,
)
from landfall.core.token_list import KNOWN_TOKENS
from landfall.core.values import BlockHeight, Commitment, Lamports, Signature, Slot
from tests.core.examples import a_quote, a_route, an_order

LAST_VALID = 150
TRANSACTION = SignedTransaction(
    signature=Signature.default(),
    raw=b"",
    blockhash="",
    last_valid_block_height=BlockHeight(LAST_VALID),
    min_context_slot=Slot(0),
)
FINAL = Finalized(Slot(300), BlockHeight(LAST_VALID + 1))
ONE, TWO = Quorum(needed=1), Quorum(needed=2)
SHORT = Withheld.SHORT_HISTORY
OK, FAILED, EXPIRED = Opinion.SUCCEEDED, Opinion.FAILED, Opinion.EXPIRED


def unknown(slot: int, finalized: Finalized | None = FINAL, first: int | None = 0) -> Evidence:
    first_slot = None if first is None else Slot(first)
    return Evidence(finalized, StatusAnswer(Slot(slot), None), first_slot)


def landed(commitment: Commitment, error: TransactionError | None = None) -> Evidence:
    return Evidence(FINAL, StatusAnswer(Slot(400), SignatureStatus(Slot(200), commitment, error)))


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (unknown(300), EXPIRED),
        (unknown(299), None),
        (unknown(300, Finalized(Slot(300), BlockHeight(LAST_VALID))), None),
        (unknown(10**6, None), None),
        (unknown(300, first=None), SHORT),
        (unknown(300, first=1), SHORT),
        (unknown(299, first=1), None),
        (landed(Commitment.PROCESSED), None),
        (landed(Commitment.CONFIRMED), OK),
        (landed(Commitment.FINALIZED), OK),
        (landed(Commitment.PROCESSED, TransactionError("x")), None),
        (landed(Commitment.CONFIRMED, TransactionError("x")), FAILED),
    ],
)
def test_an_opinion_rests_on_one_provider_s_answers(
    evidence: Evidence, expected: Opinion | Withheld | None
):
    assert opinion(TRANSACTION, evidence, ONE) is expected


def test_a_failure_may_have_to_wait_for_finality():
    patient = replace(ONE, failure_counts_at=Commitment.FINALIZED)
    error = TransactionError("x")
    assert opinion(TRANSACTION, landed(Commitment.CONFIRMED, error), patient) is None
    assert opinion(TRANSACTION, landed(Commitment.FINALIZED, error), patient) is FAILED
    assert opinion(TRANSACTION, landed(Commitment.CONFIRMED), patient) is OK


@pytest.mark.parametrize(
    ("opinions", "quorum", "expected"),
    [
        ([], ONE, None),
        ([None, None], TWO, None),
        ([OK, None], ONE, OK),
        ([OK, None], TWO, Withheld.TOO_FEW),
        ([OK, OK], TWO, OK),
        ([EXPIRED, None], TWO, Withheld.TOO_FEW),
        ([EXPIRED, EXPIRED, None], TWO, EXPIRED),
        ([OK, EXPIRED], ONE, Withheld.CONTRADICTION),
        ([OK, FAILED], TWO, Withheld.CONTRADICTION),
        ([OK, OK, EXPIRED], TWO, OK),
        ([EXPIRED, EXPIRED, OK], TWO, Withheld.CONTRADICTION),
        ([FAILED, FAILED, OK], TWO, Withheld.CONTRADICTION),
        ([FAILED, FAILED, EXPIRED], TWO, Withheld.CONTRADICTION),
        ([OK, OK, EXPIRED, EXPIRED], TWO, Withheld.CONTRADICTION),
        ([SHORT, None], ONE, SHORT),
        ([SHORT, EXPIRED], ONE, EXPIRED),
        ([SHORT, EXPIRED], TWO, Withheld.TOO_FEW),
        ([SHORT, OK], ONE, OK),
    ],
)
def test_a_verdict_needs_enough_providers_and_no_contradiction(
    opinions: list[Opinion | Withheld | None], quorum: Quorum, expected: Opinion | Withheld | None
):
    assert judge(opinions, quorum) is expected


def test_nothing_that_allows_a_new_attempt_is_judged_while_anybody_says_otherwise():
    choices = (None, SHORT, *Opinion)
    for opinions in product(choices, repeat=4):
        for quorum in (ONE, TWO):
            verdict = judge(opinions, quorum)
            if verdict in (FAILED, EXPIRED):
                assert set(opinions) <= {verdict, None, SHORT}
                assert opinions.count(verdict) >= quorum.needed
            if verdict is OK:
                assert opinions.count(OK) * 2 > sum(isinstance(each, Opinion) for each in opinions)


SOL, USDC, JUP = (KNOWN_TOKENS[symbol] for symbol in ("SOL", "USDC", "JUP"))


@pytest.mark.parametrize(
    ("token_in", "token_out", "in_amount", "out_amount"),
    [(SOL, USDC, 1_000, 5_000), (USDC, SOL, 5_000, 1_000), (USDC, SOL, 10, 1_000)],
)
@pytest.mark.parametrize(("above", "needed"), [(0, 2), (999, 2), (1_000, 1), (10**9, 1)])
def test_an_order_is_worth_its_sol_and_two_must_agree_above_the_threshold(
    token_in, token_out, in_amount, out_amount, above, needed
):
    order = an_order(token_in=token_in, token_out=token_out)
    route = a_route(a_quote(in_amount=in_amount, out_amount=out_amount))
    for providers in (2, 3, 4):
        assert providers_needed(order, route, Lamports(above), providers) == needed
    assert providers_needed(order, route, Lamports(above), 1) == 1


def test_an_order_without_sol_is_worth_more_than_any_threshold():
    order, route = an_order(token_in=USDC, token_out=JUP), a_route()
    assert providers_needed(order, route, Lamports(10**18), 2) == 2
    assert providers_needed(order, route, Lamports(10**18), 1) == 1
