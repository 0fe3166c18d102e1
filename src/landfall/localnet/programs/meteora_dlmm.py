"""Meteora DLMM, played: its six swap instructions.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts, the price-impact form of a bound, the host's share, and what it books in the pair and in
the bins. Its other instructions are refused as unknown ones. The oracle's samples are not kept, no
rewards of liquidity mining accrue, and no transfer hook is called.
Source: MeteoraAg/dlmm-sdk fb02e51, idls/dlmm.json (program 0.12.0), commons/src/quote.rs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from landfall.core import anchor
from landfall.core.account_fields import PUBKEY_BYTES, i32, u8, u16, u64
from landfall.core.quote import SwapRequest
from landfall.core.token import ACCOUNT_MINT
from landfall.core.values import (
    BPS_DENOMINATOR,
    Accounts,
    BaseUnits,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
)
from landfall.core.venues.meteora_dlmm import arrays, bins, bitmap, curve, faults, layout
from landfall.core.venues.meteora_dlmm.arrays import PROGRAM_ID, Path
from landfall.core.venues.meteora_dlmm.curve import Swapped
from landfall.core.venues.meteora_dlmm.layout import EVENT_AUTHORITY, Pool
from landfall.core.venues.meteora_dlmm.swap import SWAP2, SWAP_EXACT_OUT2
from landfall.localnet.programs.account_checks import (
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.meteora_dlmm_booking import arrays_after, booked_fees, pair_after
from landfall.localnet.programs.refusals import as_the_program, refuse, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

SWAP = bytes.fromhex("f8c69e91e17587c8")
SWAP_EXACT_OUT = bytes.fromhex("fa49652126cf4bb8")
SWAP_WITH_PRICE_IMPACT = bytes.fromhex("38ade6d0ade49ccd")
SWAP_WITH_PRICE_IMPACT2 = bytes.fromhex("4a62c0d6b1334b33")
NAMES: Mapping[bytes, str] = MappingProxyType(
    {
        SWAP: "Swap",
        SWAP2: "Swap2",
        SWAP_EXACT_OUT: "SwapExactOut",
        SWAP_EXACT_OUT2: "SwapExactOut2",
        SWAP_WITH_PRICE_IMPACT: "SwapWithPriceImpact",
        SWAP_WITH_PRICE_IMPACT2: "SwapWithPriceImpact2",
    }
)
SECOND_FORMS = frozenset({SWAP2, SWAP_EXACT_OUT2, SWAP_WITH_PRICE_IMPACT2})
EXACT_OUT_FORMS = frozenset({SWAP_EXACT_OUT, SWAP_EXACT_OUT2})
PRICE_IMPACT_FORMS = frozenset({SWAP_WITH_PRICE_IMPACT, SWAP_WITH_PRICE_IMPACT2})

ARGUMENTS = (u64(8), u64(16))
IMPACT_HAS_ACTIVE_ID = u8(16)
IMPACT_ACTIVE_ID = i32(17)
CALL_ACCOUNTS = 15
MEMO_PLACE = 13


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts every form has, in the instruction's order; a memo program is left out."""

    pair: AccountRef
    extension: AccountRef
    reserve_x: AccountRef
    reserve_y: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    mint_x: AccountRef
    mint_y: AccountRef
    oracle: AccountRef
    host: AccountRef
    user: AccountRef
    program_x: AccountRef
    program_y: AccountRef
    event_authority: AccountRef
    program: AccountRef

    @property
    def has_host(self) -> bool:
        """The program's own id stands for no host."""
        return self.host.address != PROGRAM_ID


@dataclass(frozen=True, slots=True)
class _Arguments:
    """`bound` is the least output, or with exact out the most input; in the price-impact form it is
    the most basis points lost against the price of `active_id`, or of the pair's own.
    """

    mode: SwapMode
    amount: int
    bound: int
    is_price_impact: bool
    active_id: int | None


