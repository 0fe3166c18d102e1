"""The error tree: a class is a policy, a reason is a cause.

    LandfallError
    ├── OrderRejected(reason)      the caller's fault; nothing was stored
    ├── AttemptFailure(reason)     this attempt is over, nothing of it can land; ask the retry table
    ├── Unavailable                it surely did not arrive; same step later, costs no attempt
    │   └── NoRoom                 because a disk is full, which does not pass by itself
    ├── OutcomeUnknown             it may have arrived; watch, never sign again
    ├── VersionConflict            another worker recorded the next event; let go
    ├── MalformedAccount           bytes that are not what they claim to be; the pool is left out
    └── InvariantViolation         a bug or corrupt data; stop, and tell a human

`except` names a policy; no code reads a message. Messages are for people.
"""

from enum import Enum

from solders.pubkey import Pubkey


class RejectionReason(Enum):
    """Why an order was refused at the door. The value is the machine code on the wire."""

    UNKNOWN_FIELD = "unknown_field"
    """The body has a field that orders do not have."""
    DUPLICATE_FIELD = "duplicate_field"
    """The body names a field twice, or under two of its names."""
    MISSING_FIELD = "missing_field"
    """The body lacks a field that every order needs."""
    WRONG_TYPE = "wrong_type"
    """The field's value is of another JSON type, or not one of its words."""
    UNKNOWN_ORDER_TYPE = "unknown_order_type"
    """This engine does not execute orders of this type."""
    UNKNOWN_TOKEN = "unknown_token"
    """Neither a known symbol nor the address of a mint on this cluster."""
    SAME_TOKEN = "same_token"
    """Both tokens are the same mint."""
    AMOUNT_NOT_A_NUMBER = "amount_not_a_number"
    """The amount is not a finite decimal number."""
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    """The amount is zero or less."""
    AMOUNT_TOO_PRECISE = "amount_too_precise"
    """The amount has more decimals than the token; nothing is ever rounded."""
    AMOUNT_TOO_LARGE = "amount_too_large"
    """The amount exceeds the 64 bits that token programs count in."""
    SLIPPAGE_OUT_OF_RANGE = "slippage_out_of_range"
    """Slippage is not above 0 and at most 0.5."""
    PRICE_IMPACT_OUT_OF_RANGE = "price_impact_out_of_range"
    """The bound on price impact is not 1 to 10,000 basis points."""
    FEE_LIMIT_OUT_OF_RANGE = "fee_limit_out_of_range"
    """The bound on fees is zero, or exceeds 64 bits."""
    VALUE_TOO_LONG = "value_too_long"
    """A text is empty or longer than 128 characters."""
    PRIORITY_OUT_OF_RANGE = "priority_out_of_range"
    """Priority is not an integer from 0 to 100."""
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    """The client order id belongs to an earlier order that asked something else."""


class FailureReason(Enum):
    """Why an attempt, and in the end an order, failed.

    `lifecycle/retry.py` says which may be tried again.
    """

    NO_ROUTE = "no_route"
    """No pool of any venue trades the pair."""
    STALE_QUOTE = "stale_quote"
    """The quote had become too old to be signed."""
    SLIPPAGE_EXCEEDED = "slippage_exceeded"
    """The pool had moved past the order's slippage bound; the program refused."""
    QUOTE_MISMATCH = "quote_mismatch"
    """The simulated transaction moves other amounts than the quote of the same state says."""
    PRICE_IMPACT_EXCEEDED = "price_impact_exceeded"
    """The best route moves the price further than the order allows."""
    FEE_LIMIT_EXCEEDED = "fee_limit_exceeded"
    """Network fees, tips and rent would come to more than the order allows."""
    INSUFFICIENT_FUNDS = "insufficient_funds"
    """The wallet cannot pay the amount, the rent or the fee."""
    POOL_CLOSED = "pool_closed"
    """The chosen pool does not take swaps at the moment, or is gone."""
    POOL_REFUSED = "pool_refused"
    """Pools trade the pair, and each would refuse this swap, or one did that was chosen."""
    PROGRAM_ERROR = "program_error"
    """A program failed in a way that says nothing about the order."""
    BLOCKHASH_EXPIRED = "blockhash_expired"
    """The ledger never took the transaction, and its blockhash is provably dead."""
    TRANSACTION_TOO_LARGE = "transaction_too_large"
    """The route does not fit one packet of 1,232 bytes."""
    RECORD_LOST = "record_lost"
    """The database was restored to before what the chain knows; the wallet's history on chain tells
    whether the order was filled."""
    ORDER_TIMED_OUT = "order_timed_out"
    """No new attempt may start this long after the first one."""


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

    Args:
        reason: the cause, for machines.
        detail: what happened, for people.
        pools: those at fault, if pools are.
    """

    def __init__(self, reason: FailureReason, detail: str, pools: tuple[Pubkey, ...] = ()) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail
        self.pools = pools


class Unavailable(LandfallError):
    """The request surely did not arrive, or asked nothing that could change the world: do the
    same step later.
    """


class NoRoom(Unavailable):
    """The database's disk is full: nothing happened, and somebody has to make room."""


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
