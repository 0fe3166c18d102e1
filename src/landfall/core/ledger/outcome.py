"""What a transaction did to the order: amounts read from balances, or a failure read from the
error. The same reading serves a simulated transaction and a landed one.

Native SOL has no token balance outside the swap, so it is counted in lamports: over the wallet and
every token account it owns, what was there before less what is there after, fee and tip aside. Rent
moves between those accounts and cancels out. What a route only passes through is back where it was,
so only the order's two tokens count, however many hops and legs there were.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from landfall.core.errors import FailureReason, InvariantViolation
from landfall.core.execution import NO_LAMPORTS, Failure, Fill
from landfall.core.ledger.answers import Balances, LandedTransaction, TransactionError
from landfall.core.ledger.token_accounts import associated_address
from landfall.core.order import Order
from landfall.core.token import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, Token
from landfall.core.values import BaseUnits, Lamports, Pubkey
from landfall.core.venue import AnyVenue, ProgramError

_PAYING_PROGRAMS: Mapping[Pubkey, str] = MappingProxyType(
    {
        Pubkey.default(): "system program",
        TOKEN_PROGRAM: "token program",
        TOKEN_2022_PROGRAM: "Token-2022 program",
    }
)
_NO_POOLS: Mapping[int, Pubkey] = MappingProxyType({})
_POOLS_FAULT = frozenset(
    {
        FailureReason.POOL_REFUSED,
        FailureReason.POOL_CLOSED,
        FailureReason.SLIPPAGE_EXCEEDED,
        FailureReason.PROGRAM_ERROR,
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


@dataclass(frozen=True, slots=True)
class Moved:
    """What left the wallet and what reached it, in base units of the order's two tokens."""

    in_amount: int
    out_amount: int


def read_moved(
    order: Order, wallet: Pubkey, balances: Balances, tip: Lamports = NO_LAMPORTS
) -> Moved:
    """What a successful transaction takes and gives; negative if it is the other way round."""
    return Moved(
        in_amount=-_change(order.token_in, order, wallet, balances, tip),
        out_amount=_change(order.token_out, order, wallet, balances, tip),
    )


def read_fill(
    order: Order, wallet: Pubkey, landed: LandedTransaction, tip: Lamports = NO_LAMPORTS
) -> Fill:
    """What the wallet really paid and got. `tip`: what the transaction itself paid as one.

    Raises:
        InvariantViolation: a successful transaction that moved nothing, or the wrong way round.
    """
    moved = read_moved(order, wallet, landed.balances, tip)
    paid, got = moved.in_amount, moved.out_amount
    if paid <= 0 or got <= 0:
        raise InvariantViolation(f"{landed.signature} succeeded but paid {paid} and got {got}")
    return Fill(
        slot=landed.slot,
        in_amount=BaseUnits(paid),
        out_amount=BaseUnits(got),
        fee_lamports=landed.balances.fee_lamports,
    )


def read_rent(wallet: Pubkey, balances: Balances) -> Lamports:
    """Lamports in the token accounts of the wallet that the transaction opened and left open."""
    opened = {
        balance.account
        for balance in balances.tokens_after
        if balance.owner == wallet and not balances.lamports_before.get(balance.account)
    }
    return Lamports(sum(balances.lamports_after.get(account, 0) for account in opened))


def read_failure(
    error: TransactionError,
    logs: Sequence[str],
    venues: Iterable[AnyVenue],
    pools: Mapping[int, Pubkey] = _NO_POOLS,
) -> Failure:
    """Why a transaction failed, or would.

    Args:
        venues: the pool programs whose errors we know.
        pools: the pool that each swap instruction trades on, by the instruction's index.
    """
    failure = _decoded(error, logs, venues)
    pool = pools.get(-1 if error.instruction is None else error.instruction)
    at_fault = pool is not None and failure.reason in _POOLS_FAULT
    return replace(failure, pools=(pool,)) if pool is not None and at_fault else failure


def _decoded(error: TransactionError, logs: Sequence[str], venues: Iterable[AnyVenue]) -> Failure:
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
        if raised.program_id in (venue.program_id, *venue.inner_programs):
            detail = f"{venue.name} refused: {name}"
            return Failure(
                reason=venue.explain(raised),
                detail=detail,
                error=name,
                logs=tuple(logs),
                program=raised.program_id,
            )
    program = _PAYING_PROGRAMS.get(raised.program_id)
    if program is not None and raised.code == _INSUFFICIENT_FUNDS_CODE:
        return Failure(
            reason=FailureReason.INSUFFICIENT_FUNDS,
            detail=f"the wallet holds less than the order pays, says the {program}",
            error=name,
            logs=tuple(logs),
            program=raised.program_id,
        )
    return Failure(
        reason=FailureReason.PROGRAM_ERROR,
        detail=f"{program or f'program {raised.program_id}'} refused: {name}",
        error=name,
        logs=tuple(logs),
        program=raised.program_id,
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


def _change(token: Token, order: Order, wallet: Pubkey, balances: Balances, tip: Lamports) -> int:
    if token.mint == NATIVE_MINT:
        return _lamports_change(order, wallet, balances) + tip
    before = sum(
        b.amount for b in balances.tokens_before if b.owner == wallet and b.mint == token.mint
    )
    after = sum(
        b.amount for b in balances.tokens_after if b.owner == wallet and b.mint == token.mint
    )
    return after - before


def _lamports_change(order: Order, wallet: Pubkey, balances: Balances) -> int:
    ours = {wallet, *(associated_address(wallet, t) for t in (order.token_in, order.token_out))}
    tokens = (*balances.tokens_before, *balances.tokens_after)
    ours |= {balance.account for balance in tokens if balance.owner == wallet}
    before = sum(balances.lamports_before.get(account, 0) for account in ours)
    after = sum(balances.lamports_after.get(account, 0) for account in ours)
    return after + balances.fee_lamports - before
