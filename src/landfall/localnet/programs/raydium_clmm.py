"""Raydium CLMM, played: `swap_v2`, and the older `swap`, which knows the first token program only.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts, and what it writes down (`raydium_clmm_booking`). Unlike a quote, the program uses the
tick arrays that the instruction names, in that order.
Its other instructions are refused as unknown ones.
Source: raydium-io/raydium-clmm 03b44b7 (2026-07), programs/amm/src/instructions/{swap,swap_v2}.rs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import u8, u64, u128
from landfall.core.token import (
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
    decode_mint,
    decode_token_account,
)
from landfall.core.values import Account, Accounts, ChainClock, Pubkey, Slot
from landfall.core.vault import PoolSide
from landfall.core.venues.raydium_clmm import curve, faults, layout
from landfall.core.venues.raydium_clmm.curve import Swapped, Terms
from landfall.core.venues.raydium_clmm.layout import Pool
from landfall.core.venues.raydium_clmm.swap import MEMO_PROGRAM, SWAP, SWAP_V2
from landfall.core.venues.raydium_clmm.tick_array import (
    ARRAY_POOL,
    ARRAY_START,
    PROGRAM_ID,
    TICK_ARRAY,
    TickArray,
)
from landfall.core.venues.raydium_clmm.tick_map import EXTENSION, EXTENSION_POOL, tick_map
from landfall.localnet.programs.account_checks import (
    check_signer,
    check_token_owned,
    program_data,
)
from landfall.localnet.programs.raydium_clmm_booking import booked
from landfall.localnet.programs.raydium_clmm_observation import OBSERVATION, OBSERVATION_POOL
from landfall.localnet.programs.refusals import as_the_program, refuse, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

AMOUNT, BOUND, PRICE_LIMIT, IS_BASE_INPUT = u64(8), u64(16), u128(24), u8(40)
ARGUMENTS_END = 41
CALL_ACCOUNTS, CALL_ACCOUNTS_V2 = 9, 13


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction, in its order; programs and mints as far as named."""

    payer: AccountRef
    config: AccountRef
    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    vault_in: AccountRef
    vault_out: AccountRef
    observation: AccountRef
    programs: tuple[AccountRef, ...]
    mints: tuple[AccountRef, ...]
    further: tuple[AccountRef, ...]


