"""Meteora DAMM v2, played: its two swap instructions.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts in its own order, partial fill, the referral's share, and the fees and volatility it books
in the pool. Its other instructions are refused as unknown ones. A stand-in sees one instruction, so
the rule that a transaction holds one rate-limited swap of a pool is not kept; that the instructions
sysvar must be passed is.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/{entrypoint.rs,instructions/swap/*,
state/*}.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import PUBKEY_BYTES, u8, u64
from landfall.core.quote import SwapRequest
from landfall.core.swap2 import (
    INSTRUCTIONS_SYSVAR,
    MODE_EXACT_IN,
    MODE_EXACT_OUT,
    MODE_PARTIAL_FILL,
    SWAP,
    SWAP2,
)
from landfall.core.token import ACCOUNT_MINT
from landfall.core.values import (
    Account,
    Accounts,
    BaseUnits,
    ChainClock,
    Slot,
    SwapMode,
)
from landfall.core.venues.meteora_damm_v2 import curve, faults, fee_layout, fees, layout
from landfall.core.venues.meteora_damm_v2.curve import Swapped
from landfall.core.venues.meteora_damm_v2.layout import (
    AUTHORITY,
    EVENT_AUTHORITY,
    PROGRAM_ID,
    Pool,
)
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.refusals import (
    UNSUPPORTED_SYSVAR,
    as_the_program,
    refuse,
    require,
)
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

ARGUMENTS = (u64(8), u64(16))
ARGUMENT_MODE = u8(24)
CALL_ACCOUNTS = 14


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction, in its order."""

    authority: AccountRef
    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    vault_a: AccountRef
    vault_b: AccountRef
    mint_a: AccountRef
    mint_b: AccountRef
    payer: AccountRef
    program_a: AccountRef
    program_b: AccountRef
    referral: AccountRef
    event_authority: AccountRef
    program: AccountRef

    @property
    def has_referral(self) -> bool:
        """The program's own id stands for no referral."""
        return self.referral.address != PROGRAM_ID


@dataclass(frozen=True, slots=True)
class _Arguments:
    """`bound` is the least output, or with exact out the most input."""

    amount: int
    bound: int
    mode: int


