"""Mints and token accounts as the two token programs keep them, and what a transfer costs.

Token-2022 lets a mint carry extensions. Those that change what a transfer moves, or whether it
goes through, are either modelled here (the transfer fee) or named in `MintState.hazards`, so that a
venue refuses the pool by name; none is passed over in silence. Extensions that only let somebody
act outside a swap (a permanent delegate may take tokens away, a close authority may close an empty
mint) change no amount a swap moves, and are no hazard to a quote.

Units: amounts are base units of the mint; `basis_points` are of the transferred amount.
Source: solana-program/token (state.rs: Mint 82 bytes, Account 165) and solana-program/token-2022
(extension/mod.rs for the TLV area that starts at byte 166, extension/transfer_fee/mod.rs).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NoReturn

from landfall.core.account_fields import Address, u8, u16, u64
from landfall.core.errors import MalformedAccount
from landfall.core.values import BPS_DENOMINATOR, U64_MAX, Account, Pubkey, ceil_div

TOKEN_PROGRAM = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022_PROGRAM = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
TOKEN_PROGRAMS = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})
NATIVE_MINT = Pubkey.from_string("So11111111111111111111111111111111111111112")

MINT_BYTES = 82
TOKEN_ACCOUNT_BYTES = 165
MULTISIG_BYTES = 355
"""A Token-2022 account is never of this size, so that it cannot be taken for a multisig."""

MINT_SUPPLY = u64(36)
MINT_DECIMALS = u8(44)
MINT_INITIALIZED = u8(45)
ACCOUNT_MINT = Address(0)
ACCOUNT_OWNER = Address(32)
ACCOUNT_AMOUNT = u64(64)
ACCOUNT_STATE = u8(108)
ACCOUNT_TYPE = u8(TOKEN_ACCOUNT_BYTES)
TYPE_MINT, TYPE_ACCOUNT = 1, 2
STATE_INITIALIZED, STATE_FROZEN = 1, 2


class Extension(IntEnum):
    """The extensions this module reads or refuses by name; the number is Token-2022's."""

    TRANSFER_FEE_CONFIG = 1
    TRANSFER_FEE_AMOUNT = 2
    DEFAULT_ACCOUNT_STATE = 6
    NON_TRANSFERABLE = 9
    TRANSFER_HOOK = 14
    PAUSABLE = 26


EXTENSION_BYTES: Mapping[int, int] = {
    Extension.TRANSFER_FEE_CONFIG: 108,
    Extension.TRANSFER_FEE_AMOUNT: 8,
    Extension.DEFAULT_ACCOUNT_STATE: 1,
    Extension.NON_TRANSFERABLE: 0,
    Extension.TRANSFER_HOOK: 64,
    Extension.PAUSABLE: 33,
}

HOOK_HAZARD = "transfer hook"

MOVES_NOTHING = frozenset({3, 4, 10, 12, 16, 18, 19, 20, 21, 22, 23, 24, 25})
"""Mint extensions that leave an ordinary transfer as it is: close authority, confidential transfers
and their fees, mint and burn, interest and scale (both only for display), permanent delegate,
metadata, groups and their members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What an order says about one of its two mints. Never changes once the order is accepted."""

    mint: Pubkey
    decimals: int
    program: Pubkey = TOKEN_PROGRAM
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class TransferFee:
    """What Token-2022 keeps of a transfer: a share of the amount sent, up to a maximum."""

    basis_points: int
    maximum: int

    def of(self, amount: int) -> int:
        """The fee when `amount` is sent; rounded up, against the receiver."""
        if self.basis_points == 0 or amount == 0:
            return 0
        return min(ceil_div(amount * self.basis_points, BPS_DENOMINATOR), self.maximum)

    def is_full_from(self) -> int:
        """The least amount sent that pays the maximum; a fee of nothing never does.

        >>> TransferFee(100, 5).is_full_from()
        401
        """
        if self.basis_points == 0:
            return U64_MAX
        return max(0, self.maximum - 1) * BPS_DENOMINATOR // self.basis_points + 1

    def inverse(self, received: int) -> int:
        """The fee to add to `received` so that this much arrives, as the token program computes it.

        At 100 % the share says nothing, and the maximum is the fee. For some combinations no fee is
        consistent; callers check `of(received + inverse(received))`, as the pool programs do.

        Raises:
            OverflowError: more than 64 bits would have to be sent.
        """
        if self.basis_points == 0 or received == 0:
            return 0
        if self.basis_points == BPS_DENOMINATOR:
            return self.maximum
        sent = ceil_div(received * BPS_DENOMINATOR, BPS_DENOMINATOR - self.basis_points)
        if sent - received >= self.maximum:
            sent = received + self.maximum
        if sent > U64_MAX:
            raise OverflowError("the amount to send exceeds 64 bits")
        return self.of(sent)


@dataclass(frozen=True, slots=True)
class TransferFeeConfig:
    """A mint's transfer fee: the one in force, and the one announced for `newer_from_epoch`."""

    older: TransferFee
    newer: TransferFee
    newer_from_epoch: int

    def at(self, epoch: int) -> TransferFee:
        """The fee of a transfer made in `epoch`."""
        return self.newer if epoch >= self.newer_from_epoch else self.older


@dataclass(frozen=True, slots=True, kw_only=True)
class MintState:
    """A mint as of one slot. `hazards` names what keeps a transfer of it from being predicted, a
    transfer hook (`hook_program`) among it.
    """

    address: Pubkey
    program: Pubkey
    decimals: int
    transfer_fees: TransferFeeConfig | None = None
    hook_program: Pubkey | None = None
    hazards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAccount:
    """A token account as of one slot; `owner` is the authority that may move its tokens."""

    address: Pubkey
    program: Pubkey
    mint: Pubkey
    owner: Pubkey
    amount: int
    is_frozen: bool


