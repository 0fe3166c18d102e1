"""Between sent and decided: what is lost, what comes late, what the ledger refuses."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from solders.transaction import VersionedTransaction

from landfall.chain.rpc import RpcChain
from landfall.core.errors import (
    FailureReason,
    InvariantViolation,
    OutcomeUnknown,
    Unavailable,
)
from landfall.core.execution import Execution, SignedTransaction, Status
from landfall.core.ledger import expiry, verdict
from landfall.core.ledger.answers import Evidence, Finalized, LatestBlockhash, StatusAnswer
from landfall.core.order import Order
from landfall.core.values import BlockHeight, Pubkey, Signature, Slot
from landfall.pipeline.run import carry
from landfall.ports import ChainClient, PoolsAt, Witness, World
from tests.pipeline.conftest import Bench

BLOCKHASH_BLOCKS = 150


class Unreliable:
    """A sender that loses, repeats or lies about the first sends, and then passes bytes on."""

    def __init__(self, world: World, fate: str, times: int) -> None:
        self._sender = world.sender
        self._fate = fate
        self._left = times
        self.sent: list[SignedTransaction] = []

    async def send(self, transaction: SignedTransaction) -> None:
        self.sent.append(transaction)
        if self._left == 0:
            await self._sender.send(transaction)
            return
        self._left -= 1
        match self._fate:
            case "never leaves":
                raise Unavailable("no connection")
            case "lost on the way":
                return
            case "lost, and the answer too":
                raise OutcomeUnknown("time-out")
            case "arrives, the answer is lost":
                await self._sender.send(transaction)
                raise OutcomeUnknown("time-out")
            case "arrives five times":
                for _ in range(5):
                    await self._sender.send(transaction)


FATES = (
    "never leaves",
    "lost on the way",
    "lost, and the answer too",
    "arrives, the answer is lost",
    "arrives five times",
)


async def finish_with(bench: Bench, order: Order, fate: str, times: int) -> Execution:
    bench.world = replace(bench.world, sender=Unreliable(bench.world, fate, times))
    return await bench.finish(order)


@pytest.mark.parametrize("fate", FATES)
async def test_the_same_bytes_are_sent_until_the_ledger_has_them(bench: Bench, fate: str) -> None:
    order = await bench.submit()
    execution = await finish_with(bench, order, fate, times=3)
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 1
    assert isinstance(bench.world.sender, Unreliable)
    assert {t.signature for t in bench.world.sender.sent} == {
        execution.attempt.transaction.signature  # type: ignore[union-attr]
    }
    assert len(await bench.swaps_on_ledger(order)) == 1


async def lose_the_first_attempt(bench: Bench) -> Order:
    """An order whose first transaction never reaches the ledger, carried until that is proven."""
    order = await bench.submit()
    reliable = bench.world
    bench.world = replace(reliable, sender=Unreliable(reliable, "lost on the way", times=10_000))
    before = bench.block_height()
    await carry(bench.world, bench.queue, await bench.claim(order))
    assert bench.block_height() - before > BLOCKHASH_BLOCKS
    bench.world = reliable
    first = (await bench.execution(order)).attempt.failure
    assert first is not None
    assert first.reason is FailureReason.BLOCKHASH_EXPIRED
    return order


async def test_what_is_always_lost_expires_by_height_and_is_replaced(bench: Bench) -> None:
    patient = replace(bench.world.limits.retry, order_timeout_ms=3_600_000)
    bench.world = replace(bench.world, limits=replace(bench.world.limits, retry=patient))
    order = await lose_the_first_attempt(bench)
    execution = await bench.finish(order)
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 2
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_an_order_out_of_time_follows_what_is_in_flight_and_then_starts_nothing(
    bench: Bench,
) -> None:
    order = await lose_the_first_attempt(bench)
    execution = await bench.finish(order)
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.ORDER_TIMED_OUT
    assert len(execution.attempts) == 1
    assert await bench.swaps_on_ledger(order) == []


class Behind:
    """A node that has not heard of anything since it was made, for the first `polls` answers."""

    def __init__(self, chain: RpcChain, polls: int) -> None:
        self._chain = chain
        self._left = polls
        self._stuck_at: Slot | None = None

    async def testify(self, signature: Signature) -> Evidence:
        evidence = await self._chain.testify(signature)
        self._stuck_at = self._stuck_at or evidence.answer.context_slot
        if self._left == 0:
            return evidence
        self._left -= 1
        return Evidence(await self._chain.finalized(), StatusAnswer(self._stuck_at, None))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


class Forgetful:
    """A node that is made anew, from a snapshot, when the transaction has landed; much later an
    archive stands in for it.
    """

    def __init__(self, chain: RpcChain, polls: int) -> None:
        self._chain = chain
        self._left = polls
        self._first_slot = Slot(0)

    async def testify(self, signature: Signature) -> Evidence:
        truth = await self._chain.testify(signature)
        if truth.answer.status is None:
            return truth
        self._left -= 1
        if self._left <= 0:
            self._first_slot = Slot(0)
            return truth
        self._first_slot = self._first_slot or Slot(truth.answer.status.slot + 1)
        return Evidence(
            await self._chain.finalized(), StatusAnswer(truth.answer.context_slot, None)
        )

    async def first_slot(self) -> Slot:
        return self._first_slot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


class Returning:
    """A node whose history comes back in the moment in which it is asked how far that reaches."""

    def __init__(self, chain: RpcChain) -> None:
        self._chain = chain
        self._forgets = True

    async def testify(self, signature: Signature) -> Evidence:
        truth = await self._chain.testify(signature)
        if not self._forgets or truth.answer.status is None:
            return truth
        return Evidence(
            await self._chain.finalized(), StatusAnswer(truth.answer.context_slot, None)
        )

    async def first_slot(self) -> Slot:
        self._forgets = False
        return Slot(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


class Late:
    """A sender whose bytes arrive only when they have been sent often enough."""

    def __init__(self, world: World, sends: int) -> None:
        self._sender = world.sender
        self._sends = sends
        self._seen: dict[Signature, int] = {}

    async def send(self, transaction: SignedTransaction) -> None:
        count = self._seen.get(transaction.signature, 0) + 1
        self._seen[transaction.signature] = count
        if count >= self._sends:
            await self._sender.send(transaction)


async def patient_order(bench: Bench) -> Order:
    patient = replace(bench.world.limits.retry, order_timeout_ms=3_600_000)
    bench.world = replace(bench.world, limits=replace(bench.world.limits, retry=patient))
    return await bench.submit()


async def fill_behind_a_stale_node(bench: Bench) -> tuple[Order, Execution]:
    order = await patient_order(bench)
    behind = Behind(bench.world.chain, polls=BLOCKHASH_BLOCKS + 50)
    bench.world = replace(bench.world, witnesses=(behind,))
    return order, await bench.finish(order)


async def fill_by_a_node_that_forgets(bench: Bench) -> tuple[Order, Execution]:
    order = await patient_order(bench)
    forgetful = Forgetful(bench.world.chain, polls=BLOCKHASH_BLOCKS + 50)
    bench.world = replace(bench.world, witnesses=(forgetful,))
    return order, await bench.finish(order)


async def fill_with_late_arrival(bench: Bench) -> tuple[Order, Execution]:
    order = await patient_order(bench)
    late = Late(bench.world, sends=20)
    bench.world = replace(bench.world, sender=late)
    execution = await bench.finish(order)
    # What was given up is still out there: somebody's copy of the bytes arrives after all.
    for attempt in execution.attempts:
        for _ in range(20):
            await late.send(attempt.transaction)  # type: ignore[arg-type]
    return order, execution


async def test_a_node_that_is_behind_proves_nothing(bench: Bench) -> None:
    order, execution = await fill_behind_a_stale_node(bench)
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_a_node_that_has_forgotten_proves_nothing(bench: Bench) -> None:
    order, execution = await fill_by_a_node_that_forgets(bench)
    assert execution.status is Status.CONFIRMED
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_a_history_that_comes_back_lends_nothing_to_an_earlier_answer(bench: Bench) -> None:
    order = await patient_order(bench)
    bench.world = replace(bench.world, witnesses=(Returning(bench.world.chain),))
    execution = await bench.finish(order)
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_control_a_history_of_any_length_spends_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "reaches_back", lambda *_: True)
    order, _ = await fill_by_a_node_that_forgets(bench)
    assert len(await bench.swaps_on_ledger(order)) > 1


async def test_what_arrives_late_is_waited_for(bench: Bench) -> None:
    order, execution = await fill_with_late_arrival(bench)
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


def without_the_answers_slot(
    transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer
) -> bool:
    """Broken: believes any node that does not know the signature."""
    return finalized.block_height > transaction.last_valid_block_height and answer.status is None


def without_the_height(
    transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer
) -> bool:
    """Broken: gives up on an unknown signature after five slots, though its blockhash lives on."""
    return answer.status is None and answer.context_slot > transaction.min_context_slot + 5


async def test_control_an_expiry_without_the_answers_slot_spends_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "is_expired", without_the_answers_slot)
    order, _ = await fill_behind_a_stale_node(bench)
    assert len(await bench.swaps_on_ledger(order)) > 1


async def test_control_an_expiry_without_the_height_spends_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdict, "is_expired", without_the_height)
    order, _ = await fill_with_late_arrival(bench)
    assert len(await bench.swaps_on_ledger(order)) > 1


class Hasty:
    """A node that says of every blockhash that it is dead already."""

    def __init__(self, chain: ChainClient) -> None:
        self._chain = chain

    async def latest_blockhash(self) -> LatestBlockhash:
        return replace(await self._chain.latest_blockhash(), last_valid_block_height=BlockHeight(0))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chain, name)


async def test_a_height_claimed_too_low_by_who_gave_the_blockhash_ends_nothing(
    bench: Bench,
) -> None:
    bench.world = replace(bench.world, chain=Hasty(bench.world.chain))
    order, execution = await fill_with_late_arrival(bench)
    assert len(execution.attempts) == 1
    assert len(await bench.swaps_on_ledger(order)) == 1


async def test_control_an_expiry_that_believes_such_a_height_spends_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BLOCKHASH_BLOCKS", -(10**9))
    bench.world = replace(bench.world, chain=Hasty(bench.world.chain))
    order, _ = await fill_with_late_arrival(bench)
    assert len(await bench.swaps_on_ledger(order)) > 1


# ── Final ────────────────────────────────────────────────────────────────────────────────────────


class Elsewhere:
    """A provider by which what is final is so in a later slot than it was confirmed in."""

    name = "elsewhere"

    def __init__(self, honest: Witness, slots: int) -> None:
        self._honest = honest
        self._slots = slots

    async def testify(self, signature: Signature) -> Evidence:
        truth = await self._honest.testify(signature)
        status = truth.answer.status
        if status is None:
            return truth
        moved = replace(status, slot=Slot(status.slot + self._slots))
        return replace(truth, answer=replace(truth.answer, status=moved))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)


async def until_final(bench: Bench, order: Order) -> Execution:
    for _ in range(3):
        await bench.world.clock.sleep_ms(bench.world.limits.finality_poll_ms)
        if (await bench.execution(order)).finalized_slot is None:
            await carry(bench.world, bench.queue, await bench.claim(order))
    return await bench.execution(order)


async def test_a_fill_becomes_final_in_its_own_slot(bench: Bench) -> None:
    order = await bench.submit()
    execution = await bench.finish(order)
    assert execution.fill is not None
    assert (await until_final(bench, order)).finalized_slot == execution.fill.slot


async def test_a_fill_that_landed_again_elsewhere_is_not_called_final(bench: Bench) -> None:
    order = await bench.submit()
    await bench.finish(order)
    elsewhere = Elsewhere(bench.world.witnesses[0], slots=2)
    bench.world = replace(bench.world, witnesses=(elsewhere,))
    with pytest.raises(InvariantViolation, match="the fill on record is of slot"):
        await until_final(bench, order)
    execution = await bench.execution(order)
    assert execution.status is Status.CONFIRMED
    assert execution.finalized_slot is None


# ── The ledger refuses ───────────────────────────────────────────────────────────────────────────


class OnlyIn:
    """A market of nothing but the pools that a transaction names."""

    def __init__(self, world: World, transaction: SignedTransaction) -> None:
        self._pools = world.pools
        message = VersionedTransaction.from_bytes(transaction.raw).message
        self._named = set(message.account_keys)

    async def trading(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._only(await self._pools.trading(mint, other))

    async def around(self, mint: Pubkey, other: Pubkey) -> PoolsAt:
        return self._only(await self._pools.around(mint, other))

    def _only(self, at: PoolsAt) -> PoolsAt:
        return replace(at, pools=tuple(p for p in at.pools if p.pool.address in self._named))

    def __getattr__(self, name: str) -> object:
        return getattr(self._pools, name)


class FrontRun:
    """Ahead of every new transaction of ours, somebody else pushes the same pool."""

    def __init__(self, bench: Bench, whale: World) -> None:
        self._bench = bench
        self._whale = whale
        self._sender = bench.world.sender
        self._seen: set[Signature] = set()

    async def send(self, transaction: SignedTransaction) -> None:
        if transaction.signature not in self._seen:
            self._seen.add(transaction.signature)
            same_pool = replace(self._whale, pools=OnlyIn(self._whale, transaction))
            theirs = replace(self._bench, world=same_pool)
            push = await theirs.submit(amount=Decimal(500), slippage_bps=2_000)
            assert (await theirs.finish(push)).status is Status.CONFIRMED
        await self._sender.send(transaction)


async def lamports(bench: Bench, address: Pubkey) -> int:
    account = (await bench.world.chain.accounts([address])).accounts[address]
    assert account is not None
    return account.lamports


async def test_a_pool_moved_against_the_order_reverts_it_and_it_is_quoted_anew(
    bench: Bench,
) -> None:
    before = await lamports(bench, bench.world.signer.address)
    order = await bench.submit(slippage_bps=10)
    bench.world = replace(bench.world, sender=FrontRun(bench, bench.whale))
    execution = await bench.finish(order)

    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.SLIPPAGE_EXCEEDED
    assert len(execution.attempts) == 3
    quoted = [attempt.route.out_amount for attempt in execution.attempts if attempt.route]
    assert len(quoted) == 3
    assert quoted == sorted(quoted, reverse=True)
    for attempt in execution.attempts:
        assert attempt.failure is not None
        assert attempt.failure.reason is FailureReason.SLIPPAGE_EXCEEDED
        assert attempt.cost.fee_lamports > 0
    assert await bench.swaps_on_ledger(order) == []
    spent = before - await lamports(bench, bench.world.signer.address)
    assert spent == sum(attempt.cost.fee_lamports for attempt in execution.attempts)


async def test_an_order_beyond_the_wallets_means_fails_at_once_and_costs_nothing(
    bench: Bench,
) -> None:
    before = await lamports(bench, bench.world.signer.address)
    order = await bench.submit(amount=Decimal(150_000), slippage_bps=5_000)
    execution = await bench.finish(order)
    assert execution.status is Status.FAILED
    assert execution.failure is not None
    assert execution.failure.reason is FailureReason.INSUFFICIENT_FUNDS
    assert len(execution.attempts) == 1
    assert execution.attempt.transaction is None
    assert await lamports(bench, bench.world.signer.address) == before
