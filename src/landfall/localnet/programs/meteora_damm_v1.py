"""Meteora DAMM v1, played: its swap instruction, and what its vaults do for it.

The numbers are the venue's own; what is added here is what only the programs do: the pool's checks
of the accounts, the payments in their order, and the books of both vaults, whose shares are minted
and burned. Its other instructions are refused as unknown ones.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-amm/src/{instructions/swap,error}.rs, and what the
compiled program answers to wrong accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import UInt, u64
from landfall.core.anchor import ProgramFault, SwapRefused
from landfall.core.quote import SwapRequest
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    MINT_SUPPLY,
    TOKEN_PROGRAM,
    decode_token_account,
)
from landfall.core.values import Account, Accounts, BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.venue import NeedAccounts
from landfall.core.venues.meteora_damm_v1 import curve, faults, layout, vaults
from landfall.core.venues.meteora_damm_v1.curve import Swapped
from landfall.core.venues.meteora_damm_v1.layout import PROGRAM_ID, Pool
from landfall.core.venues.meteora_damm_v1.swap import SWAP
from landfall.core.venues.meteora_damm_v1.vaults import VAULT_PROGRAM_ID, VAULT_TOTAL
from landfall.localnet.programs.account_checks import check_signer, program_data
from landfall.localnet.programs.refusals import as_the_program, refuse, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_unchecked

ARGUMENTS = (u64(8), u64(16))
ARGUMENTS_END = 24
CALL_ACCOUNTS = 15

AFTER_PAYMENT = frozenset({faults.ZERO_TRADING_TOKENS, anchor.PANIC})
"""What is refused only after the trader has paid."""


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction, in its order."""

    pool: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    vault_a: AccountRef
    vault_b: AccountRef
    tokens_a: AccountRef
    tokens_b: AccountRef
    lp_mint_a: AccountRef
    lp_mint_b: AccountRef
    pool_lp_a: AccountRef
    pool_lp_b: AccountRef
    protocol_fee: AccountRef
    user: AccountRef
    vault_program: AccountRef
    token_program: AccountRef


class MeteoraDammV1:
    """The stand-in for DAMM v1."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        require(data[:8] == SWAP, anchor.INSTRUCTION_FALLBACK_NOT_FOUND)
        require(len(refs) >= CALL_ACCOUNTS, anchor.ACCOUNT_NOT_ENOUGH_KEYS)
        require(len(data) >= ARGUMENTS_END, anchor.INSTRUCTION_DID_NOT_DESERIALIZE)
        amount, minimum = (argument.read(data) for argument in ARGUMENTS)
        call = _Call(*refs[:CALL_ACCOUNTS])
        with as_the_program(overflow=faults.MATH_OVERFLOW):
            pool = _checked_pool(call, accounts, clock.slot)
            curve.check_open(pool, clock, call.user.address)
            _check_price_source(pool, refs[CALL_ACCOUNTS:], clock)
            swapped = _swap(pool, call, amount, accounts, clock)
            # A swap of nothing is over before the bound is looked at.
            require(amount == 0 or swapped.out_amount >= minimum, faults.EXCEEDED_SLIPPAGE)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes=_books(pool, swapped, accounts),
                logs=("Instruction: Swap",),
                calls=frozenset({VAULT_PROGRAM_ID, TOKEN_PROGRAM}),
            )


def _checked_pool(call: _Call, accounts: Accounts, slot: Slot) -> Pool:
    """The pool, if every account of the instruction is the one it names."""
    written = (
        call.pool,
        call.user_in,
        call.user_out,
        call.vault_a,
        call.vault_b,
        call.tokens_a,
        call.tokens_b,
        call.lp_mint_a,
        call.lp_mint_b,
        call.pool_lp_a,
        call.pool_lp_b,
        call.protocol_fee,
    )
    for ref in written:
        _existing(accounts, ref.address)
    data = program_data(accounts[call.pool.address], layout.POOL)
    check_signer(call.user)
    require(call.vault_program.address == VAULT_PROGRAM_ID, anchor.INVALID_PROGRAM_ID)
    require(call.token_program.address == TOKEN_PROGRAM, anchor.INVALID_PROGRAM_ID)
    require(all(ref.is_writable for ref in written), anchor.CONSTRAINT_MUT)
    named = (
        (call.vault_a, layout.POOL_VAULTS[0].read(data), faults.INVALID_VAULT),
        (call.vault_b, layout.POOL_VAULTS[1].read(data), faults.INVALID_VAULT),
        (call.pool_lp_a, layout.POOL_VAULT_LPS[0].read(data), faults.INVALID_VAULT_LP),
        (call.pool_lp_b, layout.POOL_VAULT_LPS[1].read(data), faults.INVALID_VAULT_LP),
    )
    _require_named(named)
    for vault, tokens in ((call.vault_a, call.tokens_a), (call.vault_b, call.tokens_b)):
        kept_in = vaults.token_account_of(vault.address)
        require(tokens.address == kept_in, faults.INVALID_VAULT)
    for vault, lp_mint in ((call.vault_a, call.lp_mint_a), (call.vault_b, call.lp_mint_b)):
        named_mint = vaults.lp_mint_of(vault.address, accounts)
        require(lp_mint.address == named_mint, faults.MISMATCHED_LP_MINT)
    stake = layout.stake_pool(data)
    # The stake pool is only looked for when its price is needed.
    known = accounts if stake is None else {stake: None, **accounts}
    pool = layout.load(call.pool.address, known, slot)
    assert not isinstance(pool, NeedAccounts), "every account the pool names has been passed"
    return pool


def _check_price_source(pool: Pool, remaining: Sequence[AccountRef], clock: ChainClock) -> None:
    """A stake pool whose price must be read anew comes after the instruction's own accounts."""
    if pool.curve is None or not pool.curve.must_be_priced_anew(clock.unix_timestamp):
        return
    require(len(remaining) > 0, faults.INVALID_REMAINING_COUNT)
    require(remaining[0].address == pool.curve.stake_pool, faults.INVALID_REMAINING)


