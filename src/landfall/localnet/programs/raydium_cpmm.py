"""Raydium CPMM, played: its two swap instructions, and a pool as `initialize` would leave it.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts, the fees it books in the pool, and the price observation it keeps.
Its other instructions are refused as unknown ones.
Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/instructions/
{swap_base_input,swap_base_output,initialize}.rs, states/{pool,oracle}.rs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isqrt

from landfall.core import anchor
from landfall.core.account_fields import Address, UInt, u8, u16, u64, u128
from landfall.core.quote import SwapRequest
from landfall.core.token import decode_token_account
from landfall.core.values import (
    U128_MAX,
    Account,
    Accounts,
    BaseUnits,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
)
from landfall.core.venues.raydium_cpmm import curve, layout
from landfall.core.venues.raydium_cpmm.curve import Swapped
from landfall.core.venues.raydium_cpmm.layout import AUTHORITY, AUTHORITY_BUMP, PROGRAM_ID, Pool
from landfall.core.venues.raydium_cpmm.swap import SWAP_BASE_INPUT, SWAP_BASE_OUTPUT
from landfall.localnet.programs.account_checks import (
    check_mint_held,
    check_signer,
    check_token_owned,
    check_token_program,
    program_data,
    side_as_passed,
)
from landfall.localnet.programs.deposits import Deposit, derived, owned_account, token_account
from landfall.localnet.programs.refusals import as_the_program, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_in, pay_out

ARGUMENTS = (u64(8), u64(16))
ARGUMENTS_END = 24

OBSERVATION_DISCRIMINATOR = bytes.fromhex("7aaec5358109a584")
OBSERVATION_BYTES = 4_075
OBSERVATION_INITIALIZED = u8(8)
OBSERVATION_INDEX = u16(9)
OBSERVATION_POOL = Address(11)
OBSERVATIONS_OFFSET, OBSERVATION_ENTRY_BYTES, OBSERVATIONS_MAX = 43, 40, 100
OBSERVATION_UPDATED_AT = u64(4_043)
OBSERVATION_SECONDS_MIN = 15


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
                require(swapped.out_amount >= second, curve.EXCEEDED_SLIPPAGE)
            else:
                swapped = _swap(pool, call, SwapMode.EXACT_OUT, second, clock)
                require(swapped.in_amount <= first, curve.EXCEEDED_SLIPPAGE)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes={
                    pool.address: _pool_after(accounts[pool.address], swapped, clock),
                    pool.observation: _observed(accounts[pool.observation], pool, clock),
                },
                logs=(f"Instruction: SwapBase{'Input' if is_exact_in else 'Output'}",),
            )


def _checked_pool(call: _Call, accounts: Accounts, slot: Slot) -> Pool:
    """What Anchor does before the instruction starts: read every account, then test constraints."""
    check_signer(call.payer)
    config_account = accounts.get(call.config.address)
    require(config_account is not None, anchor.ACCOUNT_NOT_INITIALIZED)
    config = program_data(
        config_account, PROGRAM_ID, layout.CONFIG_DISCRIMINATOR, layout.CONFIG_BYTES
    )
    data = program_data(
        accounts.get(call.pool.address), PROGRAM_ID, layout.POOL_DISCRIMINATOR, layout.POOL_BYTES
    )
    for ref in (call.user_in, call.user_out, call.vault_in, call.vault_out):
        decode_token_account(ref.address, check_token_owned(accounts.get(ref.address)))
    for ref in (call.program_in, call.program_out):
        check_token_program(ref)
    sides = (
        side_as_passed(call.mint_in, call.vault_in, call.program_in, accounts),
        side_as_passed(call.mint_out, call.vault_out, call.program_out, accounts),
    )
    program_data(
        accounts.get(call.observation.address),
        PROGRAM_ID,
        OBSERVATION_DISCRIMINATOR,
        OBSERVATION_BYTES,
    )
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
    require(call.mint_in.address != call.mint_out.address, curve.INVALID_VAULT)
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


def _observed(account: Account | None, pool: Pool, clock: ChainClock) -> bytes:
    """The observation with the price before this swap accumulated; a new entry every 15 seconds."""
    assert account is not None
    data, now = bytearray(account.data), clock.unix_timestamp
    index = OBSERVATION_INDEX.read(data)
    require(index < OBSERVATIONS_MAX, anchor.PANIC)
    observed_at, *cumulative = _entry(index)
    if not OBSERVATION_INITIALIZED.read(data):
        OBSERVATION_INITIALIZED.write(data, 1)
        for field, value in ((observed_at, now), (cumulative[0], 0), (cumulative[1], 0)):
            field.write(data, value)
        OBSERVATION_UPDATED_AT.write(data, now)
        return bytes(data)
    since_entry = max(0, now - observed_at.read(data))
    # Accounts of before this field was kept have 0 there; the program fills it in even when it
    # then finds nothing to add.
    updated_at = OBSERVATION_UPDATED_AT.read(data) or observed_at.read(data)
    OBSERVATION_UPDATED_AT.write(data, updated_at)
    since_update = max(0, now - updated_at)
    if since_entry == 0 or since_update == 0:
        return bytes(data)
    x, y = pool.reserves
    sums = [
        old.read(data) + _accrued(price, since_update)
        for old, price in zip(cumulative, ((y << 32) // x, (x << 32) // y), strict=True)
    ]
    if since_entry >= OBSERVATION_SECONDS_MIN:
        index = (index + 1) % OBSERVATIONS_MAX
        observed_at, *cumulative = _entry(index)
        observed_at.write(data, now)
        OBSERVATION_INDEX.write(data, index)
    for field, total in zip(cumulative, sums, strict=True):
        field.write(data, total & U128_MAX)
    OBSERVATION_UPDATED_AT.write(data, now)
    return bytes(data)


def _entry(index: int) -> tuple[UInt, UInt, UInt]:
    """When an observation was made, and the two cumulative prices."""
    start = OBSERVATIONS_OFFSET + index * OBSERVATION_ENTRY_BYTES
    return u64(start), u128(start + 8), u128(start + 24)


def _accrued(price: int, seconds: int) -> int:
    require(price * seconds <= U128_MAX, curve.MATH_OVERFLOW)
    return price * seconds


# --- opening a pool -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRates:
    """A config's rates in parts per million; `protocol` and `fund` are shares of `trade`."""

    trade: int = 2_500
    protocol: int = 120_000
    fund: int = 40_000
    creator: int = 0


