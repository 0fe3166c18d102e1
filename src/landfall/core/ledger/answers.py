"""What a cluster can tell us about itself and about one transaction, as values.

Every answer carries the slot at which it was true where the cluster gives it: behind a load
balancer two answers may come from two nodes, and only their slots say which knew more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from landfall.core.values import (
    Accounts,
    BlockHeight,
    Commitment,
    Lamports,
    Pubkey,
    Signature,
    Slot,
)


@dataclass(frozen=True, slots=True)
class AccountsAt:
    """Account bytes, all of one slot."""

    slot: Slot
    accounts: Accounts


@dataclass(frozen=True, slots=True)
class LatestBlockhash:
    """A recent blockhash, the last height at which the ledger takes it, the slot it was read at."""

    blockhash: str
    last_valid_block_height: BlockHeight
    context_slot: Slot


@dataclass(frozen=True, slots=True)
class Finalized:
    """How far the ledger is final: a slot and the block height at it, from one answer."""

    slot: Slot
    block_height: BlockHeight


@dataclass(frozen=True, slots=True)
class Landing:
    """A transaction as an address's history lists it: that it landed, and where."""

    signature: Signature
    slot: Slot


@dataclass(frozen=True, slots=True)
class TransactionError:
    """Why the ledger refused a transaction, as far as the answer tells.

    `name` is the error's own word (`BlockhashNotFound`, `InsufficientFundsForFee`); for a failing
    instruction it is the inner word (`Custom`, `ProgramFailedToComplete`), `instruction` its index
    and `code` its custom number.
    """

    name: str
    instruction: int | None = None
    code: int | None = None


@dataclass(frozen=True, slots=True)
class SignatureStatus:
    """What the ledger knows of one signature."""

    slot: Slot
    commitment: Commitment
    error: TransactionError | None


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """One answer about one signature, searched in the whole history.

    `status` None: unknown there.
    """

    context_slot: Slot
    status: SignatureStatus | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one provider alone says of one signature.

    `finalized` is how far its own ledger was known to be final *before* it answered, `first_slot`
    from where on it had history before *and* after that; None: unknown.
    """

    finalized: Finalized | None
    answer: StatusAnswer
    first_slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """One token account's amount before or after a transaction."""

    account: Pubkey
    mint: Pubkey
    owner: Pubkey
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Who had what before a transaction and after it, the fee paid. Lamports are by account."""

    fee_lamports: Lamports
    lamports_before: Mapping[Pubkey, int]
    lamports_after: Mapping[Pubkey, int]
    tokens_before: tuple[TokenBalance, ...]
    tokens_after: tuple[TokenBalance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedTransaction:
    """A transaction as the ledger recorded it."""

    slot: Slot
    signature: Signature
    error: TransactionError | None
    balances: Balances
    logs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a transaction would do now. Unit of `units_consumed`: compute units.

    `balances` None: it would fail, or the node does not show them (Agave does from 3.0 on).
    """

    context_slot: Slot
    error: TransactionError | None
    logs: tuple[str, ...]
    units_consumed: int
    balances: Balances | None = None
