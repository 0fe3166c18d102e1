"""Hear every provider on one transaction, each alone, and judge what has become of it.

A provider that does not answer has no opinion; an outage of all of them is no verdict.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

from landfall.core.errors import Unavailable
from landfall.core.execution import Execution, SignedTransaction
from landfall.core.ledger.answers import Evidence, LandedTransaction
from landfall.core.ledger.verdict import (
    Opinion,
    Quorum,
    Withheld,
    judge,
    opinion,
    providers_needed,
)
from landfall.core.values import Signature
from landfall.ports import Witness, World


@dataclass(frozen=True, slots=True)
class Heard:
    """One provider, what it testified (None: nothing), and what that amounts to."""

    witness: Witness
    evidence: Evidence | None
    opinion: Opinion | Withheld | None


@dataclass(frozen=True, slots=True)
class Hearing:
    """All of them, and the verdict that follows."""

    heard: tuple[Heard, ...]
    quorum: Quorum
    verdict: Opinion | Withheld | None

    def holding(self, held: Opinion) -> tuple[Heard, ...]:
        """Those who hold this opinion."""
        return tuple(each for each in self.heard if each.opinion is held)

    def told(self) -> dict[str, str]:
        """Who says what, for people."""
        return {each.witness.name: _said(each) for each in self.heard}


async def hear(world: World, execution: Execution, transaction: SignedTransaction) -> Hearing:
    """Ask all providers at once, and judge."""
    quorum = _quorum(world, execution)
    asked = [_heard(witness, transaction, quorum) for witness in world.witnesses]
    # A task costs more than what one provider is asked for, and orders in flight are many.
    heard = tuple(await asyncio.gather(*asked)) if len(asked) > 1 else (await asked[0],)
    return Hearing(heard, quorum, judge([each.opinion for each in heard], quorum))


async def agreed_record(
    hearing: Hearing, held: Opinion, signature: Signature
) -> LandedTransaction | Withheld | None:
    """The transaction as recorded by those who hold that it landed; None while too few show it.

    As many as had to agree that it landed must show the same balances, and most of all who show
    any. Logs may differ: nodes cut them off where they like.
    """
    shown = await asyncio.gather(
        *(_record(each.witness, signature) for each in hearing.holding(held))
    )
    records = [record for record in shown if record is not None]
    fitting = [each for each in records if (each.error is None) is (held is Opinion.SUCCEEDED)]
    for record in fitting:
        showing = sum(_same(record, other) for other in fitting)
        if showing >= hearing.quorum.needed and showing * 2 > len(records):
            return record
    return Withheld.CONTRADICTION if len(records) >= hearing.quorum.needed else None


def _said(heard: Heard) -> str:
    if heard.evidence is None:
        return "no answer"
    return "nothing yet" if heard.opinion is None else heard.opinion.value


def _quorum(world: World, execution: Execution) -> Quorum:
    route = execution.attempt.route
    assert route is not None
    above = world.limits.agreement_above_lamports
    return Quorum(
        needed=providers_needed(execution.order, route, above, len(world.witnesses)),
        failure_counts_at=world.limits.failure_counts_at,
    )


async def _heard(witness: Witness, transaction: SignedTransaction, quorum: Quorum) -> Heard:
    try:
        evidence = await witness.testify(transaction.signature)
    except Unavailable:
        return Heard(witness, None, None)
    held = opinion(transaction, evidence, quorum)
    if held is Withheld.SHORT_HISTORY:
        with suppress(Unavailable):
            evidence = await _within_history(witness, transaction.signature)
            held = opinion(transaction, evidence, quorum)
    return Heard(witness, evidence, held)


async def _within_history(witness: Witness, signature: Signature) -> Evidence:
    """What it says between two looks at how far back it remembers.

    One look is not enough: a history that is cut off before the second, or has come back after the
    first, would lend its reach to an answer that did not have it.
    """
    before = await witness.first_slot()
    evidence = await witness.testify(signature)
    return replace(evidence, first_slot=max(before, await witness.first_slot()))


async def _record(witness: Witness, signature: Signature) -> LandedTransaction | None:
    try:
        return await witness.transaction(signature)
    except Unavailable:
        return None


def _same(one: LandedTransaction, other: LandedTransaction) -> bool:
    return replace(one, logs=()) == replace(other, logs=())
