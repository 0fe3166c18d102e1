"""One node over JSON-RPC: what the pipeline asks a cluster, with every reply checked before it is
believed.

Reads ask nothing of the world, so an unknown outcome of a read is just Unavailable. Commitment is
`confirmed` except where a method says otherwise. Source: the Solana JSON-RPC reference
(solana.com/docs/rpc), as served by Agave 2 and 3.
"""

import asyncio
import base64
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from solders.transaction import VersionedTransaction

from landfall.batching import Batching
from landfall.chain.balances import read_balances
from landfall.chain.floor import Behind, Floor
from landfall.chain.jsonrpc import JsonRpc, RpcRefused
from landfall.chain.replies import (
    Accounts,
    EpochInfo,
    Landed,
    Latest,
    Paid,
    SimulationAt,
    Statuses,
    read_error,
    read_hash,
    read_landed,
    read_status,
)
from landfall.chain.searching import search
from landfall.chain.wire import Count, read_account
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import (
    AccountsAt,
    Evidence,
    Finalized,
    LandedTransaction,
    LatestBlockhash,
    Simulation,
    StatusAnswer,
)
from landfall.core.values import (
    BlockHeight,
    Commitment,
    ProgramAccountsFilter,
    Pubkey,
    Signature,
    Slot,
)

ACCOUNTS_PER_CALL = 100
FEE_ACCOUNTS_PER_CALL = 128
_STATUSES_PER_CALL = 256
_FINALITY_EVERY_SLOTS = 2
_APART_MAX_SLOTS = 150
"""Two nodes of one provider are never so far apart: the one ahead had made its slot up."""
_SHARERS_MAX = 1_000
_CONFIRMED: dict[str, Any] = {"commitment": "confirmed"}
_BEHIND = -32016
NOT_TAKEN = frozenset({-32700, -32600, -32601, -32602, -32003, -32005, -32016, 429, -32429})
"""Errors that tell that a transaction was not passed on: the request or its signature is wrong, the
node is behind, or it limits us. A failed preflight (-32002) is none: we asked for no preflight, and
it may say that the transaction had been processed."""

T = TypeVar("T")
AnswerT = TypeVar("AnswerT", bound=Accounts | Latest | SimulationAt)


