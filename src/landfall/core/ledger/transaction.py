"""A route as one atomic v0 transaction: budget, accounts opened, SOL wrapped, swaps, SOL unwrapped.

Units: the compute price is micro-lamports per compute unit; sizes are bytes of the serialized
transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solders.compute_budget import set_compute_unit_limit, set_compute_unit_price
from solders.hash import Hash
from solders.instruction import Instruction
from solders.message import MessageV0, to_bytes_versioned
from solders.transaction import VersionedTransaction

from landfall.core.errors import AttemptFailure, FailureReason
from landfall.core.execution import SignedTransaction
from landfall.core.ledger.answers import LatestBlockhash
from landfall.core.ledger.token_accounts import associated_address, open_account, unwrap, wrap
from landfall.core.order import Order
from landfall.core.quote import Route
from landfall.core.token import NATIVE_MINT, Token
from landfall.core.values import Lamports, Pubkey, Signature, SwapMode

PACKET_BYTES_MAX = 1_232
COMPUTE_UNITS_MAX = 1_400_000


@dataclass(frozen=True, slots=True)
class ComputeBudget:
    """How much the transaction may compute, and what it pays per unit on top of the base fee."""

    unit_limit: int
    unit_price_micro_lamports: int


def instructions(
    order: Order, route: Route, swaps: Sequence[Instruction], wallet: Pubkey
) -> list[Instruction]:
    """Everything the route does on chain, in order, but for the compute budget."""
    steps = [open_account(wallet, token) for token in (order.token_in, order.token_out)]
    if _is_native(order.token_in):
        steps += wrap(wallet, order.token_in, Lamports(_most_in(order, route)))
    steps += swaps
    steps += [
        unwrap(wallet, token) for token in (order.token_in, order.token_out) if _is_native(token)
    ]
    return steps


def message(
    steps: Sequence[Instruction], budget: ComputeBudget, wallet: Pubkey, latest: LatestBlockhash
) -> MessageV0:
    """The message the wallet signs.

    Raises:
        AttemptFailure: TRANSACTION_TOO_LARGE, it would not fit one packet.
    """
    head = [set_compute_unit_limit(budget.unit_limit)]
    if budget.unit_price_micro_lamports:
        head.append(set_compute_unit_price(budget.unit_price_micro_lamports))
    blockhash = Hash.from_string(latest.blockhash)
    compiled = MessageV0.try_compile(wallet, [*head, *steps], [], blockhash)
    size = len(bytes(VersionedTransaction.populate(compiled, [Signature.default()])))
    if size > PACKET_BYTES_MAX:
        raise AttemptFailure(
            FailureReason.TRANSACTION_TOO_LARGE,
            f"the transaction has {size} bytes, a packet takes {PACKET_BYTES_MAX}",
        )
    return compiled


def to_sign(compiled: MessageV0) -> bytes:
    """The bytes a signature is made of."""
    return bytes(to_bytes_versioned(compiled))


def signed(compiled: MessageV0, signature: Signature, latest: LatestBlockhash) -> SignedTransaction:
    """The transaction as it may be sent, with until when the ledger takes it."""
    return SignedTransaction(
        signature=signature,
        raw=bytes(VersionedTransaction.populate(compiled, [signature])),
        blockhash=latest.blockhash,
        last_valid_block_height=latest.last_valid_block_height,
        min_context_slot=latest.context_slot,
    )


def trader_accounts(order: Order, wallet: Pubkey) -> tuple[Pubkey, Pubkey]:
    """The wallet's accounts that the order pays from and is paid into."""
    return associated_address(wallet, order.token_in), associated_address(wallet, order.token_out)


def _is_native(token: Token) -> bool:
    return token.mint == NATIVE_MINT


def _most_in(order: Order, route: Route) -> int:
    """The most a route may take: fixed when the input is, else what its legs allow."""
    match order.swap_mode:
        case SwapMode.EXACT_IN:
            return route.in_amount
        case SwapMode.EXACT_OUT:
            return sum(leg.threshold for leg in route.legs)
