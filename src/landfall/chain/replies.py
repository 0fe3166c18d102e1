"""What a node answers, as far as it is read: the shapes, and what they mean.

Whatever has another shape, or means nothing, is Unavailable: as good as no answer.
Source: the Solana JSON-RPC reference (solana.com/docs/rpc), as served by Agave 2 and 3.
"""

from typing import Any

import msgspec
from solders.hash import Hash, ParseHashError

from landfall.chain.balances import WireBalances, read_balances
from landfall.chain.wire import Count, WireAccount, WireContext, read_pubkey
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import (
    LandedTransaction,
    SignatureStatus,
    TransactionError,
)
from landfall.core.values import Commitment, Signature, Slot

_COMMITMENTS = {commitment.wire: commitment for commitment in Commitment}
_U8_MAX = 2**8 - 1
_U32_MAX = 2**32 - 1


class Accounts(msgspec.Struct, frozen=True):
    context: WireContext
    value: list[WireAccount | None]


class Paid(msgspec.Struct, frozen=True, rename="camel"):
    prioritization_fee: Count


class Blockhash(msgspec.Struct, frozen=True, rename="camel"):
    blockhash: str
    last_valid_block_height: Count


class Latest(msgspec.Struct, frozen=True):
    context: WireContext
    value: Blockhash


class EpochInfo(msgspec.Struct, frozen=True, rename="camel"):
    absolute_slot: Count
    block_height: Count


class Status(msgspec.Struct, frozen=True, rename="camel"):
    slot: Count
    confirmation_status: str | None
    err: Any


class Statuses(msgspec.Struct, frozen=True):
    context: WireContext
    value: list[Status | None]


class Simulated(WireBalances, frozen=True, kw_only=True, rename="camel"):
    err: Any
    logs: list[str] | None = None
    units_consumed: Count | None = None


class SimulationAt(msgspec.Struct, frozen=True):
    context: WireContext
    value: Simulated


class Meta(WireBalances, frozen=True, kw_only=True, rename="camel"):
    err: Any
    log_messages: list[str] | None = None


class Message(msgspec.Struct, frozen=True, rename="camel"):
    account_keys: list[str]


class Transaction(msgspec.Struct, frozen=True):
    signatures: list[str]
    message: Message


class Landed(msgspec.Struct, frozen=True):
    slot: Count
    transaction: Transaction
    meta: Meta | None


def read_hash(text: str) -> str:
    """The blockhash or genesis hash meant."""
    try:
        return str(Hash.from_string(text))
    except ParseHashError:
        raise Unavailable("a reply holds a hash that is none") from None


def read_status(value: Status | None) -> SignatureStatus | None:
    """What became of a signature; None: unknown there."""
    if value is None:
        return None
    # Nodes before 1.5 leave the word out for rooted transactions; none of those is in use.
    commitment = _COMMITMENTS.get(value.confirmation_status or "")
    if commitment is None:
        raise Unavailable(f"an unknown commitment {value.confirmation_status!r}")
    return SignatureStatus(Slot(value.slot), commitment, read_error(value.err))


def read_error(err: Any) -> TransactionError | None:
    """Why a transaction failed; None: it did not."""
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


def read_landed(signature: Signature, reply: Landed, meta: Meta) -> LandedTransaction:
    """The transaction with this signature, as the ledger recorded it."""
    balances = read_balances([*map(read_pubkey, reply.transaction.message.account_keys)], meta)
    if balances is None:
        raise Unavailable("getTransaction: the node shows no balances")
    return LandedTransaction(
        slot=Slot(reply.slot),
        signature=signature,
        error=read_error(meta.err),
        balances=balances,
        logs=tuple(meta.log_messages or ()),
    )
