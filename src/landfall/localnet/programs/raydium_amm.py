"""Raydium AMM v4, played: its two swaps, each in the old form and in the new.

The numbers are the venue's own; what is added here is what only the program does: its checks of the
accounts, the opening of a pool that waited, and the epoch it notes. Of the old form's order book
accounts only the number is looked at.
Its other instructions are refused as unknown ones.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/{instruction,processor,state}.rs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from landfall.core import anchor
from landfall.core.account_fields import u64
from landfall.core.anchor import ProgramFault
from landfall.core.errors import MalformedAccount
from landfall.core.quote import SwapRequest
from landfall.core.token import TOKEN_PROGRAM, TokenAccount, decode_token_account
from landfall.core.values import U64_MAX, Accounts, BaseUnits, ChainClock, Pubkey, Slot, SwapMode
from landfall.core.vault import PoolSide
from landfall.core.venues.raydium_amm import curve, faults, layout
from landfall.core.venues.raydium_amm.curve import Swapped, Terms
from landfall.core.venues.raydium_amm.layout import AUTHORITY, AUTHORITY_NONCE, PROGRAM_ID, Pool
from landfall.core.venues.raydium_amm.swap import (
    SWAP_BASE_IN,
    SWAP_BASE_IN_V2,
    SWAP_BASE_OUT,
    SWAP_BASE_OUT_V2,
)
from landfall.localnet.programs.refusals import as_the_program, refuse, require
from landfall.localnet.programs.stand_in import AccountRef, Effects, TokenTransfer
from landfall.localnet.programs.transfers import pay_unchecked

ARGUMENTS = (u64(1), u64(9))
ARGUMENTS_END = 17
CALL_ACCOUNTS = 8
OLD_CALL_ACCOUNTS = 17
ORDER_BOOK_ACCOUNTS = 8
TAGS_ABORTED = frozenset({0, 2, 5, 8, 10, 12, 13})
"""Instructions the program once had; it stops at their sight."""

INVALID_INSTRUCTION_DATA = ProgramFault(None, "InvalidInstructionData", "invalid instruction data")
NOT_ENOUGH_ACCOUNT_KEYS = ProgramFault(None, "NotEnoughAccountKeys", "not enough account keys")


@dataclass(frozen=True, slots=True)
class _Call:
    """The accounts of a swap instruction that the program looks at, in its order."""

    token_program: AccountRef
    pool: AccountRef
    authority: AccountRef
    coin_vault: AccountRef
    pc_vault: AccountRef
    user_in: AccountRef
    user_out: AccountRef
    wallet: AccountRef


class RaydiumAmm:
    """The stand-in for AMM v4."""

    program_id = PROGRAM_ID

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects:
        """Play one instruction; see `StandIn`."""
        tag = data[:1]
        is_exact_in = tag in (SWAP_BASE_IN, SWAP_BASE_IN_V2)
        require(tag == b"" or tag[0] not in TAGS_ABORTED, anchor.PANIC)
        require(is_exact_in or tag in (SWAP_BASE_OUT, SWAP_BASE_OUT_V2), INVALID_INSTRUCTION_DATA)
        require(len(data) >= ARGUMENTS_END, INVALID_INSTRUCTION_DATA)
        call = _old_call(refs) if tag in (SWAP_BASE_IN, SWAP_BASE_OUT) else _call(refs)
        first, second = (argument.read(data) for argument in ARGUMENTS)
        with as_the_program(overflow=anchor.PANIC):
            _check_accounts(call, accounts)
            pool, source, destination = _as_passed(call, accounts, clock.slot)
            curve.check_open(pool, clock)
            request = _request(
                pool,
                source,
                destination,
                SwapMode.EXACT_IN if is_exact_in else SwapMode.EXACT_OUT,
                first if is_exact_in else second,
            )
            terms = Terms(
                balance=source.amount,
                min_out=second if is_exact_in else 0,
                max_in=U64_MAX if is_exact_in else first,
            )
            swapped = curve.execute(pool, request, clock, terms)
            return Effects(
                transfers=_transfers(pool, call, swapped),
                writes={pool.address: _pool_after(pool, accounts, clock)},
                logs=(f"Number of accounts: {len(refs)}",),
            )


def _call(refs: Sequence[AccountRef]) -> _Call:
    require(len(refs) >= CALL_ACCOUNTS, NOT_ENOUGH_ACCOUNT_KEYS)
    return _Call(*refs[:CALL_ACCOUNTS])


def _old_call(refs: Sequence[AccountRef]) -> _Call:
    """Open orders, and perhaps target orders, stand before the vaults; the market after them."""
    has_target_orders = len(refs) == OLD_CALL_ACCOUNTS + 1
    require(has_target_orders or len(refs) == OLD_CALL_ACCOUNTS, faults.WRONG_ACCOUNTS_NUMBER)
    vaults = 5 if has_target_orders else 4
    users = vaults + 2 + ORDER_BOOK_ACCOUNTS
    return _Call(*refs[:3], *refs[vaults : vaults + 2], *refs[users:])


def _check_accounts(call: _Call, accounts: Accounts) -> None:
    """The program's checks of who is who, in its order."""
    account = accounts.get(call.pool.address)
    if account is None or account.owner != PROGRAM_ID:
        refuse(faults.INVALID_AMM_ACCOUNT_OWNER)
    data = account.data
    require(len(data) == layout.POOL.size, faults.EXPECTED_ACCOUNT)
    initialized = layout.POOL_STATUS.read(data) != layout.STATUS_UNINITIALIZED
    require(initialized, faults.INVALID_STATUS)
    coin_mint, pc_mint = (mint.read(data) for mint in layout.POOL_MINTS)
    require(coin_mint != pc_mint, faults.NOT_ALLOWED)
    require(call.wallet.is_signer, faults.INVALID_SIGN_ACCOUNT)
    require(call.token_program.address == TOKEN_PROGRAM, faults.INVALID_SPL_TOKEN_PROGRAM)
    is_authority = call.authority.address == AUTHORITY
    has_its_nonce = layout.POOL_NONCE.read(data) == AUTHORITY_NONCE
    require(is_authority and has_its_nonce, faults.INVALID_PROGRAM_ADDRESS)
    vaults = [vault.read(data) for vault in layout.POOL_VAULTS]
    require(call.coin_vault.address == vaults[0], faults.INVALID_COIN_VAULT)
    require(call.pc_vault.address == vaults[1], faults.INVALID_PC_VAULT)
    for ref in (call.user_in, call.user_out):
        require(ref.address not in vaults, faults.INVALID_USER_TOKEN)


