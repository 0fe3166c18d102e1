"""The cluster over JSON-RPC: ChainClient and Sender, with every reply checked before it is
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

import msgspec
from solders.hash import Hash, ParseHashError
from solders.transaction import VersionedTransaction

from landfall.batching import Batching
from landfall.chain.balances import WireBalances, read_balances
from landfall.chain.floor import Behind, Floor
from landfall.chain.jsonrpc import HttpRefused, JsonRpc, RpcError, RpcRefused
from landfall.chain.wire import Count, WireAccount, WireContext, read_account, read_pubkey
from landfall.core.errors import OutcomeUnknown, Unavailable
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import (
    AccountsAt,
    Evidence,
    Finalized,
    LandedTransaction,
    LatestBlockhash,
    SignatureStatus,
    Simulation,
    StatusAnswer,
    TransactionError,
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
_COMMITMENTS = {commitment.wire: commitment for commitment in Commitment}
_U8_MAX = 2**8 - 1
_U32_MAX = 2**32 - 1
NOT_TAKEN = frozenset({-32700, -32600, -32601, -32602, -32003, -32005, -32016, 429, -32429})
"""Errors that tell that a transaction was not passed on: the request or its signature is wrong, the
node is behind, or it limits us. A failed preflight (-32002) is none: we asked for no preflight, and
it may say that the transaction had been processed."""

_NO_SEARCH = frozenset({-32601, -32600, -32602, -32010, -32052, -32403, 403, 405, 410})
_NO_SEARCH_HTTP = frozenset({401, 403, 404, 405, 410, 413})
"""With which nodes refuse `getProgramAccounts`: no such method, not of this program, not for this
key, not in this plan."""

T = TypeVar("T")
V = TypeVar("V")


class SearchRefused(Unavailable):
    """The node does not search a program's accounts; asking it again will not change that."""


class _Keyed(msgspec.Struct, frozen=True):
    pubkey: str


class _Accounts(msgspec.Struct, frozen=True):
    context: WireContext
    value: list[WireAccount | None]


class _Paid(msgspec.Struct, frozen=True, rename="camel"):
    prioritization_fee: Count


class _Blockhash(msgspec.Struct, frozen=True, rename="camel"):
    blockhash: str
    last_valid_block_height: Count


class _LatestBlockhash(msgspec.Struct, frozen=True):
    context: WireContext
    value: _Blockhash


class _EpochInfo(msgspec.Struct, frozen=True, rename="camel"):
    absolute_slot: Count
    block_height: Count


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    slot: Count
    confirmation_status: str | None
    err: Any


class _Statuses(msgspec.Struct, frozen=True):
    context: WireContext
    value: list[_Status | None]


class _Simulated(WireBalances, frozen=True, kw_only=True, rename="camel"):
    err: Any
    logs: list[str] | None = None
    units_consumed: Count | None = None


class _Simulation(msgspec.Struct, frozen=True):
    context: WireContext
    value: _Simulated


class _Meta(WireBalances, frozen=True, kw_only=True, rename="camel"):
    err: Any
    log_messages: list[str] | None = None


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    account_keys: list[str]


class _Transaction(msgspec.Struct, frozen=True):
    signatures: list[str]
    message: _Message


class _Landed(msgspec.Struct, frozen=True):
    slot: Count
    transaction: _Transaction
    meta: _Meta | None