class MeteoraDlmm:
    """The stand-in for DLMM."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        form = bytes(data[:8])
        require(form in NAMES, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
        named = list(refs)
        if form in SECOND_FORMS:
            require(len(refs) > CALL_ACCOUNTS, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
            del named[MEMO_PLACE]
        require(len(named) >= CALL_ACCOUNTS, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
        arguments = _arguments(form, data)
        call = _Call(*named[:CALL_ACCOUNTS])
        with as_the_program(overflow=faults.MATH_OVERFLOW):
            pool = _checked_pool(call, named[CALL_ACCOUNTS:], accounts, clock.slot)
            swapped = _swap(pool, call, arguments, accounts, clock)
            fees = booked_fees(pool, swapped, call.has_host)
            pair = accounts[pool.address]
            assert pair is not None
            return Effects(
                transfers=_transfers(pool, call, swapped, fees.host),
                writes={
                    pool.address: pair_after(pair.data, swapped, fees),
                    **arrays_after(pool, swapped),
                },
                logs=(f"Instruction: {NAMES[form]}",),
            )


def _arguments(form: bytes, data: bytes) -> _Arguments:
    if form in PRICE_IMPACT_FORMS:
        require(len(data) > IMPACT_HAS_ACTIVE_ID.offset, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        has_active_id = IMPACT_HAS_ACTIVE_ID.read(data) == 1
        bound = u16(IMPACT_ACTIVE_ID.offset + (IMPACT_ACTIVE_ID.size if has_active_id else 0))
        require(len(data) >= bound.offset + 2, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        active_id = IMPACT_ACTIVE_ID.read(data) if has_active_id else None
        amount = ARGUMENTS[0].read(data)
        return _Arguments(SwapMode.EXACT_IN, amount, bound.read(data), True, active_id)
    require(len(data) >= ARGUMENTS[1].offset + 8, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
    first, second = (argument.read(data) for argument in ARGUMENTS)
    if form in EXACT_OUT_FORMS:
        return _Arguments(SwapMode.EXACT_OUT, second, first, False, None)
    return _Arguments(SwapMode.EXACT_IN, first, second, False, None)


def _checked_pool(
    call: _Call, remaining: Sequence[AccountRef], accounts: Accounts, slot: Slot
) -> Pool:
    """The program's own checks of its accounts, and the pair with the arrays that were passed."""
    data = program_data(accounts.get(call.pair.address), layout.PAIR)
    require(call.pair.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    for ref, known in (
        (call.reserve_x, layout.PAIR_RESERVES[0]),
        (call.reserve_y, layout.PAIR_RESERVES[1]),
        (call.mint_x, layout.PAIR_MINTS[0]),
        (call.mint_y, layout.PAIR_MINTS[1]),
        (call.oracle, layout.PAIR_ORACLE),
    ):
        require(ref.address == known.read(data), anchor.CONSTRAINT_HAS_ONE)
    for ref in (call.reserve_x, call.reserve_y, call.user_in, call.user_out):
        require(ref.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
        check_token_owned(accounts.get(ref.address))
    if call.has_host:
        require(call.host.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
        check_token_owned(accounts.get(call.host.address))
    check_signer(call.user)
    check_token_program(call.program_x)
    check_token_program(call.program_y)
    require(call.event_authority.address == EVENT_AUTHORITY, anchor.CONSTRAINT_SEEDS)
    sides = (
        side_as_passed(call.mint_x, call.reserve_x, call.program_x, accounts),
        side_as_passed(call.mint_y, call.reserve_y, call.program_y, accounts),
    )
    extension = None if call.extension.address == PROGRAM_ID else call.extension.address
    below, above = _paths(call.pair.address, data, extension, remaining, accounts)
    return layout.decode(
        call.pair.address, data, sides, slot, extension=extension, below=below, above=above
    )


def _paths(
    pair: Pubkey,
    data: bytes,
    extension: Pubkey | None,
    remaining: Sequence[AccountRef],
    accounts: Accounts,
) -> tuple[Path, Path]:
    """Both ways from the active bin, as far as the arrays passed with the instruction reach."""
    outer = (0, 0)
    if extension is not None:
        outer = arrays.outer_bits(pair, extension, accounts)
    bits = bitmap.joined(layout.PAIR_BITMAP.read(data), *outer)
    passed = {ref.address for ref in remaining if ref.is_writable}
    seen = {address: accounts.get(address) if address in passed else None for address in passed}
    start = layout.PAIR_ACTIVE_ID.read(data) // arrays.BIN_ARRAY_BINS
    below, above = (
        arrays.path(
            pair,
            bitmap.next_arrays(bits, start, downwards=down, count=len(remaining) + 1),
            seen,
        )
        for down in (True, False)
    )
    return below, above


def _swap(
    pool: Pool, call: _Call, arguments: _Arguments, accounts: Accounts, clock: ChainClock
) -> Swapped:
    user_in = accounts[call.user_in.address]
    assert user_in is not None
    require(len(user_in.data) >= PUBKEY_BYTES, anchor.PANIC)
    # Whatever does not hold token X counts as token Y; the token program then refuses to move it.
    x_to_y = ACCOUNT_MINT.read(user_in.data) == pool.mints[0]
    mint_in, mint_out = pool.mints if x_to_y else pool.mints[::-1]
    amount = BaseUnits(arguments.amount)
    request = SwapRequest(in_mint=mint_in, out_mint=mint_out, mode=arguments.mode, amount=amount)
    swapped = curve.execute(pool, request, clock, payer=call.user.address)
    if arguments.mode is SwapMode.EXACT_OUT:
        # Inside the bins the bound is what would arrive of it.
        side_in = pool.sides[not x_to_y]
        arriving = arguments.bound - side_in.transfer_fee(arguments.bound, clock.epoch)
        require(swapped.vault_in <= arriving, faults.INSUFFICIENT_IN)
        require(swapped.in_amount <= arguments.bound, faults.EXCEEDED_SLIPPAGE)
        return swapped
    least = arguments.bound
    if arguments.is_price_impact:
        least = _least_output(pool, arguments, x_to_y)
    require(swapped.out_amount >= least, faults.EXCEEDED_SLIPPAGE)
    return swapped


def _least_output(pool: Pool, arguments: _Arguments, x_to_y: bool) -> int:
    """What the price-impact form accepts: the value of the whole input, less the share given up."""
    bin_id = pool.active_id if arguments.active_id is None else arguments.active_id
    spot = bins.worth(arguments.amount, bins.price_of(bin_id, pool.bin_step), x_to_y)
    if arguments.bound > BPS_DENOMINATOR:
        refuse(faults.MATH_OVERFLOW)
    return spot * (BPS_DENOMINATOR - arguments.bound) // BPS_DENOMINATOR


def _transfers(
    pool: Pool, call: _Call, swapped: Swapped, host_fee: int
) -> tuple[TokenTransfer, ...]:
    side_in, side_out = pool.sides if swapped.x_to_y else pool.sides[::-1]
    transfers = [
        pay_in(side_in, call.user_in.address, call.user.address, swapped.in_amount),
        pay_out(side_out, call.user_out.address, pool.address, swapped.vault_out),
    ]
    if call.has_host and host_fee:
        fee_side = side_in if swapped.fee_on_input else side_out
        transfers.append(pay_out(fee_side, call.host.address, pool.address, host_fee))
    return tuple(transfers)