def _require_named(named: Sequence[tuple[AccountRef, Pubkey, ProgramFault]]) -> None:
    for ref, known, fault in named:
        require(ref.address == known, fault)


def _swap(pool: Pool, call: _Call, amount: int, accounts: Accounts, clock: ChainClock) -> Swapped:
    paying = _existing(accounts, call.user_in.address)
    held = decode_token_account(call.user_in.address, paying).amount
    a_to_b = ACCOUNT_MINT.read(paying.data) == pool.mints[0]
    fee_account = pool.protocol_fee_accounts[0 if a_to_b else 1]
    require(call.protocol_fee.address == fee_account, faults.INVALID_PROTOCOL_FEE)
    mint_in, mint_out = pool.mints if a_to_b else pool.mints[::-1]
    request = SwapRequest(
        in_mint=mint_in, out_mint=mint_out, mode=SwapMode.EXACT_IN, amount=BaseUnits(amount)
    )
    try:
        swapped = curve.execute(pool, request, clock, call.user.address)
    except SwapRefused as refused:
        require(held >= amount or refused.fault not in AFTER_PAYMENT, anchor.INSUFFICIENT_FUNDS)
        raise
    require(held >= amount, anchor.INSUFFICIENT_FUNDS)
    return swapped


def _transfers(pool: Pool, call: _Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    """The trader pays the protocol and one vault, and is paid by the other."""
    way = (0, 1) if swapped.a_to_b else (1, 0)
    side_in, side_out = (pool.sides[place] for place in way)
    user_in, user = call.user_in.address, call.user.address
    paying_vault = pool.stakes[way[1]].vault
    payments = (
        (side_in.mint, user_in, call.protocol_fee.address, user, swapped.protocol_fee),
        (side_in.mint, user_in, side_in.vault, user, swapped.deposited),
        (side_out.mint, side_out.vault, call.user_out.address, paying_vault, swapped.out_amount),
    )
    return tuple(pay_unchecked(*payment) for payment in payments if payment[-1] > 0)


def _books(pool: Pool, swapped: Swapped, accounts: Accounts) -> dict[Pubkey, bytes]:
    """Both vaults, their LP mints and the pool's shares after the swap, and a price read anew."""
    way = (0, 1) if swapped.a_to_b else (1, 0)
    stake_in, stake_out = (pool.stakes[place] for place in way)
    changes: tuple[tuple[Pubkey, UInt, int], ...] = (
        (stake_in.vault, VAULT_TOTAL, swapped.deposited),
        (stake_in.lp_mint, MINT_SUPPLY, swapped.minted),
        (stake_in.pool_lp, ACCOUNT_AMOUNT, swapped.minted),
        (stake_out.vault, VAULT_TOTAL, -swapped.out_amount),
        (stake_out.lp_mint, MINT_SUPPLY, -swapped.burned),
        (stake_out.pool_lp, ACCOUNT_AMOUNT, -swapped.burned),
    )
    books = {}
    for address, field, change in changes:
        data = bytearray(_existing(accounts, address).data)
        field.add(data, change)
        books[address] = bytes(data)
    if swapped.price is not None:
        data = bytearray(_existing(accounts, pool.address).data)
        layout.POOL_PRICE.write(data, swapped.price[0])
        layout.POOL_PRICED_AT.write(data, swapped.price[1])
        books[pool.address] = bytes(data)
    return books


def _existing(accounts: Accounts, address: Pubkey) -> Account:
    account = accounts.get(address)
    if account is None:
        refuse(anchor.ACCOUNT_NOT_INITIALIZED)
    return account
