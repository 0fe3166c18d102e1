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

from landfall.core import anchor
from landfall.core.swap2 import MODE_PARTIAL_FILL, MODES
from landfall.core.values import Account, Accounts, ChainClock, Slot
from landfall.core.venues.meteora_damm_v2 import curve, faults, fee_layout, fees, layout
from landfall.core.venues.meteora_damm_v2.curve import Swapped
from landfall.core.venues.meteora_damm_v2.layout import AUTHORITY, EVENT_AUTHORITY, PROGRAM_ID, Pool
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

OWN_ACCOUNTS = 1
"""The authority comes before the pool."""


class MeteoraDammV2:
    """The stand-in for DAMM v2."""

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
                writes={pool.address: _pool_after(accounts[pool.address], swapped)},
                logs=(f"Instruction: {call.name}",),
            )


def _checked_pool(call: Swap2Call, accounts: Accounts, slot: Slot) -> Pool:
    """The program's own checks of its accounts, in its order."""
    (authority,), named = call.own, call.named
    require(authority.address == AUTHORITY, anchor.CONSTRAINT_ADDRESS)
    account = accounts.get(named.pool.address)
    is_ours = account is not None and account.owner == PROGRAM_ID
    require(is_ours, anchor.ACCOUNT_OWNED_BY_WRONG_PROGRAM)
    require(named.pool.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    data = program_data(account, layout.POOL)
    for vault, known in zip(named.vaults, layout.POOL_VAULTS, strict=True):
        require(vault.address == known.read(data), anchor.CONSTRAINT_HAS_ONE)
    sides = checked_sides(call, accounts, EVENT_AUTHORITY)
    return layout.decode(named.pool.address, data, sides, slot)


def _swap(pool: Pool, call: Swap2Call, accounts: Accounts, clock: ChainClock) -> Swapped:
    payer = call.named.payer.address
    curve.check_open(pool, clock, payer)
    require(call.mode in MODES, faults.INVALID_INPUT)
    # Whatever is not token A counts as token B; the token program then refuses to move it.
    a_to_b = mint_given(call, accounts) == pool.mints[0]
    require(call.amount > 0, faults.AMOUNT_IS_ZERO)
    if fees.is_rate_limited(pool, a_to_b, clock):
        check_limited(call, faults.SINGLE_SWAP_UNPROVEN)
    mint_in, mint_out = pool.mints if a_to_b else pool.mints[::-1]
    swapped = curve.execute(
        pool,
        request_of(call, mint_in, mint_out),
        clock,
        payer=payer,
        has_referral=call.has_referral,
        is_partial_fill=call.mode == MODE_PARTIAL_FILL,
    )
    check_bound(call, swapped.in_amount, swapped.out_amount, faults.EXCEEDED_SLIPPAGE)
    return swapped


def _transfers(pool: Pool, call: Swap2Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    side_a, side_b = pool.sides
    sides = (side_a, side_b) if swapped.a_to_b else (side_b, side_a)
    fee_side = side_a if swapped.fee_on_a else side_b
    amounts = swapped.in_amount, swapped.vault_out
    return paid(call, sides, amounts, (fee_side, swapped.referral_fee))


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
