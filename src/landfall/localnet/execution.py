"""One transaction executed, and nothing kept: the outcome says what would change.

Committing an outcome is a separate step, so preflight, simulation and landing are the same run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from solders.transaction_metadata import FailedTransactionMetadata

from landfall.core.values import Account, ChainClock, Pubkey, Slot
from landfall.localnet.failures import error_json, pays_fee
from landfall.localnet.svm import Svm
from landfall.localnet.transactions import ResolvedAccounts, SignedMessage
from landfall.localnet.wire import Json


@dataclass(frozen=True, slots=True)
class InnerCall:
    """A cross-program call, its indexes into the transaction's own accounts."""

    program_index: int
    accounts: bytes
    data: bytes
    stack_height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a transaction does.

    `changes` is empty where it would not even be charged (`lands` is False).
    """

    error: Json | None
    lands: bool
    fee: int
    units: int
    logs: tuple[str, ...]
    changes: Mapping[Pubkey, Account | None]
    accounts: ResolvedAccounts | None
    inner: tuple[tuple[int, tuple[InnerCall, ...]], ...] = ()
    return_data: tuple[Pubkey, bytes] | None = None


def execute_whole(
    svm: Svm, transaction: SignedMessage, accounts: ResolvedAccounts, clock: ChainClock
) -> Outcome:
    """Execute a transaction all of whose programs the SVM has."""
    result = svm.simulate(transaction.decoded, {})
    meta = result.meta()
    if isinstance(result, FailedTransactionMetadata):
        return failed(
            svm, transaction, accounts, clock.slot,
            error=error_json(result.err()),
            fee=meta.fee(),
            units=meta.compute_units_consumed(),
            logs=tuple(meta.logs()),
        )  # fmt: skip
    returned = meta.return_data()
    inner = enumerate(meta.inner_instructions())
    return Outcome(
        error=None,
        lands=True,
        fee=meta.fee(),
        units=meta.compute_units_consumed(),
        logs=tuple(meta.logs()),
        changes=svm.changes(result.post_accounts(), clock.slot),
        accounts=accounts,
        inner=tuple((index, tuple(map(inner_call, group))) for index, group in inner if group),
        return_data=(returned.program_id, returned.data) if returned.data else None,
    )


def not_landed(error: Json) -> Outcome:
    """The outcome of a transaction that no block would hold."""
    return Outcome(error=error, lands=False, fee=0, units=0, logs=(), changes={}, accounts=None)


def failed(
    svm: Svm,
    transaction: SignedMessage,
    accounts: ResolvedAccounts,
    slot: Slot,
    *,
    error: Json,
    fee: int,
    units: int,
    logs: tuple[str, ...],
) -> Outcome:
    """The outcome of a failure: the fee and nothing else, or nothing at all."""
    payer = svm.accounts.get(transaction.payer, slot)
    lands = pays_fee(error, ran=bool(logs)) and payer is not None and payer.lamports >= fee
    changes: dict[Pubkey, Account | None] = {}
    if lands and payer is not None:
        left = payer.lamports - fee
        charged = Account(payer.owner, left, payer.data, payer.executable)
        changes[transaction.payer] = charged if left else None
    return Outcome(
        error=error,
        lands=lands,
        fee=fee,
        units=units,
        logs=logs,
        changes=changes,
        accounts=accounts,
    )


def inner_call(inner: Any) -> InnerCall:
    """A cross-program call as the SVM reports it."""
    instruction = inner.instruction()
    return InnerCall(
        instruction.program_id_index,
        bytes(instruction.accounts),
        instruction.data,
        inner.stack_height(),
    )
