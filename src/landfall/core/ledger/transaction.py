"""A route as one atomic transaction: budget, accounts opened, SOL wrapped, swaps, SOL unwrapped.

All hops of a route and all legs of a split are in the one message, so it happens whole or not at
all, and the wallet is never left holding an intermediate token.

It is a v0 transaction wherever one holds it: every node, sender and explorer takes those. A v1
transaction holds three times as much, knows no lookup tables and has its budget in the header,
where the priority fee is a total and what is not set is zero; it is made only of what v0 cannot
hold, and only on a cluster that has the feature.

Units: the compute price is micro-lamports per compute unit.
Source: SIMD-0385 (v1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0, MessageV1, TransactionConfig, to_bytes_versioned
from solders.transaction import VersionedTransaction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import NO_COST, Cost, SignedTransaction
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.fees import v1_priority_fee
from landfall.core.ledger.lookup_table import LookupTable, worth_using
from landfall.core.ledger.packet import why_too_large, why_too_many
from landfall.core.ledger.tips import Tip, tip_step
from landfall.core.ledger.token_accounts import open_account, unwrap, wrap
from landfall.core.quote import Route
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Lamports, Pubkey, Signature

COMPUTE_UNITS_MAX = 1_400_000

Message = MessageV0 | MessageV1

# What every v0 transaction may load unless it asks for less. Unset, a v1 one may load nothing.
_LOADED_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ComputeBudget:
    """How much the transaction may compute, and what it pays per unit on top of the base fee."""

    unit_limit: int
    unit_price_micro_lamports: int


@dataclass(frozen=True, slots=True)
class Form:
    """What transactions may be made of on this cluster: lookup tables, and whether v1 is taken."""

    tables: tuple[LookupTable, ...] = ()
    takes_v1: bool = False


PLAIN = Form()


def instructions(
    route: Route,
    tokens: Sequence[Token],
    swaps: Sequence[Instruction],
    wallet: Pubkey,
    tip: Tip | None = None,
) -> list[Instruction]:
    """Everything the route does on chain, in order, but for the compute budget.

    Args:
        tokens: what the route goes through, in the order of its `mints`.
        swaps: one for each leg, in the route's order.
        tip: paid last, out of what the wallet then has.
    """
    steps = [open_account(wallet, token) for token in tokens]
    if tokens[0].mint == NATIVE_MINT:
        steps += wrap(wallet, tokens[0], Lamports(route.most_in))
    steps += swaps
    # Also where SOL is only passed through: else its rent, and any dust, would stay wrapped.
    steps += [unwrap(wallet, token) for token in tokens if token.mint == NATIVE_MINT]
    if tip is not None:
        steps.append(tip_step(wallet, tip))
    return steps


def compiled(
    steps: Sequence[Instruction],
    budget: ComputeBudget,
    wallet: Pubkey,
    blockhash: Hash,
    tables: Iterable[LookupTable] = (),
) -> MessageV0:
    """The message of these steps, through those of the tables that make it smaller."""
    head = [set_compute_unit_limit(budget.unit_limit)]
    if budget.unit_price_micro_lamports:
        head.append(set_compute_unit_price(budget.unit_price_micro_lamports))
    used = [table.compiled for table in worth_using(tables, steps, wallet)]
    return MessageV0.try_compile(wallet, [*head, *steps], used, blockhash)


def compiled_v1(
    steps: Sequence[Instruction], budget: ComputeBudget, wallet: Pubkey, blockhash: Hash
) -> MessageV1:
    """The same as a v1 message: it pays what the v0 one of that budget would pay."""
    fee = v1_priority_fee(budget.unit_limit, budget.unit_price_micro_lamports)
    config = TransactionConfig(
        priority_fee=fee,
        compute_unit_limit=budget.unit_limit,
        loaded_accounts_data_size_limit=_LOADED_BYTES_MAX,
    )
    return MessageV1.try_compile(wallet, list(steps), blockhash, config)


def message(
    steps: Sequence[Instruction],
    budget: ComputeBudget,
    wallet: Pubkey,
    latest: LatestBlockhash,
    form: Form = PLAIN,
) -> Message:
    """The message the wallet signs.

    Raises:
        AttemptFailure: TRANSACTION_TOO_LARGE, it would not fit one packet.
    """
    made = _made(steps, budget, wallet, Hash.from_string(latest.blockhash), form)
    if isinstance(made, str):
        raise AttemptFailure(FailureReason.TRANSACTION_TOO_LARGE, made)
    return made


def why_it_does_not_fit(
    steps: Sequence[Instruction], wallet: Pubkey, form: Form = PLAIN
) -> str | None:
    """Why these steps fit no transaction, whatever its budget; None if they fit.

    For the router, which gives up a route here rather than learn it from `message`.
    """
    if too_many := why_too_many(steps, wallet):
        return too_many
    budget = ComputeBudget(COMPUTE_UNITS_MAX, 1)
    # What v0 holds v1 nearly always does, and it is made in a fraction of the time.
    if form.takes_v1 and not why_too_large(compiled_v1(steps, budget, wallet, Hash.default())):
        return None
    made = _made(steps, budget, wallet, Hash.default(), form)
    return made if isinstance(made, str) else None


def _made(
    steps: Sequence[Instruction],
    budget: ComputeBudget,
    wallet: Pubkey,
    blockhash: Hash,
    form: Form,
) -> Message | str:
    """The message, v0 if that holds it; or why there is none."""
    v0 = compiled(steps, budget, wallet, blockhash, form.tables)
    why = why_too_large(v0)
    if why is None:
        return v0
    if not form.takes_v1:
        return why
    v1 = compiled_v1(steps, budget, wallet, blockhash)
    return why_too_large(v1) or v1


def to_sign(compiled: Message) -> bytes:
    """The bytes a signature is made of."""
    return bytes(to_bytes_versioned(compiled))


def signed(
    compiled: Message,
    signature: Signature,
    latest: LatestBlockhash,
    cost_most: Cost = NO_COST,
) -> SignedTransaction:
    """The transaction as it may be sent, with until when it may land and what it can cost."""
    return SignedTransaction(
        signature=signature,
        raw=bytes(VersionedTransaction.populate(compiled, [signature])),
        blockhash=latest.blockhash,
        last_valid_block_height=latest.last_valid_block_height,
        min_context_slot=latest.context_slot,
        tip_lamports=cost_most.tip_lamports,
        cost_most=cost_most,
    )


def writable_accounts(steps: Iterable[Instruction], wallet: Pubkey) -> tuple[Pubkey, ...]:
    """What others may be writing at the same time: every account the steps write but the wallet."""
    written = {meta.pubkey for step in steps for meta in step.accounts if meta.is_writable}
    return tuple(sorted(written - {wallet}, key=bytes))
