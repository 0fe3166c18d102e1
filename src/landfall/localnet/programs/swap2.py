"""The swap instructions of Meteora's two newer programs, read and checked as both programs do.

One layout, two owners: after the read-only accounts of its own (the authority and, where pools
share one, the configuration) each names the same accounts with the pool's sides in the pool's
order, checks them in the same order and asks its curve in the same three modes.
Source: as for `core.swap2`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import PUBKEY_BYTES, u8, u64
from landfall.core.anchor import ProgramFault
from landfall.core.quote import SwapRequest
from landfall.core.swap2 import INSTRUCTIONS_SYSVAR, MODE_EXACT_IN, MODE_EXACT_OUT, SWAP, SWAP2
from landfall.core.token import ACCOUNT_MINT
from landfall.core.values import Account, Accounts, BaseUnits, Pubkey, SwapMode
from landfall.core.vault import PoolSide
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    side_as_passed,
)
from landfall.localnet.programs.refusals import UNSUPPORTED_SYSVAR, require
from landfall.localnet.programs.stand_in import AccountRef, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

ARGUMENTS = (u64(8), u64(16))
ARGUMENT_MODE = u8(24)


@dataclass(frozen=True, slots=True)
class Swap2Refs:
    """The accounts of a swap instruction after those that are the program's own, in its order."""

    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    first_vault: AccountRef
    second_vault: AccountRef
    first_mint: AccountRef
    second_mint: AccountRef
    payer: AccountRef
    first_program: AccountRef
    second_program: AccountRef
    referral: AccountRef
    event_authority: AccountRef
    program: AccountRef

    @property
    def vaults(self) -> tuple[AccountRef, AccountRef]:
        """Where the pool keeps its two tokens."""
        return self.first_vault, self.second_vault


SHARED_ACCOUNTS = len(Swap2Refs.__match_args__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap2Call:
    """One instruction: `bound` is the least output, or with exact out the most input.

    `own` are the accounts before those of `named`, `remaining` those after them.
    """

    program_id: Pubkey
    name: str
    amount: int
    bound: int
    mode: int
    own: Sequence[AccountRef]
    named: Swap2Refs
    remaining: Sequence[AccountRef]

    @property
    def has_referral(self) -> bool:
        """The program's own id stands for no referral."""
        return self.named.referral.address != self.program_id

    @property
    def is_exact_out(self) -> bool:
        """Whether `amount` is of the output."""
        return self.mode == MODE_EXACT_OUT


def read_call(
    program_id: Pubkey, data: bytes, refs: Sequence[AccountRef], *, own: int
) -> Swap2Call:
    """What an instruction asks of the program; `own` is how many accounts come before the pool.

    Raises:
        ProgramRefused: it is another instruction, or lacks accounts or arguments.
    """
    is_swap = data[:8] == SWAP
    require(is_swap or data[:8] == SWAP2, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
    end = own + SHARED_ACCOUNTS
    require(len(refs) >= end, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
    enough = ARGUMENT_MODE.offset + (0 if is_swap else 1)
    require(len(data) >= enough, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
    amount, bound = (argument.read(data) for argument in ARGUMENTS)
    return Swap2Call(
        program_id=program_id,
        name="Swap" if is_swap else "Swap2",
        amount=amount,
        bound=bound,
        mode=MODE_EXACT_IN if is_swap else ARGUMENT_MODE.read(data),
        own=refs[:own],
        named=Swap2Refs(*refs[own:end]),
        remaining=refs[end:],
    )


def checked_sides(
    call: Swap2Call, accounts: Accounts, event_authority: Pubkey
) -> tuple[PoolSide, PoolSide]:
    """The programs' checks of everything after the pool and its vaults' addresses, in their order.

    Raises:
        ProgramRefused: an account is not what the instruction says it is.
    """
    named = call.named
    for ref in (named.user_in, named.user_out):
        _check_token_account(ref, accounts)
    triples = (
        (named.first_vault, named.first_program, named.first_mint),
        (named.second_vault, named.second_program, named.second_mint),
    )
    for vault, program, _ in triples:
        kept_by = _check_token_account(vault, accounts).owner
        require(kept_by == program.address, anchor.CONSTRAINT_TOKEN_PROGRAM)
    for vault, _, mint in triples:
        check_mint_held(vault, mint, accounts, anchor.CONSTRAINT_TOKEN_MINT)
        check_token_owned(accounts.get(mint.address))
    check_signer(named.payer)
    check_token_program(named.first_program)
    check_token_program(named.second_program)
    require(named.event_authority.address == event_authority, anchor.CONSTRAINT_SEEDS)
    if call.has_referral:
        _check_token_account(named.referral, accounts)
    first, second = (
        side_as_passed(mint, vault, program, accounts) for vault, program, mint in triples
    )
    return first, second


def mint_given(call: Swap2Call, accounts: Accounts) -> Pubkey:
    """What the trader's input account holds; whether the pool trades it is not looked at."""
    user_in = accounts[call.named.user_in.address]
    assert user_in is not None
    require(len(user_in.data) >= PUBKEY_BYTES, anchor.PANIC)
    return ACCOUNT_MINT.read(user_in.data)


def check_limited(call: Swap2Call, unproven: ProgramFault) -> None:
    """A swap that a rate limiter applies to must be shown its transaction's instructions.

    Raises:
        ProgramRefused: it is not, in the program's own words or in the runtime's.
    """
    require(len(call.remaining) > 0, unproven)
    require(call.remaining[0].address == INSTRUCTIONS_SYSVAR, UNSUPPORTED_SYSVAR)


def request_of(call: Swap2Call, in_mint: Pubkey, out_mint: Pubkey) -> SwapRequest:
    """The swap that is asked of the curve."""
    return SwapRequest(
        in_mint=in_mint,
        out_mint=out_mint,
        mode=SwapMode.EXACT_OUT if call.is_exact_out else SwapMode.EXACT_IN,
        amount=BaseUnits(call.amount),
    )


def check_bound(call: Swap2Call, in_amount: int, out_amount: int, exceeded: ProgramFault) -> None:
    """Hold a swap to the trader's bound.

    Raises:
        ProgramRefused: it takes more than the most input, or gives less than the least output.
    """
    is_kept = in_amount <= call.bound if call.is_exact_out else out_amount >= call.bound
    require(is_kept, exceeded)


def paid(
    call: Swap2Call,
    sides: tuple[PoolSide, PoolSide],
    amounts: tuple[int, int],
    referral: tuple[PoolSide, int],
) -> tuple[TokenTransfer, ...]:
    """The transfers of a swap, in the programs' order.

    Args:
        sides: the pool's, the input's first.
        amounts: into the vault, and out of it.
        referral: the side whose token the fee is in, and what of it goes to a referral account.
    """
    (side_in, side_out), (in_amount, out_amount) = sides, amounts
    named, authority = call.named, call.own[0].address
    transfers = (
        pay_in(side_in, named.user_in.address, named.payer.address, in_amount),
        pay_out(side_out, named.user_out.address, authority, out_amount),
    )
    if not call.has_referral:
        return transfers
    fee_side, fee = referral
    return *transfers, pay_out(fee_side, named.referral.address, authority, fee)


def _check_token_account(ref: AccountRef, accounts: Accounts) -> Account:
    require(ref.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    return check_token_owned(accounts.get(ref.address))