class RpcChain:
    """One node, as the pipeline sees a cluster: ChainClient, Witness and Sender in one.

    Args:
        node: whom to ask.
        floor: how far answers have got; without it, each is taken as it comes.
    """

    def __init__(self, node: JsonRpc, floor: Floor | None = None) -> None:
        self._node = node
        self._floor = floor
        self._finalized: Finalized | None = None
        self._finality_due = Slot(0)
        self._learning: asyncio.Future[None] | None = None
        self._statuses: Batching[Signature, StatusAnswer] = Batching(
            self._ask_statuses, batch_max=_STATUSES_PER_CALL, lanes=1
        )
        self._blockhashes: Batching[None, LatestBlockhash] = Batching(
            self._ask_blockhash, batch_max=_SHARERS_MAX, lanes=1
        )

    async def genesis_hash(self) -> str:
        """The hash that names the cluster."""
        return read_hash(await _read(self._node.call("getGenesisHash", [], str)))

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        """Accounts of one slot, so no more of them than one call takes."""
        if len(addresses) > ACCOUNTS_PER_CALL:
            raise Unavailable(f"{len(addresses)} accounts asked at once")
        config = {"encoding": "base64", **self._confirmed()}
        keys = [str(address) for address in addresses]
        reply = await self._fresh(self._node.call("getMultipleAccounts", [keys, config], Accounts))
        if len(reply.value) != len(addresses):
            raise Unavailable("getMultipleAccounts: the node left accounts out")
        found = [None if value is None else read_account(value) for value in reply.value]
        return AccountsAt(Slot(reply.context.slot), dict(zip(addresses, found, strict=True)))

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        """Addresses of a program's accounts that match; raises as `search` does."""
        return await search(self._node, wanted, self._confirmed())

    async def latest_blockhash(self) -> LatestBlockhash:
        """A blockhash to sign with. Who asks while the node answers shares the next answer."""
        return await self._blockhashes.submit(None)

    async def _ask_blockhash(self, sharers: Sequence[None]) -> Sequence[LatestBlockhash | Behind]:
        params = [self._confirmed()]
        call = self._node.call("getLatestBlockhash", params, Latest)
        try:
            reply = await self._fresh(call)
        except Behind as behind:
            return [Behind(str(behind)) for _ in sharers]
        latest = LatestBlockhash(
            blockhash=read_hash(reply.value.blockhash),
            last_valid_block_height=BlockHeight(reply.value.last_valid_block_height),
            context_slot=Slot(reply.context.slot),
        )
        return [latest] * len(sharers)

    async def simulate(self, raw: bytes) -> Simulation:
        """Run without recording; signatures are not checked, the blockhash is not either."""
        config = {
            "encoding": "base64",
            "sigVerify": False,
            "replaceRecentBlockhash": True,
            **self._confirmed(),
        }
        params = [base64.b64encode(raw).decode(), config]
        reply = await self._fresh(self._node.call("simulateTransaction", params, SimulationAt))
        keys = VersionedTransaction.from_bytes(raw).message.account_keys
        return Simulation(
            context_slot=Slot(reply.context.slot),
            error=read_error(reply.value.err),
            logs=tuple(reply.value.logs or ()),
            units_consumed=reply.value.units_consumed or 0,
            balances=None if reply.value.err is not None else read_balances(keys, reply.value),
        )

    async def slot(self) -> Slot:
        """The newest confirmed slot."""
        slot = Slot(await _read(self._node.call("getSlot", [_CONFIRMED], Count)))
        self._saw(slot)
        return slot

    def _confirmed(self) -> dict[str, Any]:
        """The commitment of reads, and how new the state must be that they are made on."""
        if self._floor is None or not self._floor.slot:
            return _CONFIRMED
        return {**_CONFIRMED, "minContextSlot": self._floor.slot}

    async def _fresh(self, call: Awaitable[AnswerT]) -> AnswerT:
        """An answer that is not from before an earlier one."""
        try:
            reply = await _read(call)
        except Behind:
            if self._floor is not None:
                self._floor.refused()
            raise
        slot = Slot(reply.context.slot)
        self._saw(slot)
        if self._floor is not None:
            self._floor.accept(slot)
        return reply

    def _saw(self, slot: Slot) -> None:
        if self._node.health is not None:
            self._node.health.saw(slot)

    @property
    def name(self) -> str:
        """What the node may be called where people read it."""
        return self._node.name

    async def finalized(self) -> Finalized:
        """Slot and height of the last final block, from one answer. It does not go back.

        What is final stays final: a node that is behind another of the same provider is not heard.
        But one answer from nowhere must not hold for ever: nothing would be proven to have expired.
        """
        config = {"commitment": Commitment.FINALIZED.wire}
        reply = await _read(self._node.call("getEpochInfo", [config], EpochInfo))
        told = Finalized(Slot(reply.absolute_slot), BlockHeight(reply.block_height))
        self._saw(told.slot)
        known = self._finalized
        if known is None or not 0 <= known.slot - told.slot <= _APART_MAX_SLOTS:
            self._finalized = told
            return told
        return known

    async def testify(self, signature: Signature) -> Evidence:
        """What this node says of a signature, and how far it had been final before it was asked.

        Finality is looked up beside an answer that does not know the signature, for the next such
        answer, and not again before the cluster has moved on. Nobody waits for it.
        """
        finalized = self._finalized
        answer = await self.status(signature)
        ahead = answer.context_slot - self._finality_due
        if answer.status is None and not -_APART_MAX_SLOTS <= ahead < 0:
            self._finality_due = Slot(answer.context_slot + _FINALITY_EVERY_SLOTS)
            if self._learning is None or self._learning.done():
                self._learning = asyncio.ensure_future(self._learn_finality())
        return Evidence(finalized, answer)

    @property
    def known_final(self) -> Finalized | None:
        """How far this node is known to be final, from an earlier answer."""
        return self._finalized

    async def _learn_finality(self) -> None:
        with suppress(Unavailable):
            await self.finalized()

    async def status(self, signature: Signature) -> StatusAnswer:
        """What the whole history says of a signature, and at which slot it says so.

        Signatures that are asked for while the node answers are asked together next.
        """
        return await self._statuses.submit(signature)

    async def _ask_statuses(self, signatures: Sequence[Signature]) -> Sequence[StatusAnswer]:
        params = [[str(each) for each in signatures], {"searchTransactionHistory": True}]
        reply = await _read(self._node.call("getSignatureStatuses", params, Statuses))
        if len(reply.value) != len(signatures):
            raise Unavailable("getSignatureStatuses: not one status for each signature")
        slot = Slot(reply.context.slot)
        return [StatusAnswer(slot, read_status(value)) for value in reply.value]

    async def first_slot(self) -> Slot:
        """From which slot on this node has the ledger's history."""
        return Slot(await _read(self._node.call("getFirstAvailableBlock", [], Count)))

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        """A landed transaction with its balance changes; None while the node does not have it."""
        config = {"encoding": "json", "maxSupportedTransactionVersion": 1, **_CONFIRMED}
        reply = await _read(
            self._node.call("getTransaction", [str(signature), config], Landed | None)  # type: ignore[arg-type]
        )
        if reply is None or reply.meta is None:
            return None
        if str(signature) not in reply.transaction.signatures[:1]:
            raise Unavailable("getTransaction: the node answers with another transaction")
        return read_landed(signature, reply, reply.meta)

    async def unit_prices_paid(self, writable: Sequence[Pubkey]) -> tuple[int, ...]:
        """For each recent block, the least that got a write to these accounts in.

        Micro-lamports per compute unit. Accounts beyond what a node takes are left out.
        """
        keys = [str(address) for address in writable[:FEE_ACCOUNTS_PER_CALL]]
        reply = await _read(self._node.call("getRecentPrioritizationFees", [keys], list[Paid]))
        return tuple(paid.prioritization_fee for paid in reply)

    async def send(self, transaction: SignedTransaction) -> None:
        """Hand over the bytes. The node must not retry for us, and must know our blockhash."""
        config = {
            "encoding": "base64",
            "skipPreflight": True,
            "preflightCommitment": "confirmed",
            "maxRetries": 0,
            "minContextSlot": transaction.min_context_slot,
        }
        params = [base64.b64encode(transaction.raw).decode(), config]
        try:
            sent = await self._node.call("sendTransaction", params, str)
        except RpcRefused as refused:
            if refused.error.code in NOT_TAKEN:
                raise
            raise OutcomeUnknown(str(refused)) from None
        if sent != str(transaction.signature):
            raise OutcomeUnknown("sendTransaction: the node answers with another signature")


async def _read(call: Awaitable[T]) -> T:
    """The answer, or plain Unavailable: one class, so that batches can hand it to many."""
    try:
        return await call
    except (Unavailable, OutcomeUnknown) as error:
        is_behind = isinstance(error, RpcRefused) and error.error.code == _BEHIND
        raise (Behind if is_behind else Unavailable)(str(error)) from None
