"""The engine broken on purpose, one rule at a time: what the judge must notice.

Each mutant replaces a function or a statement in a running history. A mutant whose target has gone
fails to apply, and says so. Those named after statements break the tables as the SQL might be
broken; that SQL and tables do the same is `test_tables`' business.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from solders.hash import Hash
from solders.message import MessageV0, to_bytes_versioned
from solders.transaction import VersionedTransaction

from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.rpc import RpcChain
from landfall.core.errors import OutcomeUnknown, Unavailable, VersionConflict
from landfall.core.events import (
    Event,
    RouteSelected,
    TransactionConfirmed,
    TransactionExpired,
    TransactionReverted,
    TransactionSigned,
)
from landfall.core.execution import Execution, Fill, SignedTransaction, Status
from landfall.core.ledger import expiry
from landfall.core.ledger.answers import Finalized, StatusAnswer
from landfall.core.lifecycle.evolve import expired_failure
from landfall.core.lifecycle.retry import after_failure
from landfall.core.values import BaseUnits, BlockHeight, Commitment, Slot
from landfall.pipeline.building import building
from landfall.pipeline.run import STEPS
from landfall.pipeline.step import Record, Step, Wait
from landfall.pipeline.submitted import submitted
from landfall.ports import World
from landfall.queue.worker import Worker
from landfall.store import event_log, session
from landfall.store.event_log import PostgresEventLog
from tests.simulation import history
from tests.simulation.engine import draw_limits
from tests.simulation.tables import Tables

Break = Callable[[ExitStack], None]
_FAR = 10**12


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule."""

    name: str
    breaks: Break

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The engine as this mutant, until the context ends."""
        with ExitStack() as stack:
            self.breaks(stack)
            yield


MUTANTS: dict[str, Mutant] = {}


def mutant(name: str) -> Callable[[Break], Break]:
    """Enter the function that breaks the rule under this name."""

    def enter(breaks: Break) -> Break:
        MUTANTS[name] = Mutant(name, breaks)
        return breaks

    return enter


def _everywhere(stack: ExitStack, original: object, broken: object) -> None:
    """Put `broken` wherever a module of the engine knows `original`."""
    found = [
        (module, name)
        for key, module in list(sys.modules.items())
        if key.startswith("landfall.")
        for name, value in vars(module).items()
        if value is original
    ]
    assert found, f"nobody knows {original} any more"
    for module, name in found:
        stack.enter_context(patch.object(module, name, broken))


def _method(stack: ExitStack, owner: type, name: str, make: Callable[[Any], Any]) -> None:
    """Replace a method by what `make` makes of it."""
    stack.enter_context(patch.object(owner, name, make(getattr(owner, name))))


def _step(stack: ExitStack, status: Status, step: Step) -> None:
    stack.enter_context(patch.dict(STEPS, {status: step}))  # type: ignore[arg-type]


def _in_flight(execution: Execution) -> SignedTransaction:
    assert execution.attempt.transaction is not None
    return execution.attempt.transaction


def _given_up(world: World, execution: Execution) -> Record:
    """The attempt declared dead on no evidence."""
    last = _in_flight(execution).last_valid_block_height
    expired = TransactionExpired(
        attempt=execution.attempt.number,
        finalized_slot=Slot(_FAR),
        finalized_height=BlockHeight(last + 1),
        context_slot=Slot(_FAR),
    )
    follows = after_failure(
        execution, expired_failure(expired), world.clock.now_ms(), world.limits.retry
    )
    return Record((expired, follows))


# ── Signing and sending ──────────────────────────────────────────────────────────────────────────


@dataclass
class _Resigning:
    """A sender that signs anew, under a fresh blockhash, whatever it is given."""

    world: World

    async def send(self, transaction: SignedTransaction) -> None:
        message = VersionedTransaction.from_bytes(transaction.raw).message
        assert isinstance(message, MessageV0)
        latest = await self.world.chain.latest_blockhash()
        fresh = MessageV0(
            message.header,
            message.account_keys,
            Hash.from_string(latest.blockhash),
            message.instructions,
            message.address_table_lookups,
        )
        signature = self.world.signer.sign(bytes(to_bytes_versioned(fresh)))
        raw = bytes(VersionedTransaction.populate(fresh, [signature]))
        await self.world.sender.send(replace(transaction, raw=raw, signature=signature))


@mutant("re-sign on time-out: the whole job again, as most bots do")
def _(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            async with asyncio.timeout(4):
                return await submitted(world, execution)
        except TimeoutError:
            await _Resigning(world).send(_in_flight(execution))
            return await submitted(world, execution)

    _step(stack, Status.SUBMITTED, step)


@mutant("persist after send")
def _(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        record = await building(world, execution)
        for event in record.events:
            if isinstance(event, TransactionSigned):
                await world.sender.send(event.transaction)
        return record

    _step(stack, Status.BUILDING, step)


@mutant("rebroadcast signs again with a new blockhash")
def _(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        return await submitted(replace(world, sender=_Resigning(world)), execution)

    _step(stack, Status.SUBMITTED, step)


@mutant("send error means failed")
def _(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            await world.sender.send(_in_flight(execution))
        except (Unavailable, OutcomeUnknown):
            return _given_up(world, execution)
        return await submitted(world, execution)

    _step(stack, Status.SUBMITTED, step)


@mutant("the order's time-out abandons what is in flight")
def _(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            async with asyncio.timeout(10):
                return await submitted(world, execution)
        except TimeoutError:
            return _given_up(world, execution)

    _step(stack, Status.SUBMITTED, step)


# ── Reading the ledger ───────────────────────────────────────────────────────────────────────────


@mutant("expiry by 30 s of wall clock")
def _(stack: ExitStack) -> None:
    seen: dict[object, float] = {}

    def expired(transaction: SignedTransaction, _: Finalized, answer: StatusAnswer) -> bool:
        now_s = asyncio.get_running_loop().time()
        first_s = seen.setdefault((id(asyncio.get_running_loop()), transaction.signature), now_s)
        return answer.status is None and now_s - first_s > 30

    _everywhere(stack, expiry.is_expired, expired)


@mutant("expiry without the answer's own slot")
def _(stack: ExitStack) -> None:
    original = expiry.is_expired

    def expired(transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer) -> bool:
        return original(transaction, finalized, replace(answer, context_slot=Slot(_FAR)))

    _everywhere(stack, original, expired)


def _finality_at(commitment: str) -> Break:
    def breaks(stack: ExitStack) -> None:
        def make(call: Any) -> Any:
            async def lenient(node: JsonRpc, method: str, params: list[Any], shape: Any) -> Any:
                if method == "getEpochInfo":
                    params = [{**params[0], "commitment": commitment}]
                return await call(node, method, params, shape)

            return lenient

        _method(stack, JsonRpc, "call", make)

    return breaks


mutant("expiry at the confirmed height")(_finality_at("confirmed"))
mutant("expiry at the processed height")(_finality_at("processed"))


@mutant("null status means failed")
def _(stack: ExitStack) -> None:
    def expired(_: SignedTransaction, __: Finalized, answer: StatusAnswer) -> bool:
        return answer.status is None

    _everywhere(stack, expiry.is_expired, expired)


@mutant("silence is taken for absence")
def _(stack: ExitStack) -> None:
    def make(status: Any) -> Any:
        async def credulous(chain: RpcChain, signature: Any) -> StatusAnswer:
            try:
                answer: StatusAnswer = await status(chain, signature)
            except Unavailable:
                return StatusAnswer(Slot(_FAR), None)
            return answer

        return credulous

    _method(stack, RpcChain, "status", make)


@mutant("processed is taken for success")
def _(stack: ExitStack) -> None:
    def make_status(status: Any) -> Any:
        async def hasty(chain: RpcChain, signature: Any) -> StatusAnswer:
            answer: StatusAnswer = await status(chain, signature)
            if answer.status is None or answer.status.commitment is not Commitment.PROCESSED:
                return answer
            return replace(answer, status=replace(answer.status, commitment=Commitment.CONFIRMED))

        return hasty

    def make_call(call: Any) -> Any:
        async def hasty(node: JsonRpc, method: str, params: list[Any], shape: Any) -> Any:
            if method == "getTransaction":
                params = [params[0], {**params[1], "commitment": "processed"}]
            return await call(node, method, params, shape)

        return hasty

    _method(stack, RpcChain, "status", make_status)
    _method(stack, JsonRpc, "call", make_call)


@mutant("only recent statuses are searched")
def _(stack: ExitStack) -> None:
    def make(call: Any) -> Any:
        async def forgetful(node: JsonRpc, method: str, params: list[Any], shape: Any) -> Any:
            if method == "getSignatureStatuses":
                params = [params[0], {}]
            return await call(node, method, params, shape)

        return forgetful

    _method(stack, JsonRpc, "call", make)


@mutant("a reply's id is not looked at")
def _(stack: ExitStack) -> None:
    def make(result: Any) -> Any:
        def trusting(node: JsonRpc, method: str, request_id: int, reply: Any) -> Any:
            return result(node, method, reply.id or request_id, reply)

        return trusting

    _method(stack, JsonRpc, "_result", make)


def _told_otherwise(tell: Callable[[Execution, Event], Event]) -> Break:
    """Facts of SUBMITTED are told by `tell`, and what would follow a failure is not."""

    def breaks(stack: ExitStack) -> None:
        async def step(world: World, execution: Execution) -> Record | Wait:
            events = (await submitted(world, execution)).events
            told = tell(execution, events[0])
            return Record(events if told is events[0] else (told,))

        _step(stack, Status.SUBMITTED, step)

    return breaks


def _promised(execution: Execution, slot: Slot) -> Fill:
    route = execution.attempt.route
    assert route is not None
    return Fill(
        slot=slot, in_amount=route.in_amount, out_amount=route.out_amount, fee_lamports=5_000
    )  # type: ignore[arg-type]


def _fill_from_the_quote(execution: Execution, event: Event) -> Event:
    if not isinstance(event, TransactionConfirmed):
        return event
    return replace(event, fill=_promised(execution, event.fill.slot))


def _failure_as_success(execution: Execution, event: Event) -> Event:
    if not isinstance(event, TransactionReverted):
        return event
    return TransactionConfirmed(attempt=event.attempt, fill=_promised(execution, event.slot))


mutant("the fill is what the quote promised")(_told_otherwise(_fill_from_the_quote))
mutant("landed is taken for succeeded")(_told_otherwise(_failure_as_success))


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────────


@mutant("a retry widens the client's slippage")
def _(stack: ExitStack) -> None:
    original = STEPS[Status.ROUTING]

    async def step(world: World, execution: Execution) -> Record | Wait:
        outcome = await original(world, execution)
        if not isinstance(outcome, Record) or execution.attempt.number == 1:
            return outcome
        return Record(tuple(_widened(event) for event in outcome.events))

    _step(stack, Status.ROUTING, step)


def _widened(event: Event) -> Event:
    if not isinstance(event, RouteSelected):
        return event
    wider = tuple(
        replace(leg, threshold=BaseUnits(leg.threshold * (9 if _is_exact_in(leg) else 11) // 10))
        for leg in event.route.legs
    )
    return replace(event, route=replace(event.route, legs=wider))


def _is_exact_in(leg: Any) -> bool:
    return leg.quote.request.mode.value == "ExactIn"


def _limits(**changes: Any) -> Break:
    def breaks(stack: ExitStack) -> None:
        stack.enter_context(
            patch.object(history, "draw_limits", lambda c: replace(draw_limits(c), **changes))
        )

    return breaks


mutant("old quotes are signed")(_limits(quote_age_slots_max=_FAR))


@mutant("attempts are not counted")
def _(stack: ExitStack) -> None:
    def uncounting(chance: Any) -> Any:
        limits = draw_limits(chance)
        return replace(limits, retry=replace(limits.retry, attempts_max=99))

    stack.enter_context(patch.object(history, "draw_limits", uncounting))


# ── The log ──────────────────────────────────────────────────────────────────────────────────────


@mutant("append looks at no fence")
def _(stack: ExitStack) -> None:
    def may_append(tables: Tables, order_id: Any, _: int, last_version: int) -> bool:
        shown = tables.executions.get(order_id)
        known = order_id in tables.jobs
        return known and shown is not None and shown["version"] == last_version

    stack.enter_context(patch.object(Tables, "_may_append", may_append))


@mutant("append looks at no version")
def _(stack: ExitStack) -> None:
    def may_append(tables: Tables, order_id: Any, _: int, __: int) -> bool:
        return order_id in tables.jobs

    stack.enter_context(patch.object(Tables, "_may_append", may_append))
    stack.enter_context(patch.object(Tables, "_check", lambda *_: None))


@mutant("state and event in two commits")
def _(stack: ExitStack) -> None:
    def make(record: Any) -> Any:
        def in_two(tables: Tables, place: int, append: Any, row: Any, facts: Any) -> Any:
            shown = tables.executions[append[0]]
            before = dict(shown)
            recorded = record(tables, place, append, row, facts)
            # Died between the two, once in a while.
            if len(tables.commits) % 11 == 10:
                shown.update(before)
            return recorded

        return in_two

    _method(stack, Tables, "_record", make)


@mutant("a lost race is taken for won")
def _(stack: ExitStack) -> None:
    def make(append: Any) -> Any:
        async def stubborn(log: Any, claim: Any, execution: Any, events: Any, then: Any) -> Any:
            try:
                return await append(log, claim, execution, events, then)
            except VersionConflict:
                return _as_if_recorded(execution, events)

        return stubborn

    _method(stack, PostgresEventLog, "append", make)


def _as_if_recorded(execution: Execution, events: Sequence[Event]) -> Execution:
    from landfall.store.event_log import _evolved, _recorded

    order_id = execution.order.order_id
    return _evolved(
        execution, _recorded(order_id, execution.version, events, execution.updated_at_ms)
    )


@mutant("a commit of unknown outcome is taken for done")
def _(stack: ExitStack) -> None:

    def settled(append: Any, *_: object) -> int:
        return int(append.before.updated_at_ms)

    _everywhere(stack, event_log._settled, settled)


@mutant("an accept of unknown outcome is taken for not done")
def _(stack: ExitStack) -> None:
    async def settle(log: Any, batch: Sequence[Any], _: object) -> list[Exception]:
        return [Unavailable("no answer") for _ in batch]

    stack.enter_context(patch.object(PostgresEventLog, "_settle_acceptances", settle))


@mutant("a lost session is not ended before its outcome is read")
def _(stack: ExitStack) -> None:
    async def end(*_: object) -> None:
        return None

    _everywhere(stack, session.end, end)


@mutant("a client's own order id is ignored")
def _(stack: ExitStack) -> None:
    def is_new(tables: Tables, order_id: Any, *_: object) -> bool:
        return order_id not in tables.orders

    stack.enter_context(patch.object(Tables, "_is_new", is_new))


# ── The queue ────────────────────────────────────────────────────────────────────────────────────


@mutant("leases never end")
def _(stack: ExitStack) -> None:
    def make(claim: Any) -> Any:
        def forgiving(tables: Tables, *arguments: Any) -> Any:
            held = {k: j for k, j in tables.jobs.items() if j.lease_until is not None}
            for order_id in held:
                del tables.jobs[order_id]
            try:
                return claim(tables, *arguments)
            finally:
                tables.jobs.update(held)

        return forgiving

    _method(stack, Tables, "_claim", make)


@mutant("leases are not renewed")
def _(stack: ExitStack) -> None:
    async def never(_: Worker) -> None:
        await asyncio.get_running_loop().create_future()

    stack.enter_context(patch.object(Worker, "_renew_for_ever", never))