_Answer = _Accounts | _LatestBlockhash | _Simulation
AnswerT = TypeVar("AnswerT", bound=_Answer)


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
        return _hash(await _read(self._node.call("getGenesisHash", [], str)))

    async def accounts(self, addresses: Sequence[Pubkey]) -> AccountsAt:
        """Accounts of one slot, so no more of them than one call takes."""
        if len(addresses) > ACCOUNTS_PER_CALL:
            raise Unavailable(f"{len(addresses)} accounts asked at once")
        config = {"encoding": "base64", **self._confirmed()}
        keys = [str(address) for address in addresses]
        reply = await self._fresh(self._node.call("getMultipleAccounts", [keys, config], _Accounts))
        if len(reply.value) != len(addresses):
            raise Unavailable("getMultipleAccounts: the node left accounts out")
        found = [None if value is None else read_account(value) for value in reply.value]
        return AccountsAt(Slot(reply.context.slot), dict(zip(addresses, found, strict=True)))

    async def program_accounts(self, wanted: ProgramAccountsFilter) -> tuple[Pubkey, ...]:
        """Addresses of a program's accounts that match.

        Raises:
            SearchRefused: this node does not search, now or later.
            Unavailable: it did not answer.
        """
        filters: list[dict[str, Any]] = [{"dataSize": wanted.data_size}]
        filters += [
            {
                "memcmp": {
                    "offset": memcmp.offset,
                    "bytes": base64.b64encode(memcmp.wanted).decode(),
                    "encoding": "base64",
                }
            }
            for memcmp in wanted.memcmps
        ]
        config = {
            "encoding": "base64",
            "dataSlice": {"offset": 0, "length": 0},
            "filters": filters,
            **self._confirmed(),
        }
        params = [str(wanted.program_id), config]
        try:
            reply = await self._node.call("getProgramAccounts", params, list[_Keyed])
        except (Unavailable, OutcomeUnknown) as error:
            raise _search_refused(error) or Unavailable(str(error)) from None
        return tuple(read_pubkey(found.pubkey) for found in reply)

    async def latest_blockhash(self) -> LatestBlockhash:
        """A blockhash to sign with. Who asks while the node answers shares the next answer."""
        return await self._blockhashes.submit(None)

    async def _ask_blockhash(self, sharers: Sequence[None]) -> Sequence[LatestBlockhash | Behind]:
        params = [self._confirmed()]
        call = self._node.call("getLatestBlockhash", params, _LatestBlockhash)
        try:
            reply = await self._fresh(call)
        except Behind as behind:
            return [Behind(str(behind)) for _ in sharers]
        latest = LatestBlockhash(
            blockhash=_hash(reply.value.blockhash),
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
        reply = await self._fresh(self._node.call("simulateTransaction", params, _Simulation))
        keys = VersionedTransaction.from_bytes(raw).message.account_keys
        return Simulation(
            context_slot=Slot(reply.context.slot),
            error=_error(reply.value.err),
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
        reply = await _read(self._node.call("getEpochInfo", [config], _EpochInfo))
        told = Finalized(Slot(reply.absolute_slot), BlockHeight(reply.block_height))
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
        reply = await _read(self._node.call("getSignatureStatuses", params, _Statuses))
        if len(reply.value) != len(signatures):
            raise Unavailable("getSignatureStatuses: not one status for each signature")
        slot = Slot(reply.context.slot)
        return [StatusAnswer(slot, _status(value)) for value in reply.value]

    async def transaction(self, signature: Signature) -> LandedTransaction | None:
        """A landed transaction with its balance changes; None while the node does not have it."""
        config = {"encoding": "json", "maxSupportedTransactionVersion": 1, **_CONFIRMED}
        reply = await _read(
            self._node.call("getTransaction", [str(signature), config], _Landed | None)  # type: ignore[arg-type]
        )
        if reply is None or reply.meta is None:
            return None
        if str(signature) not in reply.transaction.signatures[:1]:
            raise Unavailable("getTransaction: the node answers with another transaction")
        return _landed(signature, reply, reply.meta)

    async def unit_prices_paid(self, writable: Sequence[Pubkey]) -> tuple[int, ...]:
        """For each recent block, the least that got a write to these accounts in.

        Micro-lamports per compute unit. Accounts beyond what a node takes are left out.
        """
        keys = [str(address) for address in writable[:FEE_ACCOUNTS_PER_CALL]]
        reply = await _read(self._node.call("getRecentPrioritizationFees", [keys], list[_Paid]))
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


def _search_refused(error: Unavailable | OutcomeUnknown) -> SearchRefused | None:
    match error:
        case HttpRefused(status=status) if status in _NO_SEARCH_HTTP:
            return SearchRefused(str(error))
        case RpcRefused(error=RpcError(code=code)) if code in _NO_SEARCH:
            return SearchRefused(str(error))
        case _:
            return None


async def _read(call: Awaitable[T]) -> T:
    """The answer, or plain Unavailable: one class, so that batches can hand it to many."""
    try:
        return await call
    except (Unavailable, OutcomeUnknown) as error:
        is_behind = isinstance(error, RpcRefused) and error.error.code == _BEHIND
        raise (Behind if is_behind else Unavailable)(str(error)) from None


def _hash(text: str) -> str:
    try:
        return str(Hash.from_string(text))
    except ParseHashError:
        raise Unavailable("a reply holds a hash that is none") from None


def _status(value: _Status | None) -> SignatureStatus | None:
    if value is None:
        return None
    # Nodes before 1.5 leave the word out for rooted transactions; none of those is in use.
    commitment = _COMMITMENTS.get(value.confirmation_status or "")
    if commitment is None:
        raise Unavailable(f"an unknown commitment {value.confirmation_status!r}")
    return SignatureStatus(Slot(value.slot), commitment, _error(value.err))


def _error(err: Any) -> TransactionError | None:
    match err:
        case None:
            return None
        case str():
            return TransactionError(err)
        case {"InstructionError": [int(index), inner]} if 0 <= index <= _U8_MAX:
            return _instruction_error(index, inner)
        case dict() if err and "InstructionError" not in err:
            return TransactionError(str(next(iter(err))))
        case _:
            raise Unavailable("a transaction error of no known shape")


def _instruction_error(index: int, inner: Any) -> TransactionError:
    match inner:
        case str():
            return TransactionError(inner, instruction=index)
        case {"Custom": int(code)} if 0 <= code <= _U32_MAX:
            return TransactionError("Custom", instruction=index, code=code)
        case dict() if inner and "Custom" not in inner:
            return TransactionError(str(next(iter(inner))), instruction=index)
        case _:
            raise Unavailable("an instruction error of no known shape")


def _landed(signature: Signature, reply: _Landed, meta: _Meta) -> LandedTransaction:
    balances = read_balances([*map(read_pubkey, reply.transaction.message.account_keys)], meta)
    if balances is None:
        raise Unavailable("getTransaction: the node shows no balances")
    return LandedTransaction(
        slot=Slot(reply.slot),
        signature=signature,
        error=_error(meta.err),
        balances=balances,
        logs=tuple(meta.log_messages or ()),
    )