class RaydiumClmm:
    """The stand-in for CLMM."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        is_v2 = data[:8] == SWAP_V2
        require(is_v2 or data[:8] == SWAP, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
        flag = IS_BASE_INPUT.read(data)
        require(len(data) >= ARGUMENTS_END and flag <= 1, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        call = _call(refs, is_v2)
        with as_the_program(overflow=anchor.PANIC):
            pool, arrays = _checked_pool(call, accounts, clock.slot)
            terms = Terms(
                zero_for_one=_is_zero_for_one(call, pool, accounts),
                exact_in=bool(flag),
                amount=AMOUNT.read(data),
                price_limit=PRICE_LIMIT.read(data),
                arrays=arrays,
            )
            swapped = curve.execute(pool, terms, clock)
            _check_bound(terms.exact_in, swapped, BOUND.read(data))
            return Effects(
                transfers=_transfers(pool, call, terms.zero_for_one, swapped),
                writes=booked(pool, swapped.walk, accounts, clock),
                logs=(f"Instruction: {'SwapV2' if is_v2 else 'Swap'}",),
            )


def _call(refs: Sequence[AccountRef], is_v2: bool) -> _Call:
    # The older instruction has a place of its own for the first tick array.
    fixed = CALL_ACCOUNTS_V2 if is_v2 else CALL_ACCOUNTS
    require(len(refs) >= (fixed if is_v2 else fixed + 1), anchor.ACCOUNT_NOT_ENOUGH_KEYS)
    payer, config, pool, user_in, user_out, vault_in, vault_out, observation = refs[:8]
    return _Call(
        payer=payer,
        config=config,
        pool=pool,
        user_in=user_in,
        user_out=user_out,
        vault_in=vault_in,
        vault_out=vault_out,
        observation=observation,
        programs=tuple(refs[8:11] if is_v2 else refs[8:9]),
        mints=tuple(refs[11:13] if is_v2 else ()),
        further=tuple(refs[fixed:]),
    )


def _checked_pool(
    call: _Call, accounts: Accounts, slot: Slot
) -> tuple[Pool, tuple[TickArray, ...]]:
    """What Anchor does before the instruction starts, and what the program then unpacks."""
    check_signer(call.payer)
    config_account = accounts.get(call.config.address)
    require(config_account is not None, anchor.ACCOUNT_NOT_INITIALIZED)
    config = program_data(config_account, layout.CONFIG)
    data = program_data(accounts.get(call.pool.address), layout.POOL)
    for ref in (call.user_in, call.user_out, call.vault_in, call.vault_out):
        decode_token_account(ref.address, check_token_owned(accounts.get(ref.address)))
    observation = program_data(accounts.get(call.observation.address), OBSERVATION)
    known = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM, MEMO_PROGRAM)
    for program, wanted in zip(call.programs, known, strict=False):
        require(program.address == wanted, anchor.INVALID_PROGRAM_ID)
    _check_constraints(call, data, accounts)
    require(OBSERVATION_POOL.read(observation) == call.pool.address, faults.KEYS_DIFFER)
    extension, arrays = _unpacked(call, accounts, layout.POOL_TICK_SPACING.read(data))
    ticks = tick_map(
        data[layout.POOL_TICK_BITMAP],
        None if extension is None else program_data(accounts.get(extension), EXTENSION),
        layout.POOL_TICK_SPACING.read(data),
    )
    pool = layout.decode(
        call.pool.address,
        data,
        config=config,
        sides=_sides(data, accounts),
        slot=slot,
        ticks=ticks,
        extension=extension,
        below=(),
        above=(),
    )
    return pool, arrays


def _check_constraints(call: _Call, data: bytes, accounts: Accounts) -> None:
    require(call.config.address == layout.POOL_CONFIG.read(data), anchor.CONSTRAINT_ADDRESS)
    for ref in (call.pool, call.user_in, call.user_out, call.vault_in, call.vault_out):
        require(ref.is_writable, anchor.CONSTRAINT_MUT)
    require(call.observation.is_writable, anchor.CONSTRAINT_MUT)
    require(
        call.observation.address == layout.POOL_OBSERVATION.read(data), anchor.CONSTRAINT_ADDRESS
    )
    for mint, vault in zip(call.mints, (call.vault_in, call.vault_out), strict=False):
        held = decode_token_account(vault.address, accounts[vault.address]).mint
        require(mint.address == held, anchor.CONSTRAINT_ADDRESS)


def _unpacked(
    call: _Call, accounts: Accounts, tick_spacing: int
) -> tuple[Pubkey | None, tuple[TickArray, ...]]:
    """The accounts after the fixed ones, told by size; the first of another size ends them."""
    extension: Pubkey | None = None
    arrays = []
    for ref in call.further:
        account = accounts.get(ref.address)
        match 0 if account is None else len(account.data):
            case TICK_ARRAY.size:
                arrays.append(_array(ref, account, call.pool.address, tick_spacing))
            case EXTENSION.size:
                data = program_data(account, EXTENSION)
                ours = EXTENSION_POOL.read(data) == call.pool.address
                require(ours, faults.INVALID_EXTENSION)
                extension = ref.address
            case _:
                break
    return extension, tuple(arrays)


def _array(ref: AccountRef, account: Account | None, pool: Pubkey, tick_spacing: int) -> TickArray:
    require(ref.is_writable, anchor.ACCOUNT_NOT_MUTABLE)
    data = program_data(account, TICK_ARRAY)
    require(ARRAY_POOL.read(data) == pool, faults.KEYS_DIFFER)
    return TickArray(ref.address, ARRAY_START.read(data), tick_spacing, data)


def _sides(data: bytes, accounts: Accounts) -> tuple[PoolSide, PoolSide]:
    first, second = (_side(data, side, accounts) for side in (0, 1))
    return first, second


def _side(data: bytes, side: int, accounts: Accounts) -> PoolSide:
    vault, mint = layout.POOL_VAULTS[side].read(data), layout.POOL_MINTS[side].read(data)
    account = accounts.get(vault)
    if account is None:
        refuse(faults.INVALID_VAULT)
    state = decode_token_account(vault, account)
    mint_account = accounts.get(mint)
    fees = None if mint_account is None else decode_mint(mint, mint_account).transfer_fees
    return PoolSide(
        mint=mint,
        vault=vault,
        program=state.program,
        decimals=layout.POOL_DECIMALS[side].read(data),
        balance=state.amount,
        transfer_fees=fees,
    )


def _is_zero_for_one(call: _Call, pool: Pool, accounts: Accounts) -> bool:
    """The direction, as the vaults passed say."""
    paid = decode_token_account(call.vault_in.address, accounts[call.vault_in.address]).mint
    zero_for_one = paid == pool.mints[0]
    wanted = [side.vault for side in (pool.sides if zero_for_one else pool.sides[::-1])]
    passed = [call.vault_in.address, call.vault_out.address]
    require(passed == wanted, faults.INVALID_VAULT)
    return zero_for_one


def _check_bound(exact_in: bool, swapped: Swapped, bound: int) -> None:
    if exact_in:
        require(swapped.out_amount >= bound, faults.TOO_LITTLE_OUTPUT)
    else:
        require(swapped.in_amount <= bound, faults.TOO_MUCH_INPUT)


def _transfers(
    pool: Pool, call: _Call, zero_for_one: bool, swapped: Swapped
) -> tuple[TokenTransfer, ...]:
    side_in, side_out = pool.sides if zero_for_one else pool.sides[::-1]
    return (
        pay_in(side_in, call.user_in.address, call.payer.address, swapped.in_amount),
        pay_out(side_out, call.user_out.address, pool.address, swapped.vault_out),
    )
