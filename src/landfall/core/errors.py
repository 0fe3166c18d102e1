"""The error tree: a class is a policy, a reason is a cause.

    LandfallError
    ├── OrderRejected(reason)      the caller's fault; nothing was stored
    ├── AttemptFailure(reason)     this attempt is over, nothing of it can land; ask the retry table
    ├── Unavailable                it surely did not arrive; same step later, costs no attempt
    ├── OutcomeUnknown             it may have arrived; watch, never sign again
    ├── VersionConflict            another worker recorded the next event; let go
    ├── MalformedAccount           bytes that are not what they claim to be; the pool is left out
    └── InvariantViolation         a bug or corrupt data; stop, and tell a human

`except` names a policy; no code reads a message. Messages are for people.
"""

from enum import Enum


class RejectionReason(Enum):
    """Why an order was refused at the door. The value is the machine code on the wire."""

    UNKNOWN_FIELD = "unknown_field"
    DUPLICATE_FIELD = "duplicate_field"
    MISSING_FIELD = "missing_field"
    WRONG_TYPE = "wrong_type"
    UNKNOWN_ORDER_TYPE = "unknown_order_type"
    UNKNOWN_TOKEN = "unknown_token"
    UNSUPPORTED_TOKEN = "unsupported_token"
    SAME_TOKEN = "same_token"
    AMOUNT_NOT_A_NUMBER = "amount_not_a_number"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_TOO_PRECISE = "amount_too_precise"
    AMOUNT_TOO_LARGE = "amount_too_large"
    SLIPPAGE_OUT_OF_RANGE = "slippage_out_of_range"
    VALUE_TOO_LONG = "value_too_long"
    PRIORITY_OUT_OF_RANGE = "priority_out_of_range"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"


class FailureReason(Enum):
    """Why an attempt, and in the end an order, failed.

    `lifecycle/retry.py` says which may be tried again.
    """

    NO_ROUTE = "no_route"
    STALE_QUOTE = "stale_quote"
    SLIPPAGE_EXCEEDED = "slippage_exceeded"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    POOL_CLOSED = "pool_closed"
    POOL_REFUSED = "pool_refused"
    PROGRAM_ERROR = "program_error"
    BLOCKHASH_EXPIRED = "blockhash_expired"
    TRANSACTION_TOO_LARGE = "transaction_too_large"
    ORDER_TIMED_OUT = "order_timed_out"


class LandfallError(Exception):
    """The root of everything this program raises on purpose."""


class OrderRejected(LandfallError):
    """The caller's fault; nothing was stored.

    Args:
        reason: the cause, for machines.
        field: the wire name of the field at fault, or None when it is the whole body.
        sentence: what happened and what to do next, for people.
    """

    def __init__(self, reason: RejectionReason, field: str | None, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.field = field
        self.sentence = sentence


class AttemptFailure(LandfallError):
    """This attempt is over and nothing of it can land.

    Never raised once a transaction is signed.
    """

    def __init__(self, reason: FailureReason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class Unavailable(LandfallError):
    """The request surely did not arrive, or asked nothing that could change the world: do the
    same step later.
    """


class OutcomeUnknown(LandfallError):
    """The request may have arrived. Watch the ledger; never sign again."""


class VersionConflict(LandfallError):
    """Another worker recorded the next event of this order, or took over its lease: let go."""


class MalformedAccount(LandfallError):
    """Account bytes that are not what they claim to be: wrong owner, discriminator, size or
    contents.
    """


class InvariantViolation(LandfallError):
    """A bug or corrupt data. Nothing sensible can follow; stop and tell a human."""
