"""Mutants that sign or send what they must not."""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from solders.hash import Hash
from solders.message import MessageV0, to_bytes_versioned
from solders.transaction import VersionedTransaction

from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.events import (
    TransactionSigned,
)
from landfall.core.execution import Execution, SignedTransaction, Status
from landfall.pipeline.building import building
from landfall.pipeline.journal import Journal
from landfall.pipeline.step import Record, Wait
from landfall.pipeline.submitted import submitted
from landfall.ports import Next, World
from tests.simulation.mutants.tools import (
    Break,
    given_up,
    in_flight,
    replace_method,
    replace_step,
)


@dataclass
class Resigning:
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


def resigned_on_time_out(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            async with asyncio.timeout(4):
                return await submitted(world, execution)
        except TimeoutError:
            await Resigning(world).send(in_flight(execution))
            return await submitted(world, execution)

    replace_step(stack, Status.SUBMITTED, step)


def sent_before_recorded(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        record = await building(world, execution)
        for event in record.events:
            if isinstance(event, TransactionSigned):
                await world.sender.send(event.transaction)
        return record

    replace_step(stack, Status.BUILDING, step)


def recorded_with_what_became_of_it(stack: ExitStack) -> None:
    def make(write: Any) -> Any:
        async def late(journal: Journal, then: Next) -> None:
            if journal.execution.status is not Status.SUBMITTED:
                await write(journal, then)

        return late

    replace_method(stack, Journal, "_write", make)


def resigned_at_each_rebroadcast(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        return await submitted(replace(world, sender=Resigning(world)), execution)

    replace_step(stack, Status.SUBMITTED, step)


def send_error_ends_the_attempt(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            await world.sender.send(in_flight(execution))
        except (Unavailable, OutcomeUnknown):
            return given_up(world, execution)
        return await submitted(world, execution)

    replace_step(stack, Status.SUBMITTED, step)


def time_out_abandons(stack: ExitStack) -> None:
    async def step(world: World, execution: Execution) -> Record | Wait:
        try:
            async with asyncio.timeout(10):
                return await submitted(world, execution)
        except TimeoutError:
            return given_up(world, execution)

    replace_step(stack, Status.SUBMITTED, step)


SENDING: Mapping[str, Break] = {
    "re-sign on time-out: the whole job again, as most bots do": resigned_on_time_out,
    "persist after send": sent_before_recorded,
    "a signature is recorded with what became of it": recorded_with_what_became_of_it,
    "rebroadcast signs again with a new blockhash": resigned_at_each_rebroadcast,
    "send error means failed": send_error_ends_the_attempt,
    "the order's time-out abandons what is in flight": time_out_abandons,
}
