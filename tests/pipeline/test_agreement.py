"""Providers that contradict one another, or are silent: no verdict that one of them made up."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from landfall import observe
from landfall.core.errors import Unavailable
from landfall.core.execution import Execution, SignedTransaction, Status
from landfall.core.ledger.answers import (
    Evidence,
    Finalized,
    LandedTransaction,
    SignatureStatus,
    StatusAnswer,
)
from landfall.core.ledger.verdict import Opinion
from landfall.core.order import Order
from landfall.core.values import BlockHeight, Commitment, Lamports, Signature, Slot
from landfall.pipeline import hearing
from landfall.ports import Witness
from tests.pipeline.conftest import Bench

FAR = 10**9
POLLS = 6
LOOKS = 2
"""An expiry is looked at again, between two looks at how far back the provider remembers."""


@dataclass
class Liar:
    """A provider that tells its lie for the first answers, and then the truth."""

    honest: Witness
    tell: Callable[[Evidence], Evidence]
    show: Callable[[LandedTransaction | None], LandedTransaction | None] = lambda shown: shown
    lies_left: int = POLLS
    name: str = "liar"
    lied: list[Signature] = field(default_factory=list)

    async def testify(self, signature: Signature) -> Evidence:
        truth = await self.honest.testify(signature)
        if self.lies_left == 0:
            return truth
        self.lies_left -= 1
        self.lied.append(signature)
        return self.tell(truth)

    async def first_slot(self) -> Slot:
        return Slot(0)

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        truth = await self.honest.transaction(signature)
        return self.show(truth) if self.lies_left else truth


def expired(truth: Evidence) -> Evidence:
    final = Finalized(Slot(FAR), BlockHeight(FAR))
    return Evidence(final, StatusAnswer(Slot(FAR), None))


def succeeded(truth: Evidence) -> Evidence:
    slot = truth.answer.context_slot
    status = SignatureStatus(slot, Commitment.FINALIZED, None)
    return replace(truth, answer=StatusAnswer(slot, status))


def silent(truth: Evidence) -> Evidence:
    raise Unavailable("time-out")


def beside(bench: Bench, *liars: Liar) -> None:
    """The honest provider, and these."""
    bench.world = replace(bench.world, witnesses=(*bench.world.witnesses, *liars))


def alone(bench: Bench, liar: Liar) -> None:
    bench.world = replace(bench.world, witnesses=(liar,))


class Lost:
    """A sender whose first bytes do not arrive."""

    def __init__(self, sender: Any, sends: int) -> None:
        self._sender = sender
        self._left = sends

    async def send(self, transaction: SignedTransaction) -> None:
        if self._left == 0:
            await self._sender.send(transaction)
        else:
            self._left -= 1


def lose(bench: Bench, sends: int) -> None:
    bench.world = replace(bench.world, sender=Lost(bench.world.sender, sends))


@pytest.fixture
def withheld(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """What was told of verdicts that were withheld: why, and who says what."""
    told: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        observe, "verdict_withheld", lambda order_id, why, says: told.append((why, says))
    )
    return told


async def one_fill(bench: Bench, order: Order, execution: Execution) -> None:
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_an_expiry_that_one_provider_makes_up_is_not_believed(bench: Bench, withheld: list):
    order = await bench.submit()
    liar = Liar(bench.world.witnesses[0], expired)
    beside(bench, liar)
    await one_fill(bench, order, await bench.finish(order))
    assert len(liar.lied) == POLLS
    assert [why for why, _ in withheld] == ["too few", "contradiction"]
    assert withheld[-1][1]["liar"] == "expired"
    assert Opinion.SUCCEEDED.value in withheld[-1][1].values()


async def test_control_the_same_lie_of_an_only_provider_spends_twice(bench: Bench):
    order = await bench.submit()
    alone(bench, Liar(bench.world.witnesses[0], expired, lies_left=LOOKS))
    await bench.finish(order)
    assert len(await bench.swaps_on_ledger(order)) > 1


async def test_below_the_threshold_a_contradiction_still_keeps_a_new_attempt_away(bench: Bench):
    limits = replace(bench.world.limits, agreement_above_lamports=Lamports(10**15))
    bench.world = replace(bench.world, limits=limits)

    def denies(truth: Evidence) -> Evidence:
        status = truth.answer.status
        landed = status is not None and status.commitment >= Commitment.CONFIRMED
        return expired(truth) if landed else truth

    order = await bench.submit()
    beside(bench, Liar(bench.world.witnesses[0], denies))
    await one_fill(bench, order, await bench.finish(order))


async def test_a_success_that_one_provider_makes_up_is_not_recorded(bench: Bench, withheld: list):
    order = await bench.submit()
    lose(bench, sends=2)
    beside(bench, Liar(bench.world.witnesses[0], succeeded, lies_left=3))
    await one_fill(bench, order, await bench.finish(order))
    assert withheld[0] == ("too few", {**withheld[0][1], "liar": "succeeded"})


async def test_balances_that_one_provider_makes_up_are_no_fill(bench: Bench, withheld: list):
    def richer(truth: LandedTransaction | None) -> LandedTransaction | None:
        return truth and replace(truth, slot=Slot(truth.slot + 1))

    def honest(truth: Evidence) -> Evidence:
        return truth

    order = await bench.submit()
    beside(bench, Liar(bench.world.witnesses[0], honest, richer))
    execution = await bench.finish(order)
    await one_fill(bench, order, execution)
    landed = await bench.world.witnesses[0].transaction(
        execution.attempt.transaction.signature  # type: ignore[union-attr]
    )
    assert execution.fill is not None
    assert landed is not None
    assert execution.fill.slot == landed.slot
    assert "contradiction" in [why for why, _ in withheld]


async def test_a_silent_provider_is_waited_for_where_two_must_agree(bench: Bench, withheld: list):
    order = await bench.submit()
    liar = Liar(bench.world.witnesses[0], silent)
    beside(bench, liar)
    await one_fill(bench, order, await bench.finish(order))
    assert liar.lies_left == 0
    assert withheld == [("too few", {**withheld[0][1], "liar": "no answer"})]


async def test_of_three_providers_one_may_be_silent(bench: Bench):
    order = await bench.submit()
    honest = bench.world.witnesses[0]
    second = Liar(honest, lambda truth: truth, name="second")
    beside(bench, second, Liar(honest, silent, lies_left=10**6))
    await one_fill(bench, order, await bench.finish(order))


async def test_an_outage_of_all_is_no_verdict(bench: Bench):
    order = await bench.submit()
    liars = [Liar(bench.world.witnesses[0], silent, name=name) for name in ("one", "other")]
    bench.world = replace(bench.world, witnesses=tuple(liars))
    await one_fill(bench, order, await bench.finish(order))
    assert [liar.lies_left for liar in liars] == [0, 0]


async def test_control_without_a_quorum_a_lie_beside_the_truth_is_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    def first_come(opinions: Any, quorum: Any) -> Any:
        """Broken: whoever has an opinion is right, an expiry before all."""
        held = [each for each in opinions if each is not None]
        return Opinion.EXPIRED if Opinion.EXPIRED in held else next(iter(held), None)

    monkeypatch.setattr(hearing, "judge", first_come)
    order = await bench.submit()
    beside(bench, Liar(bench.world.witnesses[0], expired, lies_left=LOOKS))
    await bench.finish(order)
    assert len(await bench.swaps_on_ledger(order)) > 1
