"""A route as one atomic v0 transaction: budget, accounts opened, SOL wrapped, swaps, SOL unwrapped.

All hops of a route and all legs of a split are in the one message, so it happens whole or not at
all, and the wallet is never left holding an intermediate token.

Units: the compute price is micro-lamports per compute unit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.transaction import VersionedTransaction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import NO_COST, Cost, SignedTransaction
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.lookup_table import LookupTable, worth_using
from landfall.core.ledger.packet import why_too_large
from landfall.core.ledger.tips import Tip, tip_step
from landfall.core.ledger.token_accounts import open_account, unwrap, wrap
from landfall.core.quote import Route
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Lamports, Pubkey, Signature

COMPUTE_UNITS_MAX = 1_400_000


@dataclass(frozen=True, slots=True)
class ComputeBudget:
    """How much the transaction may compute, and what it pays per unit on top of the base fee."""

    unit_limit: int
    unit_price_micro_lamports: int


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
    used = [
        AddressLookupTableAccount(table.address, list(table.addresses))
        for table in worth_using(tables, steps, wallet)
    ]
    return MessageV0.try_compile(wallet, [*head, *steps], used, blockhash)


def message(
    steps: Sequence[Instruction],
    budget: ComputeBudget,
    wallet: Pubkey,
    latest: LatestBlockhash,
    tables: Iterable[LookupTable] = (),
) -> MessageV0:
    """The message the wallet signs.

    Raises:
        AttemptFailure: TRANSACTION_TOO_LARGE, it would not fit one packet.
    """
    made = compiled(steps, budget, wallet, Hash.from_string(latest.blockhash), tables)
    why = why_too_large(made)
    if why is not None:
        raise AttemptFailure(FailureReason.TRANSACTION_TOO_LARGE, why)
    return made


def why_it_does_not_fit(
    steps: Sequence[Instruction], wallet: Pubkey, tables: Iterable[LookupTable] = ()
) -> str | None:
    """Why these steps fit no transaction, whatever its budget; None if they fit.

    For the router, which gives up a route here rather than learn it from `message`.
    """
    dearest = ComputeBudget(COMPUTE_UNITS_MAX, 1)
    return why_too_large(compiled(steps, dearest, wallet, Hash.default(), tables))


def to_sign(compiled: MessageV0) -> bytes:
    """The bytes a signature is made of."""
    return bytes(to_bytes_versioned(compiled))


def signed(
    compiled: MessageV0,
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