def _as_passed(
    call: _Call, accounts: Accounts, slot: Slot
) -> tuple[Pool, TokenAccount, TokenAccount]:
    """The pool, by the mints its vaults hold, and the trader's two token accounts."""
    coin, pc, source, destination = (
        _token_account(ref.address, accounts)
        for ref in (call.coin_vault, call.pc_vault, call.user_in, call.user_out)
    )
    account = accounts[call.pool.address]
    assert account is not None
    sides = (_side(coin, account.data, 0), _side(pc, account.data, 1))
    return layout.decode(call.pool.address, account.data, sides, slot), source, destination


def _token_account(address: Pubkey, accounts: Accounts) -> TokenAccount:
    account = accounts.get(address)
    if account is None or account.owner != TOKEN_PROGRAM:
        refuse(faults.INVALID_SPL_TOKEN_PROGRAM)
    try:
        return decode_token_account(address, account)
    except MalformedAccount:
        refuse(faults.EXPECTED_ACCOUNT)


def _side(vault: TokenAccount, data: bytes, side: int) -> PoolSide:
    return PoolSide(
        mint=vault.mint,
        vault=vault.address,
        program=TOKEN_PROGRAM,
        decimals=layout.POOL_DECIMALS[side].read(data),
        balance=vault.amount,
        transfer_fees=None,
    )


def _request(
    pool: Pool, source: TokenAccount, destination: TokenAccount, mode: SwapMode, amount: int
) -> SwapRequest:
    """What is asked for: the mints of the trader's accounts give the direction."""
    pair = (source.mint, destination.mint)
    require(pair in (pool.mints, pool.mints[::-1]), faults.INVALID_USER_TOKEN)
    # Two vaults of one mint are how an instruction could still name the same mint twice.
    require(source.mint != destination.mint, faults.INVALID_USER_TOKEN)
    return SwapRequest(
        in_mint=source.mint, out_mint=destination.mint, mode=mode, amount=BaseUnits(amount)
    )


def _transfers(pool: Pool, call: _Call, swapped: Swapped) -> tuple[TokenTransfer, ...]:
    side_in, side_out = pool.sides if swapped.coin_to_pc else pool.sides[::-1]
    paid, received = call.user_in.address, call.user_out.address
    wallet = call.wallet.address
    return (
        pay_unchecked(side_in.mint, paid, side_in.vault, wallet, swapped.in_amount),
        pay_unchecked(side_out.mint, side_out.vault, received, AUTHORITY, swapped.out_amount),
    )


def _pool_after(pool: Pool, accounts: Accounts, clock: ChainClock) -> bytes:
    """The pool with its opening and the epoch noted."""
    account = accounts[pool.address]
    assert account is not None
    data = bytearray(account.data)
    if pool.status == layout.STATUS_WAITING_TRADE:
        layout.POOL_STATUS.write(data, layout.STATUS_SWAP_ONLY)
    layout.POOL_RECENT_EPOCH.write(data, clock.epoch)
    return bytes(data)
