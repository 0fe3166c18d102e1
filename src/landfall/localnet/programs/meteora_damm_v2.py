"""Meteora DAMM v2, played: its two swap instructions, and a pool as its opening would leave it.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts in its own order, partial fill, the referral's share, and the fees and volatility it books
in the pool. Its other instructions are refused as unknown ones. A stand-in sees one instruction, so
the rule that a transaction holds one rate-limited swap of a pool is not kept; that the instructions
sysvar must be passed is.
Source: MeteoraAg/damm-v2 a3d3827 (0.2.1), programs/cp-amm/src/{entrypoint.rs,instructions/swap/*,
instructions/initialize_pool/*,state/*}.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isqrt

from landfall.core import anchor
from landfall.core.account_fields import PUBKEY_BYTES, UInt, u8, u64
from landfall.core.quote import SwapRequest
from landfall.core.token import ACCOUNT_MINT, TOKEN_2022_PROGRAM
from landfall.core.values import (
    U128_MAX,
    Account,
    Accounts,
    BaseUnits,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
    ceil_div,
)
from landfall.core.venues.meteora_damm_v2 import curve, faults, fee_layout, fees, layout
from landfall.core.venues.meteora_damm_v2.curve import Swapped
from landfall.core.venues.meteora_damm_v2.layout import (
    AUTHORITY,
    EVENT_AUTHORITY,
    PROGRAM_ID,
    Pool,
)
from landfall.core.venues.meteora_damm_v2.swap import (
    INSTRUCTIONS_SYSVAR,
    MODE_EXACT_IN,
    MODE_EXACT_OUT,
    MODE_PARTIAL_FILL,
    SWAP,
    SWAP2,
)
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.deposits import Deposit, derived, owned_account, token_account
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
    data = program_data(account, PROGRAM_ID, layout.POOL_DISCRIMINATOR, layout.POOL_BYTES)
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


# --- opening a pool -------------------------------------------------------------------------------

SQRT_PRICE_MIN = 4_295_048_016
SQRT_PRICE_MAX = 79_226_673_521_066_979_257_578_248_091
PROTOCOL_PERCENT, REFERRAL_PERCENT = 20, 20
BIN_STEP_BPS = 1
BIN_STEP_Q64 = (BIN_STEP_BPS << 64) // 10_000
CUSTOMIZABLE_POOL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityFee:
    """The parameters of a dynamic fee: periods in seconds, reduction in basis points."""

    filter_period: int = 10
    decay_period: int = 120
    reduction_factor: int = 5_000
    variable_fee_control: int = 2_000_000
    max_volatility: int = 100_000


def pool_address(token_a: Deposit, token_b: Deposit, config_index: int | None = None) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints; one pair has one customizable pool."""
    low, high = sorted((bytes(token_a.token.mint), bytes(token_b.token.mint)))
    if config_index is None:
        return derived(PROGRAM_ID, b"cpool", high, low)
    config = derived(PROGRAM_ID, b"config", config_index.to_bytes(8, "little"))
    return derived(PROGRAM_ID, b"pool", bytes(config), high, low)