def decode_mint(address: Pubkey, account: Account | None) -> MintState:
    """Read a mint of either token program.

    Raises:
        MalformedAccount: the account is absent, of another owner, or not a mint.
    """
    data = _checked(address, account, MINT_BYTES, TYPE_MINT)
    assert account is not None
    if MINT_INITIALIZED.read(data) != 1:
        _refuse(address, "is no initialised mint")
    transfer_fees: TransferFeeConfig | None = None
    hook_program: Pubkey | None = None
    hazards: list[str] = []
    for number, offset in _extensions(address, data):
        if number == Extension.TRANSFER_FEE_CONFIG:
            transfer_fees = _transfer_fee_config(address, data, offset)
        elif number not in MOVES_NOTHING:
            hazards += _hazard(number, data, offset)
        if number == Extension.TRANSFER_HOOK and any(data[offset + 32 : offset + 64]):
            hook_program = Address(offset + 32).read(data)
    return MintState(
        address=address,
        program=account.owner,
        decimals=MINT_DECIMALS.read(data),
        transfer_fees=transfer_fees,
        hook_program=hook_program,
        hazards=tuple(hazards),
    )


def decode_token_account(address: Pubkey, account: Account | None) -> TokenAccount:
    """Read a token account of either token program.

    Raises:
        MalformedAccount: the account is absent, of another owner, or not a token account.
    """
    data = _checked(address, account, TOKEN_ACCOUNT_BYTES, TYPE_ACCOUNT)
    assert account is not None
    state = ACCOUNT_STATE.read(data)
    if state not in (STATE_INITIALIZED, STATE_FROZEN):
        _refuse(address, "is no initialised token account")
    return TokenAccount(
        address=address,
        program=account.owner,
        mint=ACCOUNT_MINT.read(data),
        owner=ACCOUNT_OWNER.read(data),
        amount=ACCOUNT_AMOUNT.read(data),
        is_frozen=state == STATE_FROZEN,
    )


def extension_offset(address: Pubkey, data: bytes, wanted: int) -> int | None:
    """Where the value of extension `wanted` starts in Token-2022 account bytes; None without one.

    Raises:
        MalformedAccount: the TLV area does not parse.
    """
    for number, offset in _extensions(address, data):
        if number == wanted:
            return offset
    return None


def _checked(address: Pubkey, account: Account | None, size: int, account_type: int) -> bytes:
    if account is None:
        _refuse(address, "does not exist")
    if account.owner not in TOKEN_PROGRAMS:
        _refuse(address, f"is owned by {account.owner}, not by a token program")
    data = account.data
    if len(data) == size:
        return data
    if account.owner == TOKEN_PROGRAM or len(data) <= TOKEN_ACCOUNT_BYTES:
        _refuse(address, f"has {len(data)} bytes, not {size}")
    if len(data) == MULTISIG_BYTES or ACCOUNT_TYPE.read(data) != account_type:
        _refuse(address, "is another kind of Token-2022 account")
    if any(data[size:TOKEN_ACCOUNT_BYTES]):
        _refuse(address, "has bytes where padding belongs")
    return data


def _extensions(address: Pubkey, data: bytes) -> Iterator[tuple[int, int]]:
    """Each extension's number and the offset of its value, as Token-2022 walks them."""
    seen: set[int] = set()
    at = TOKEN_ACCOUNT_BYTES + 1
    # One or two bytes at the end are what a reallocation leaves over; type 0 ends the list.
    while at + 2 <= len(data) and (number := u16(at).read(data)) != 0:
        value = at + 4
        length = u16(at + 2).read(data)
        if value + length > len(data):
            _refuse(address, f"ends inside extension {number}")
        if number in seen or length != EXTENSION_BYTES.get(number, length):
            _refuse(address, f"has a malformed extension {number}")
        seen.add(number)
        yield number, value
        at = value + length


def _transfer_fee_config(address: Pubkey, data: bytes, offset: int) -> TransferFeeConfig:
    older, newer = offset + 72, offset + 90
    config = TransferFeeConfig(
        older=TransferFee(u16(older + 16).read(data), u64(older + 8).read(data)),
        newer=TransferFee(u16(newer + 16).read(data), u64(newer + 8).read(data)),
        newer_from_epoch=u64(newer).read(data),
    )
    if max(config.older.basis_points, config.newer.basis_points) > BPS_DENOMINATOR:
        _refuse(address, "has a transfer fee above 100 %")
    return config


def _hazard(number: int, data: bytes, offset: int) -> tuple[str, ...]:
    """What makes transfers unpredictable while this extension is there; nothing if it is off."""
    match number:
        case Extension.DEFAULT_ACCOUNT_STATE:
            frozen = u8(offset).read(data) != STATE_INITIALIZED
            return ("new accounts start frozen",) if frozen else ()
        case Extension.NON_TRANSFERABLE:
            return ("non-transferable",)
        case Extension.TRANSFER_HOOK:
            hooked = any(data[offset + 32 : offset + 64])
            return (HOOK_HAZARD,) if hooked else ()
        case Extension.PAUSABLE:
            paused = u8(offset + 32).read(data) != 0
            return ("paused",) if paused else ()
        case _:
            return (f"unknown extension {number}",)


def _refuse(address: Pubkey, why: str) -> NoReturn:
    raise MalformedAccount(f"{address} {why}")
