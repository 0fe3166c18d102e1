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

from landfall.core import anchor
from landfall.core.swap2 import MODE_PARTIAL_FILL, MODES
from landfall.core.values import Accounts, ChainClock, Slot
from landfall.core.venues.meteora_dbc import curve, faults, fees, layout
from landfall.core.venues.meteora_dbc.curve import Swapped
from landfall.core.venues.meteora_dbc.layout import AUTHORITY, EVENT_AUTHORITY, PROGRAM_ID, Pool
from landfall.localnet.programs.account_checks import program_data
from landfall.localnet.programs.refusals import as_the_program, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.swap2 import (
    Swap2Call,
    check_bound,
    check_limited,
    checked_sides,
    mint_given,
    paid,
    read_call,
    request_of,
)

OWN_ACCOUNTS = 2
"""The authority and the configuration come before the pool."""


class MeteoraDbc:
    """The stand-in for DBC."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        call = read_call(PROGRAM_ID, data, refs, own=OWN_ACCOUNTS)
        with as_the_program(overflow=faults.MATH_OVERFLOW):
            pool = _checked_pool(call, accounts, clock.slot)
            swapped = _swap(pool, call, accounts, clock)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes={pool.address: _pool_after(pool, accounts, swapped, clock)},
                logs=(f"Instruction: {call.name}",),
            )


def _checked_pool(call: Swap2Call, accounts: Accounts, slot: Slot) -> Pool:
    """The program's own checks of its accounts, in its order."""
    (authority, config), named = call.own, call.named
    require(authority.address == AUTHORITY, anchor.CONSTRAINT_ADDRESS)
    config_data = program_data(accounts.get(config.address), layout.CONFIG)
    data = program_data(accounts.get(named.pool.address), layout.POOL)
    require(named.pool.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    for ref, known in (
        (named.first_vault, layout.POOL_VAULTS[0]),
        (named.second_vault, layout.POOL_VAULTS[1]),
        (config, layout.POOL_CONFIG),
    ):
        require(ref.address == known.read(data), anchor.CONSTRAINT_HAS_ONE)
    sides = checked_sides(call, accounts, EVENT_AUTHORITY)
    return layout.decode(named.pool.address, data, config_data, sides, slot)


def _swap(pool: Pool, call: Swap2Call, accounts: Accounts, clock: ChainClock) -> Swapped:
    require(call.mode in MODES, faults.TYPE_CAST_FAILED)
    # Whatever is not base counts as quote; the token program then refuses to move it.
    is_buy = mint_given(call, accounts) != pool.mints[0]
    require(call.amount > 0, faults.AMOUNT_IS_ZERO)
    if fees.is_rate_limited(pool, is_buy, clock):
        check_limited(call, faults.SINGLE_SWAP_UNPROVEN)
    mint_out, mint_in = pool.mints if is_buy else pool.mints[::-1]
    swapped = curve.execute(
        pool,
        request_of(call, mint_in, mint_out),
        clock,
        has_referral=call.has_referral,
        is_partial_fill=call.mode == MODE_PARTIAL_FILL,
    )
    check_bound(call, swapped.in_amount, swapped.out_amount, faults.EXCEEDED_SLIPPAGE)
    curve.check_migration(pool, swapped)
    return swapped


def _transfers(pool: Pool, call: Swap2Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    base, quoted = pool.sides
    sides = (quoted, base) if swapped.is_buy else (base, quoted)
    fee_side = base if swapped.fee_on_base else quoted
    amounts = swapped.in_amount, swapped.out_amount
    return paid(call, sides, amounts, (fee_side, swapped.referral_fee))


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