def open_pool(
    token_a: Deposit,
    token_b: Deposit,
    *,
    fee_numerator: int = 2_500_000,
    volatility_fee: VolatilityFee | None = None,
    collect_fee_mode: int = layout.COLLECT_ON_OUTPUT,
    compounding_bps: int = 0,
    config_index: int | None = None,
    creator: Pubkey = AUTHORITY,
    activation_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh full-range pool and everything a swap of it touches: pool and both vaults.

    The price is the ratio of the deposits; of each the vault gets as much as the liquidity takes,
    which may be a few units less. The mints themselves are the caller's. No swap reads a config, so
    none is made: `config_index` only gives the pool another address.

    Args:
        fee_numerator: the constant base fee, in parts per 1e9.
        volatility_fee: parameters of a dynamic fee on top.
        collect_fee_mode: fee on the output, only in token B, or compounding (see `layout`).
        compounding_bps: share of the fee that compounds; above 0 exactly in a compounding pool.
        activation_time: Unix seconds before which the pool refuses swaps.
    """
    assert (compounding_bps > 0) == (collect_fee_mode == layout.COLLECT_COMPOUNDING)
    pool = pool_address(token_a, token_b, config_index)
    shape = (_compounding if compounding_bps else _full_range)(token_a.amount, token_b.amount)
    deposits = tuple(
        replace(deposit, amount=amount)
        for deposit, amount in zip((token_a, token_b), shape.amounts, strict=True)
    )
    vaults = [
        derived(PROGRAM_ID, b"token_vault", bytes(deposit.token.mint), bytes(pool))
        for deposit in deposits
    ]
    data = bytearray(layout.POOL_BYTES)
    data[:8] = layout.POOL_DISCRIMINATOR
    for side, deposit in enumerate(deposits):
        layout.POOL_MINTS[side].write(data, deposit.token.mint)
        layout.POOL_VAULTS[side].write(data, vaults[side])
        flag = int(deposit.token.program == TOKEN_2022_PROGRAM)
        layout.POOL_TOKEN_FLAGS[side].write(data, flag)
        layout.POOL_AMOUNTS[side].write(data, deposit.amount)
    layout.POOL_CREATOR.write(data, creator)
    for field, value in (
        (fee_layout.POOL_CLIFF_FEE, fee_numerator),
        (fee_layout.POOL_PROTOCOL_PERCENT, PROTOCOL_PERCENT),
        (fee_layout.POOL_REFERRAL_PERCENT, REFERRAL_PERCENT),
        (fee_layout.POOL_COMPOUNDING_BPS, compounding_bps),
        (layout.POOL_INIT_SQRT_PRICE, shape.sqrt_price),
        (layout.POOL_SQRT_PRICE, shape.sqrt_price),
        (layout.POOL_SQRT_MIN, shape.sqrt_min),
        (layout.POOL_SQRT_MAX, shape.sqrt_max),
        (layout.POOL_LIQUIDITY, shape.liquidity),
        (layout.POOL_ACTIVATION_POINT, activation_time),
        (layout.POOL_ACTIVATION_TYPE, layout.ACTIVATION_BY_TIME),
        (layout.POOL_COLLECT_FEE_MODE, collect_fee_mode),
        (layout.POOL_TYPE, CUSTOMIZABLE_POOL if config_index is None else 0),
        (layout.POOL_FEE_VERSION, layout.FEE_VERSION_MAX),
        (layout.POOL_LAYOUT_VERSION, layout.LAYOUT_VERSION_MAX),
        *_volatility_fields(volatility_fee),
    ):
        field.write(data, value)
    return {
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vaults[0]: token_account(deposits[0], AUTHORITY),
        vaults[1]: token_account(deposits[1], AUTHORITY),
    }


@dataclass(frozen=True, slots=True)
class _Shape:
    """A fresh pool's liquidity and the amounts it takes, each rounded up from the liquidity."""

    liquidity: int
    sqrt_price: int
    sqrt_min: int
    sqrt_max: int
    amounts: tuple[int, int]


def _full_range(a: int, b: int) -> _Shape:
    low, high = SQRT_PRICE_MIN, SQRT_PRICE_MAX
    s = isqrt((b << 128) // a)
    assert low < s < high, "the price is outside what the program allows"
    liquidity = min(a * s * high // (high - s), (b << 128) // (s - low))
    amounts = (
        ceil_div(liquidity * (high - s), s * high),
        ceil_div(liquidity * (s - low), 1 << 128),
    )
    return _Shape(liquidity, s, low, high, amounts)


def _compounding(a: int, b: int) -> _Shape:
    s, liquidity = isqrt((b << 128) // a), isqrt(a * b) << 64
    amounts = (ceil_div(liquidity, s), ceil_div(liquidity * s, 1 << 128))
    return _Shape(liquidity, isqrt((amounts[1] << 128) // amounts[0]), 0, U128_MAX, amounts)


def _volatility_fields(fee: VolatilityFee | None) -> tuple[tuple[UInt, int], ...]:
    if fee is None:
        return ()
    return (
        (fee_layout.POOL_DYNAMIC_ENABLED, 1),
        (fee_layout.POOL_MAX_VOLATILITY, fee.max_volatility),
        (fee_layout.POOL_VARIABLE_FEE_CONTROL, fee.variable_fee_control),
        (fee_layout.POOL_BIN_STEP, BIN_STEP_BPS),
        (fee_layout.POOL_FILTER_PERIOD, fee.filter_period),
        (fee_layout.POOL_DECAY_PERIOD, fee.decay_period),
        (fee_layout.POOL_REDUCTION_FACTOR, fee.reduction_factor),
        (fee_layout.POOL_BIN_STEP_Q64, BIN_STEP_Q64),
    )
