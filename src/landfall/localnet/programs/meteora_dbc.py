"""Meteora DBC, played: its two swap instructions.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts in its own order, partial fill, the referral's share, and the fees, volatility and
completion it books in the pool. Its other instructions are refused as unknown ones. A stand-in sees
one instruction, so neither the rule that a transaction holds one rate-limited swap of a pool nor
the lower fee of a swap beside the pool's opening is kept; that the instructions sysvar must be
passed to a limited pool is.
Source: MeteoraAg/dynamic-bonding-curve b4f9547 (0.1.10), programs/dynamic-bonding-curve/src/
{lib.rs,instructions/swap/*,state/*}.
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
from landfall.core.values import Account, Accounts, BaseUnits, ChainClock, Slot, SwapMode
from landfall.core.venues.meteora_dbc import curve, faults, fees, layout
from landfall.core.venues.meteora_dbc.curve import Swapped
from landfall.core.venues.meteora_dbc.layout import AUTHORITY, EVENT_AUTHORITY, PROGRAM_ID, Pool
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.refusals import UNSUPPORTED_SYSVAR, as_the_program, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

ARGUMENTS = (u64(8), u64(16))
ARGUMENT_MODE = u8(24)
CALL_ACCOUNTS = 15


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction, in its order."""

    authority: AccountRef
    config: AccountRef
    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    base_vault: AccountRef
    quote_vault: AccountRef
    base_mint: AccountRef
    quote_mint: AccountRef
    payer: AccountRef
    base_program: AccountRef
    quote_program: AccountRef
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


class MeteoraDbc:
    """The stand-in for DBC."""

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
                writes={pool.address: _pool_after(pool, accounts, swapped, clock)},
                logs=(f"Instruction: {'Swap' if is_swap else 'Swap2'}",),
            )


def _checked_pool(call: _Call, accounts: Accounts, slot: Slot) -> Pool:
    """The program's own checks of its accounts, in its order."""
    require(call.authority.address == AUTHORITY, anchor.CONSTRAINT_ADDRESS)
    config = program_data(accounts.get(call.config.address), layout.CONFIG)
    data = program_data(accounts.get(call.pool.address), layout.POOL)
    require(call.pool.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    for ref, known in (
        (call.base_vault, layout.POOL_VAULTS[0]),
        (call.quote_vault, layout.POOL_VAULTS[1]),
        (call.config, layout.POOL_CONFIG),
    ):
        require(ref.address == known.read(data), anchor.CONSTRAINT_HAS_ONE)
    for ref in (call.user_in, call.user_out):
        _check_token_account(ref, accounts)
    triples = (
        (call.base_vault, call.base_program, call.base_mint),
        (call.quote_vault, call.quote_program, call.quote_mint),
    )
    for vault, program, _ in triples:
        kept_by = _check_token_account(vault, accounts).owner
        require(kept_by == program.address, anchor.CONSTRAINT_TOKEN_PROGRAM)
    for vault, _, mint in triples:
        check_mint_held(vault, mint, accounts, anchor.CONSTRAINT_TOKEN_MINT)
        check_token_owned(accounts.get(mint.address))
    check_signer(call.payer)
    check_token_program(call.base_program)
    check_token_program(call.quote_program)
    require(call.event_authority.address == EVENT_AUTHORITY, anchor.CONSTRAINT_SEEDS)
    if call.has_referral:
        _check_token_account(call.referral, accounts)
    sides = (
        side_as_passed(call.base_mint, call.base_vault, call.base_program, accounts),
        side_as_passed(call.quote_mint, call.quote_vault, call.quote_program, accounts),
    )
    return layout.decode(call.pool.address, data, config, sides, slot)


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
    modes = (MODE_EXACT_IN, MODE_PARTIAL_FILL, MODE_EXACT_OUT)
    require(arguments.mode in modes, faults.TYPE_CAST_FAILED)
    user_in = accounts[call.user_in.address]
    assert user_in is not None
    require(len(user_in.data) >= PUBKEY_BYTES, anchor.PANIC)
    # Whatever does not hold base counts as quote; the token program then refuses to move it.
    is_buy = ACCOUNT_MINT.read(user_in.data) != pool.mints[0]
    require(arguments.amount > 0, faults.AMOUNT_IS_ZERO)
    if fees.is_rate_limited(pool, is_buy, clock):
        require(len(remaining) > 0, faults.SINGLE_SWAP_UNPROVEN)
        require(remaining[0].address == INSTRUCTIONS_SYSVAR, UNSUPPORTED_SYSVAR)
    mint_out, mint_in = pool.mints if is_buy else pool.mints[::-1]
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
        has_referral=call.has_referral,
        is_partial_fill=arguments.mode == MODE_PARTIAL_FILL,
    )
    if is_exact_out:
        require(swapped.in_amount <= arguments.bound, faults.EXCEEDED_SLIPPAGE)
    else:
        require(swapped.out_amount >= arguments.bound, faults.EXCEEDED_SLIPPAGE)
    curve.check_migration(pool, swapped)
    return swapped


def _transfers(pool: Pool, call: _Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    side_out, side_in = pool.sides if swapped.is_buy else pool.sides[::-1]
    transfers = [
        pay_in(side_in, call.user_in.address, call.payer.address, swapped.in_amount),
        pay_out(side_out, call.user_out.address, AUTHORITY, swapped.out_amount),
    ]
    if call.has_referral:
        fee_side = pool.sides[0 if swapped.fee_on_base else 1]
        referral = call.referral.address
        transfers.append(pay_out(fee_side, referral, AUTHORITY, swapped.referral_fee))
    return tuple(transfers)


def _pool_after(pool: Pool, accounts: Accounts, swapped: Swapped, clock: ChainClock) -> bytes:
    """The pool with this swap's fees, reserves, price, volatility and completion booked."""
    account = accounts[pool.address]
    assert account is not None
    data = bytearray(account.data)
    side = 0 if swapped.fee_on_base else 1
    creator = swapped.trading_fee * pool.creator_percent // 100
    for field, amount in (
        (layout.POOL_PARTNER_FEES[side], swapped.trading_fee - creator),
        (layout.POOL_PROTOCOL_FEES[side], swapped.protocol_fee),
        (layout.POOL_CREATOR_FEES[side], creator),
        (layout.POOL_TOTAL_PROTOCOL_FEES[side], swapped.protocol_fee),
        (layout.POOL_TOTAL_TRADING_FEES[side], swapped.trading_fee),
    ):
        field.add(data, amount)
    for field, amount in zip(layout.POOL_RESERVES, swapped.reserves, strict=True):
        field.write(data, amount)
    layout.POOL_SQRT_PRICE.write(data, swapped.sqrt_price)
    layout.POOL_HAS_SWAP.write(data, 1)
    if (volatility := swapped.volatility) is not None:
        layout.POOL_SQRT_REFERENCE.write(data, volatility.sqrt_reference)
        layout.POOL_VOLATILITY.write(data, volatility.accumulator)
        layout.POOL_VOLATILITY_REFERENCE.write(data, volatility.reference)
        layout.POOL_VOLATILITY_UPDATED_AT.write(data, volatility.updated_at)
    if swapped.completes:
        layout.POOL_FINISHED_AT.write(data, clock.unix_timestamp)
        done = layout.PROGRESS_POST_BONDING if pool.has_vesting else layout.PROGRESS_LOCKED_VESTING
        layout.POOL_MIGRATION_PROGRESS.write(data, done)
    return bytes(data)