class MeteoraDammV2:
    """The stand-in for DAMM v2."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        is_swap = data[:8] == SWAP
        require(is_swap or data[:8] == SWAP2, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
        require(len(refs) >= CALL_ACCOUNTS, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
        end = ARGUMENT_MODE.offset + (0 if is_swap else 1)
        require(len(data) >= end, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        amount, bound = (argument.read(data) for argument in ARGUMENTS)
        mode = MODE_EXACT_IN if is_swap else ARGUMENT_MODE.read(data)
        call = _Call(*refs[:CALL_ACCOUNTS])
        with as_the_program(overflow=faults.MATH_OVERFLOW):
            pool = _checked_pool(call, accounts, clock.slot)
            arguments = _Arguments(amount, bound, mode)
            swapped = _swap(pool, call, arguments, refs[CALL_ACCOUNTS:], accounts, clock)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes={pool.address: _pool_after(accounts[pool.address], swapped)},
                logs=(f"Instruction: {'Swap' if is_swap else 'Swap2'}",),
            )


def _checked_pool(call: _Call, accounts: Accounts, slot: Slot) -> Pool:
    """The program's own checks of its accounts, in its order."""
    require(call.authority.address == AUTHORITY, anchor.CONSTRAINT_ADDRESS)
    account = accounts.get(call.pool.address)
    require(
        account is not None and account.owner == PROGRAM_ID, anchor.ACCOUNT_OWNED_BY_WRONG_PROGRAM
    )
    require(call.pool.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    data = program_data(account, layout.POOL)
    for vault, known in zip((call.vault_a, call.vault_b), layout.POOL_VAULTS, strict=True):
        require(vault.address == known.read(data), anchor.CONSTRAINT_HAS_ONE)
    for ref in (call.user_in, call.user_out):
        _check_token_account(ref, accounts)
    triples = (
        (call.vault_a, call.program_a, call.mint_a),
        (call.vault_b, call.program_b, call.mint_b),
    )
    for vault, program, _ in triples:
        kept_by = _check_token_account(vault, accounts).owner
        require(kept_by == program.address, anchor.CONSTRAINT_TOKEN_PROGRAM)
    for vault, _, mint in triples:
        check_mint_held(vault, mint, accounts, anchor.CONSTRAINT_TOKEN_MINT)
        check_token_owned(accounts.get(mint.address))
    check_signer(call.payer)
    check_token_program(call.program_a)
    check_token_program(call.program_b)
    require(call.event_authority.address == EVENT_AUTHORITY, anchor.CONSTRAINT_SEEDS)
    if call.has_referral:
        _check_token_account(call.referral, accounts)
    sides = (
        side_as_passed(call.mint_a, call.vault_a, call.program_a, accounts),
        side_as_passed(call.mint_b, call.vault_b, call.program_b, accounts),
    )
    return layout.decode(call.pool.address, data, sides, slot)


def _check_token_account(ref: AccountRef, accounts: Accounts) -> Account:
    require(ref.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    return check_token_owned(accounts.get(ref.address))


def _swap(
    pool: Pool,
    call: _Call,
    arguments: _Arguments,
    remaining: Sequence[AccountRef],
    accounts: Accounts,
    clock: ChainClock,
) -> Swapped:
    curve.check_open(pool, clock, call.payer.address)
    if arguments.mode not in (MODE_EXACT_IN, MODE_PARTIAL_FILL, MODE_EXACT_OUT):
        refuse(faults.INVALID_INPUT)
    user_in = accounts[call.user_in.address]
    assert user_in is not None
    require(len(user_in.data) >= PUBKEY_BYTES, anchor.PANIC)
    # Whatever does not hold token A counts as token B; the token program then refuses to move it.
    a_to_b = ACCOUNT_MINT.read(user_in.data) == pool.mints[0]
    require(arguments.amount > 0, faults.AMOUNT_IS_ZERO)
    if fees.is_rate_limited(pool, a_to_b, clock):
        require(len(remaining) > 0, faults.SINGLE_SWAP_UNPROVEN)
        require(remaining[0].address == INSTRUCTIONS_SYSVAR, UNSUPPORTED_SYSVAR)
    mint_in, mint_out = pool.mints if a_to_b else pool.mints[::-1]
    is_exact_out = arguments.mode == MODE_EXACT_OUT
    swapped = curve.execute(
        pool,
        SwapRequest(
            in_mint=mint_in,
            out_mint=mint_out,
            mode=SwapMode.EXACT_OUT if is_exact_out else SwapMode.EXACT_IN,
            amount=BaseUnits(arguments.amount),
        ),
        clock,
        payer=call.payer.address,
        has_referral=call.has_referral,
        is_partial_fill=arguments.mode == MODE_PARTIAL_FILL,
    )
    if is_exact_out:
        require(swapped.in_amount <= arguments.bound, faults.EXCEEDED_SLIPPAGE)
    else:
        require(swapped.out_amount >= arguments.bound, faults.EXCEEDED_SLIPPAGE)
    return swapped


def _transfers(pool: Pool, call: _Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    side_in, side_out = pool.sides if swapped.a_to_b else pool.sides[::-1]
    transfers = [
        pay_in(side_in, call.user_in.address, call.payer.address, swapped.in_amount),
        pay_out(side_out, call.user_out.address, AUTHORITY, swapped.vault_out),
    ]
    if call.has_referral:
        fee_side = pool.sides[0 if swapped.fee_on_a else 1]
        referral = call.referral.address
        transfers.append(pay_out(fee_side, referral, AUTHORITY, swapped.referral_fee))
    return tuple(transfers)


def _pool_after(account: Account | None, swapped: Swapped) -> bytes:
    """The pool with this swap's fees, reserves, price and volatility booked."""
    assert account is not None
    data = bytearray(account.data)
    fee_side = 0 if swapped.fee_on_a else 1
    per_liquidity = (swapped.claiming_fee << 128) // layout.POOL_LIQUIDITY.read(data)
    for field, amount in (
        (layout.POOL_PROTOCOL_FEES[fee_side], swapped.protocol_fee),
        (layout.POOL_FEES_PER_LIQUIDITY[fee_side], per_liquidity),
        (layout.POOL_TOTAL_LP_FEES[fee_side], swapped.claiming_fee + swapped.compounding_fee),
        (layout.POOL_TOTAL_PROTOCOL_FEES[fee_side], swapped.protocol_fee),
    ):
        field.add(data, amount)
    for field, amount in zip(layout.POOL_AMOUNTS, swapped.amounts, strict=True):
        field.write(data, amount)
    layout.POOL_LAYOUT_VERSION.write(data, layout.LAYOUT_VERSION_MAX)
    layout.POOL_SQRT_PRICE.write(data, swapped.sqrt_price)
    if (volatility := swapped.volatility) is not None:
        fee_layout.POOL_SQRT_REFERENCE.write(data, volatility.sqrt_reference)
        fee_layout.POOL_VOLATILITY.write(data, volatility.accumulator)
        fee_layout.POOL_VOLATILITY_REFERENCE.write(data, volatility.reference)
        fee_layout.POOL_VOLATILITY_UPDATED_AT.write(data, volatility.updated_at)
    return bytes(data)
