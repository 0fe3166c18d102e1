"""Raydium CPMM, played: its two swap instructions.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts, the fees it books in the pool, and the price observation it keeps.
Its other instructions are refused as unknown ones.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/instructions/
{swap_base_input,swap_base_output}.rs, states/pool.rs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import u64
from landfall.core.quote import SwapRequest
from landfall.core.token import decode_token_account
from landfall.core.values import (
    Account,
    Accounts,
    BaseUnits,
    ChainClock,
    Slot,
    SwapMode,
)
from landfall.core.venues.raydium_cpmm import curve, faults, layout
from landfall.core.venues.raydium_cpmm.curve import Swapped
from landfall.core.venues.raydium_cpmm.layout import AUTHORITY, PROGRAM_ID, Pool
from landfall.core.venues.raydium_cpmm.swap import SWAP_BASE_INPUT, SWAP_BASE_OUTPUT
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.raydium_cpmm_observation import (
    OBSERVATION,
    observed,
)
from landfall.localnet.programs.refusals import as_the_program, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

ARGUMENTS = (u64(8), u64(16))
ARGUMENTS_END = 24


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction, in its order."""

    payer: AccountRef
    authority: AccountRef
    config: AccountRef
    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    vault_in: AccountRef
    vault_out: AccountRef
    program_in: AccountRef
    program_out: AccountRef
    mint_in: AccountRef
    mint_out: AccountRef
    observation: AccountRef


CALL_ACCOUNTS = 13


class RaydiumCpmm:
    """The stand-in for CPMM."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        is_exact_in = data[:8] == SWAP_BASE_INPUT
        require(is_exact_in or data[:8] == SWAP_BASE_OUTPUT, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
        require(len(data) >= ARGUMENTS_END, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        require(len(refs) >= CALL_ACCOUNTS, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
        call = _Call(*refs[:CALL_ACCOUNTS])
        with as_the_program(overflow=anchor.PANIC):
            pool = _checked_pool(call, accounts, clock.slot)
            first, second = (argument.read(data) for argument in ARGUMENTS)
            if is_exact_in:
                swapped = _swap(pool, call, SwapMode.EXACT_IN, first, clock)
                require(swapped.out_amount >= second, faults.EXCEEDED_SLIPPAGE)
            else:
                swapped = _swap(pool, call, SwapMode.EXACT_OUT, second, clock)
                require(swapped.in_amount <= first, faults.EXCEEDED_SLIPPAGE)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes={
                    pool.address: _pool_after(accounts[pool.address], swapped, clock),
                    pool.observation: observed(accounts[pool.observation], pool, clock),
                },
                logs=(f"Instruction: SwapBase{'Input' if is_exact_in else 'Output'}",),
            )


def _checked_pool(call: _Call, accounts: Accounts, slot: Slot) -> Pool:
    """What Anchor does before the instruction starts: read every account, then test constraints."""
    check_signer(call.payer)
    config_account = accounts.get(call.config.address)
    require(config_account is not None, anchor.ACCOUNT_NOT_INITIALIZED)
    config = program_data(config_account, layout.CONFIG)
    data = program_data(accounts.get(call.pool.address), layout.POOL)
    for ref in (call.user_in, call.user_out, call.vault_in, call.vault_out):
        decode_token_account(ref.address, check_token_owned(accounts.get(ref.address)))
    for ref in (call.program_in, call.program_out):
        check_token_program(ref)
    sides = (
        side_as_passed(call.mint_in, call.vault_in, call.program_in, accounts),
        side_as_passed(call.mint_out, call.vault_out, call.program_out, accounts),
    )
    program_data(accounts.get(call.observation.address), OBSERVATION)
    _check_constraints(call, data, accounts)
    if call.vault_in.address != layout.POOL_VAULTS[0].read(data):
        sides = sides[::-1]
    return layout.decode(call.pool.address, data, config, sides, slot)


def _check_constraints(call: _Call, data: bytes, accounts: Accounts) -> None:
    known_vaults = [vault.read(data) for vault in layout.POOL_VAULTS]
    require(call.authority.address == AUTHORITY, anchor.CONSTRAINT_SEEDS)
    require(call.config.address == layout.POOL_CONFIG.read(data), anchor.CONSTRAINT_ADDRESS)
    for ref in (call.pool, call.user_in, call.user_out):
        require(ref.is_writable, anchor.CONSTRAINT_MUT)
    for vault in (call.vault_in, call.vault_out):
        require(vault.is_writable, anchor.CONSTRAINT_MUT)
        require(vault.address in known_vaults, anchor.CONSTRAINT_RAW)
    for mint, vault in ((call.mint_in, call.vault_in), (call.mint_out, call.vault_out)):
        check_mint_held(vault, mint, accounts, anchor.CONSTRAINT_ADDRESS)
    require(call.observation.is_writable, anchor.CONSTRAINT_MUT)
    require(
        call.observation.address == layout.POOL_OBSERVATION.read(data), anchor.CONSTRAINT_ADDRESS
    )


def _swap(pool: Pool, call: _Call, mode: SwapMode, amount: int, clock: ChainClock) -> Swapped:
    # A pool is never of one mint; two equal vaults are how an instruction can still say so.
    require(call.mint_in.address != call.mint_out.address, faults.INVALID_VAULT)
    request = SwapRequest(
        in_mint=call.mint_in.address,
        out_mint=call.mint_out.address,
        mode=mode,
        amount=BaseUnits(amount),
    )
    return curve.execute(pool, request, clock)


def _transfers(pool: Pool, call: _Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    side_in, side_out = pool.sides if swapped.zero_for_one else pool.sides[::-1]
    return (
        pay_in(side_in, call.user_in.address, call.payer.address, swapped.in_amount),
        pay_out(side_out, call.user_out.address, AUTHORITY, swapped.vault_out),
    )


def _pool_after(account: Account | None, swapped: Swapped, clock: ChainClock) -> bytes:
    """The pool with this swap's fees booked."""
    assert account is not None
    data = bytearray(account.data)
    side = 0 if swapped.zero_for_one else 1
    creator_side = side if swapped.creator_fee_on_input else 1 - side
    layout.POOL_PROTOCOL_FEES[side].add(data, swapped.protocol_fee)
    layout.POOL_FUND_FEES[side].add(data, swapped.fund_fee)
    layout.POOL_CREATOR_FEES[creator_side].add(data, swapped.creator_fee)
    layout.POOL_RECENT_EPOCH.write(data, clock.epoch)
    return bytes(data)
