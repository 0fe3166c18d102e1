"""What a landed transaction did to the order: a fill read from balances, or a failure read from the
error.

Native SOL has no token balance outside the swap, so it is counted in lamports: over the wallet and
every token account it owns, what was there before less what is there after, fee aside. Rent moves
between those accounts and cancels out.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.execution import Failure, Fill
from landfall.core.ledger.answers import LandedTransaction, TransactionError
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.order import Order
from landfall.core.token import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.values import BaseUnits, Pubkey
from landfall.core.venue import AnyVenue, ProgramError

_PAYING_PROGRAMS: Mapping[Pubkey, str] = MappingProxyType(
    {
        Pubkey.default(): "system program",
        TOKEN_PROGRAM: "token program",
        TOKEN_2022_PROGRAM: "Token-2022 program",
    }
)
_FAILED = re.compile(r"^Program (\w{32,44}) failed: ")
_ANCHOR_NAME = re.compile(r"Error Code: (\w+)\.")
_OUT_OF_FUNDS = frozenset(
    {"InsufficientFundsForFee", "InsufficientFundsForRent", "AccountNotFound"}
)
_INSUFFICIENT_FUNDS_CODE = (
    1  # token programs: InsufficientFunds; system: ResultWithNegativeLamports
)


def read_fill(order: Order, wallet: Pubkey, landed: LandedTransaction) -> Fill:
    """What the wallet really paid and got.

    Raises:
        InvariantViolation: a successful transaction that moved nothing, or the wrong way round.
    """
    paid = -_change(order.token_in, order, wallet, landed)
    got = _change(order.token_out, order, wallet, landed)
    if paid <= 0 or got <= 0:
        raise InvariantViolation(f"{landed.signature} succeeded but paid {paid} and got {got}")
    return Fill(
        slot=landed.slot,
        in_amount=BaseUnits(paid),
        out_amount=BaseUnits(got),
        fee_lamports=landed.fee_lamports,
    )


def read_failure(
    error: TransactionError, logs: Sequence[str], venues: Iterable[AnyVenue]
) -> Failure:
    """Why a transaction failed, or would. `venues` are the pool programs whose errors we know."""
    raised = _program_error(error, logs)
    if raised is None:
        reason = (
            FailureReason.INSUFFICIENT_FUNDS
            if error.name in _OUT_OF_FUNDS
            else FailureReason.PROGRAM_ERROR
        )
        return Failure(reason=reason, detail=error.name, error=error.name, logs=tuple(logs))
    name = raised.name or (error.name if raised.code is None else str(raised.code))
    for venue in venues:
        if venue.program_id == raised.program_id:
            detail = f"{venue.name} refused: {name}"
            return Failure(
                reason=venue.explain(raised), detail=detail, error=name, logs=tuple(logs)
            )
    program = _PAYING_PROGRAMS.get(raised.program_id)
    if program is not None and raised.code == _INSUFFICIENT_FUNDS_CODE:
        return Failure(
            reason=FailureReason.INSUFFICIENT_FUNDS,
            detail=f"the wallet holds less than the order pays, says the {program}",
            error=name,
            logs=tuple(logs),
        )
    return Failure(
        reason=FailureReason.PROGRAM_ERROR,
        detail=f"{program or f'program {raised.program_id}'} refused: {name}",
        error=name,
        logs=tuple(logs),
    )


def _program_error(error: TransactionError, logs: Sequence[str]) -> ProgramError | None:
    """The innermost program that failed; callers of it fail after it, with the same number."""
    if error.instruction is None:
        return None
    failed = next((found for line in logs if (found := _FAILED.match(line))), None)
    if failed is None:
        return None
    names = [found.group(1) for line in logs if (found := _ANCHOR_NAME.search(line))]
    return ProgramError(
        program_id=Pubkey.from_string(failed.group(1)),
        code=error.code,
        name=names[-1] if names else None,
    )


def _change(token: Token, order: Order, wallet: Pubkey, landed: LandedTransaction) -> int:
    if token.mint == NATIVE_MINT:
        return _lamports_change(order, wallet, landed)
    before = sum(
        b.amount for b in landed.tokens_before if b.owner == wallet and b.mint == token.mint
    )
    after = sum(b.amount for b in landed.tokens_after if b.owner == wallet and b.mint == token.mint)
    return after - before


def _lamports_change(order: Order, wallet: Pubkey, landed: LandedTransaction) -> int:
    ours = {wallet, *(associated_address(wallet, t) for t in (order.token_in, order.token_out))}
    ours |= {b.account for b in (*landed.tokens_before, *landed.tokens_after) if b.owner == wallet}
    before = sum(landed.lamports_before.get(account, 0) for account in ours)
    after = sum(landed.lamports_after.get(account, 0) for account in ours)
    return after + landed.fee_lamports - before
