"""What a pool is opened with: tokens in vaults, as the token programs would keep them.

Pools of localnet are not opened by transactions but written into the first block, so the bytes the
token programs would have left are put together here. Units: base units; lamports for rent.
"""

from dataclasses import dataclass

from landfall.core.account_fields import u16, u32, u64
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    ACCOUNT_OWNER,
    ACCOUNT_STATE,
    ACCOUNT_TYPE,
    EXTENSION_BYTES,
    NATIVE_MINT,
    STATE_INITIALIZED,
    TOKEN_2022_PROGRAM,
    TOKEN_ACCOUNT_BYTES,
    TYPE_ACCOUNT,
    Extension,
    Token,
)
from landfall.core.values import Account, Pubkey

LAMPORTS_PER_BYTE = 6_960
ACCOUNT_OVERHEAD_BYTES = 128
IS_NATIVE = u32(109)
NATIVE_RESERVE = u64(113)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """An amount of a token for one side of a pool.

    `charges_transfer_fee` says that the mint carries Token-2022's transfer fee, for which its token
    accounts keep a counter.
    """

    token: Token
    amount: int
    charges_transfer_fee: bool = False


def derived(program: Pubkey, *seeds: bytes) -> Pubkey:
    """The program's own address for these seeds."""
    return Pubkey.find_program_address(list(seeds), program)[0]


def bump(program: Pubkey, *seeds: bytes) -> int:
    """The number that moves these seeds' address off the curve."""
    return Pubkey.find_program_address(list(seeds), program)[1]


def rent_exempt(size: int) -> int:
    """Lamports an account of `size` bytes must hold to stay."""
    return (ACCOUNT_OVERHEAD_BYTES + size) * LAMPORTS_PER_BYTE


def owned_account(program: Pubkey, data: bytes) -> Account:
    """A rent-exempt account of a program."""
    return Account(owner=program, lamports=rent_exempt(len(data)), data=data)


def token_account(deposit: Deposit, authority: Pubkey) -> Account:
    """A token account that holds `deposit` under `authority`; wrapped SOL is backed by lamports."""
    data = bytearray(TOKEN_ACCOUNT_BYTES)
    ACCOUNT_MINT.write(data, deposit.token.mint)
    ACCOUNT_OWNER.write(data, authority)
    ACCOUNT_AMOUNT.write(data, deposit.amount)
    ACCOUNT_STATE.write(data, STATE_INITIALIZED)
    if deposit.token.program == TOKEN_2022_PROGRAM and deposit.charges_transfer_fee:
        _append_fee_counter(data)
    lamports = rent_exempt(len(data))
    if deposit.token.mint == NATIVE_MINT:
        IS_NATIVE.write(data, 1)
        NATIVE_RESERVE.write(data, lamports)
        lamports += deposit.amount
    return Account(owner=deposit.token.program, lamports=lamports, data=bytes(data))


def _append_fee_counter(data: bytearray) -> None:
    length = EXTENSION_BYTES[Extension.TRANSFER_FEE_AMOUNT]
    data.extend(bytes(5 + length))
    ACCOUNT_TYPE.write(data, TYPE_ACCOUNT)
    u16(TOKEN_ACCOUNT_BYTES + 1).write(data, Extension.TRANSFER_FEE_AMOUNT)
    u16(TOKEN_ACCOUNT_BYTES + 3).write(data, length)
