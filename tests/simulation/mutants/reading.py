"""Mutants that take something for a fact of the ledger that is none."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from landfall.chain.jsonrpc import JsonRpc
from landfall.chain.rpc import RpcChain
from landfall.core.errors import Unavailable
from landfall.core.events import (
    Event,
    TransactionConfirmed,
    TransactionReverted,
)
from landfall.core.execution import Execution, Fill, SignedTransaction, Status
from landfall.core.ledger import expiry
from landfall.core.ledger.answers import Evidence, Finalized, StatusAnswer
from landfall.core.values import Commitment, Slot
from landfall.pipeline.step import Record, Wait
from landfall.pipeline.submitted import submitted
from landfall.ports import World
from tests.simulation.mutants.tools import (
    FAR,
    Break,
    everywhere,
    replace_method,
    replace_step,
)


def expiry_by_wall_clock(stack: ExitStack) -> None:
    seen: dict[object, float] = {}

    def expired(transaction: SignedTransaction, _: Finalized, answer: StatusAnswer) -> bool:
        now_s = asyncio.get_running_loop().time()
        first_s = seen.setdefault((id(asyncio.get_running_loop()), transaction.signature), now_s)
        return answer.status is None and now_s - first_s > 30

    everywhere(stack, expiry.is_expired, expired)


def expiry_without_context_slot(stack: ExitStack) -> None:
    """Finality is asked each time, of whichever node, as whoever forgets the slot would do."""
    original = expiry.is_expired

    def expired(transaction: SignedTransaction, finalized: Finalized, answer: StatusAnswer) -> bool:
        return original(transaction, finalized, replace(answer, context_slot=Slot(FAR)))

    def make(_: Any) -> Any:
        async def testify(chain: RpcChain, signature: Any) -> Evidence:
            return Evidence(await chain.finalized(), await chain.status(signature))

        return testify

    everywhere(stack, original, expired)
    replace_method(stack, RpcChain, "testify", make)


def short_history_is_whole(stack: ExitStack) -> None:
    everywhere(stack, expiry.reaches_back, lambda *_: True)


def lifetime_believed(stack: ExitStack) -> None:
    everywhere(stack, expiry.lives_too_long, lambda *_: False)


def old_blockhash_believed(stack: ExitStack) -> None:
    everywhere(stack, expiry.dies_too_soon, lambda *_: False)


def finality_at(commitment: str) -> Break:
    def breaks(stack: ExitStack) -> None:
        def make(call: Any) -> Any:
            async def lenient(node: JsonRpc, method: str, params: list[Any], shape: Any) -> Any:
                if method == "getEpochInfo":
                    params = [{**params[0], "commitment": commitment}]
                return await call(node, method, params, shape)

            return lenient

        replace_method(stack, JsonRpc, "call", make)

    return breaks


def null_is_failed(stack: ExitStack) -> None:
    def expired(_: SignedTransaction, __: Finalized, answer: StatusAnswer) -> bool:
        return answer.status is None

    everywhere(stack, expiry.is_expired, expired)


def silence_is_absence(stack: ExitStack) -> None:
    def make(status: Any) -> Any:
        async def credulous(chain: RpcChain, signature: Any) -> StatusAnswer:
            try:
                answer: StatusAnswer = await status(chain, signature)
            except Unavailable:
                return StatusAnswer(Slot(FAR), None)
            return answer

        return credulous

    replace_method(stack, RpcChain, "status", make)


def processed_is_success(stack: ExitStack) -> None:
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

    replace_method(stack, RpcChain, "status", make_status)
    replace_method(stack, JsonRpc, "call", make_call)


def recent_statuses_only(stack: ExitStack) -> None:
    def make(call: Any) -> Any:
        async def forgetful(node: JsonRpc, method: str, params: list[Any], shape: Any) -> Any:
            if method == "getSignatureStatuses":
                params = [params[0], {}]
            return await call(node, method, params, shape)

        return forgetful

    replace_method(stack, JsonRpc, "call", make)


def any_reply_is_ours(stack: ExitStack) -> None:
    def make(result: Any) -> Any:
        def trusting(node: JsonRpc, method: str, request_id: int, reply: Any) -> Any:
            return result(node, method, reply.id or request_id, reply)

        return trusting

    replace_method(stack, JsonRpc, "_result", make)


def told_otherwise(tell: Callable[[Execution, Event], Event]) -> Break:
    """Facts of SUBMITTED are told by `tell`, and what would follow a failure is not."""

    def breaks(stack: ExitStack) -> None:
        async def step(world: World, execution: Execution) -> Record | Wait:
            events = (await submitted(world, execution)).events
            told = tell(execution, events[0])
            return Record(events if told is events[0] else (told,))

        replace_step(stack, Status.SUBMITTED, step)

    return breaks


def _promised(execution: Execution, slot: Slot) -> Fill:
    route = execution.attempt.route
    assert route is not None
    return Fill(
        slot=slot, in_amount=route.in_amount, out_amount=route.out_amount, fee_lamports=5_000
    )  # type: ignore[arg-type]


def fill_from_the_quote(execution: Execution, event: Event) -> Event:
    if not isinstance(event, TransactionConfirmed):
        return event
    return replace(event, fill=_promised(execution, event.fill.slot))


def failure_as_success(execution: Execution, event: Event) -> Event:
    if not isinstance(event, TransactionReverted):
        return event
    return TransactionConfirmed(attempt=event.attempt, fill=_promised(execution, event.slot))


READING: Mapping[str, Break] = {
    "expiry by 30 s of wall clock": expiry_by_wall_clock,
    "expiry without the answer's own slot": expiry_without_context_slot,
    "absence from a short history counts": short_history_is_whole,
    "any lifetime of a blockhash is believed": lifetime_believed,
    "a blockhash from before what is final is believed": old_blockhash_believed,
    "expiry at the confirmed height": finality_at("confirmed"),
    "expiry at the processed height": finality_at("processed"),
    "null status means failed": null_is_failed,
    "silence is taken for absence": silence_is_absence,
    "processed is taken for success": processed_is_success,
    "only recent statuses are searched": recent_statuses_only,
    "a reply's id is not looked at": any_reply_is_ours,
    "the fill is what the quote promised": told_otherwise(fill_from_the_quote),
    "landed is taken for succeeded": told_otherwise(failure_as_success),
}