DEFAULT_RATES = FeeRates()


def pool_address(deposits: tuple[Deposit, Deposit], config_index: int) -> Pubkey:
    """Where `open_pool` puts the pool of these two mints under this config."""
    mints = sorted(bytes(deposit.token.mint) for deposit in deposits)
    return derived(PROGRAM_ID, b"pool", bytes(_config_address(config_index)), *mints)


def open_pool(
    deposits: tuple[Deposit, Deposit],
    *,
    config_index: int = 0,
    rates: FeeRates = DEFAULT_RATES,
    creator_fee_on: int | None = None,
    creator: Pubkey = AUTHORITY,
    open_time: int = 0,
) -> Mapping[Pubkey, Account]:
    """A fresh pool and everything a swap of it touches: config, pool, vaults, observation.

    The price is the ratio of the deposits. The mints themselves are the caller's.

    Args:
        deposits: in any order; the pool keeps its mints ascending.
        config_index: pools of one index share a config, and must be given the same rates.
        creator_fee_on: 0 on the input, 1 always token 0, 2 always token 1; None charges none.
        open_time: Unix seconds before which the pool refuses swaps.
    """
    config = _config_address(config_index)
    pool = pool_address(deposits, config_index)
    ordered = sorted(deposits, key=lambda deposit: bytes(deposit.token.mint))
    vault_0, vault_1 = (
        derived(PROGRAM_ID, b"pool_vault", bytes(pool), bytes(deposit.token.mint))
        for deposit in ordered
    )
    observation = derived(PROGRAM_ID, b"observation", bytes(pool))
    data = bytearray(layout.POOL_BYTES)
    data[:8] = layout.POOL_DISCRIMINATOR
    for address_field, address in (
        (layout.POOL_CONFIG, config),
        (layout.POOL_CREATOR, creator),
        (layout.POOL_VAULTS[0], vault_0),
        (layout.POOL_VAULTS[1], vault_1),
        (layout.POOL_LP_MINT, derived(PROGRAM_ID, b"pool_lp_mint", bytes(pool))),
        (layout.POOL_MINTS[0], ordered[0].token.mint),
        (layout.POOL_MINTS[1], ordered[1].token.mint),
        (layout.POOL_PROGRAMS[0], ordered[0].token.program),
        (layout.POOL_PROGRAMS[1], ordered[1].token.program),
        (layout.POOL_OBSERVATION, observation),
    ):
        address_field.write(data, address)
    for field, value in (
        (layout.POOL_AUTHORITY_BUMP, AUTHORITY_BUMP),
        (layout.POOL_LP_DECIMALS, 9),
        (layout.POOL_DECIMALS[0], ordered[0].token.decimals),
        (layout.POOL_DECIMALS[1], ordered[1].token.decimals),
        (layout.POOL_LP_SUPPLY, isqrt(ordered[0].amount * ordered[1].amount)),
        (layout.POOL_OPEN_TIME, open_time),
        (layout.POOL_CREATOR_FEE_ON, creator_fee_on or 0),
        (layout.POOL_CREATOR_FEE_ENABLED, int(creator_fee_on is not None)),
    ):
        field.write(data, value)
    return {
        config: owned_account(PROGRAM_ID, _config_bytes(config_index, rates)),
        pool: owned_account(PROGRAM_ID, bytes(data)),
        vault_0: token_account(ordered[0], AUTHORITY),
        vault_1: token_account(ordered[1], AUTHORITY),
        observation: owned_account(PROGRAM_ID, fresh_observation(pool)),
    }


def _config_address(index: int) -> Pubkey:
    return derived(PROGRAM_ID, b"amm_config", index.to_bytes(2, "big"))


def _config_bytes(index: int, rates: FeeRates) -> bytes:
    data = bytearray(layout.CONFIG_BYTES)
    data[:8] = layout.CONFIG_DISCRIMINATOR
    _, bump = Pubkey.find_program_address([b"amm_config", index.to_bytes(2, "big")], PROGRAM_ID)
    for field, value in (
        (layout.CONFIG_BUMP, bump),
        (layout.CONFIG_INDEX, index),
        (layout.CONFIG_TRADE_RATE, rates.trade),
        (layout.CONFIG_PROTOCOL_RATE, rates.protocol),
        (layout.CONFIG_FUND_RATE, rates.fund),
        (layout.CONFIG_CREATOR_RATE, rates.creator),
    ):
        field.write(data, value)
    return bytes(data)


def fresh_observation(pool: Pubkey) -> bytes:
    """The bytes of a pool's observation account before its first swap."""
    data = bytearray(OBSERVATION_BYTES)
    data[:8] = OBSERVATION_DISCRIMINATOR
    OBSERVATION_POOL.write(data, pool)
    return bytes(data)
