"""The two token programs as far as a swap calls them: its transfers, on account bytes.

Source: solana-program/token, program/src/processor.rs, and solana-program/token-2022, the same,
process_transfer; the order of the checks is theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from landfall.core.account_fields import u64
from landfall.core.errors import MalformedAccount
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
    Extension,
    TokenAccount,
    decode_mint,
    decode_token_account,
    extension_offset,
)
from landfall.core.values import U64_MAX, Account, Pubkey
from landfall.localnet.programs import TokenTransfer


class TokenRefused(Exception):
    """The token program returns this number, or the runtime this name."""

    def __init__(self, code: int | None, name: str) -> None:
        super().__init__(f"{name} ({code})")
        self.code = code
        self.name = name


def applied(
    transfers: Sequence[TokenTransfer], accounts: Mapping[Pubkey, Account], epoch: int
) -> Mapping[Pubkey, Account]:
    """The accounts after all transfers, in order.

    Raises:
        TokenRefused: one of them is refused.
    """
    after = dict(accounts)
    try:
        for transfer in transfers:
            _transfer(transfer, after, epoch)
    except MalformedAccount:
        raise TokenRefused(None, "InvalidAccountData") from None
    return after


def _transfer(transfer: TokenTransfer, accounts: dict[Pubkey, Account], epoch: int) -> None:
    for address in (transfer.source, transfer.destination):
        # The classic program reads its accounts by their size before it looks at whose they are.
        is_classic = transfer.token_program == TOKEN_PROGRAM
        if is_classic and len(accounts[address].data) != TOKEN_ACCOUNT_BYTES:
            raise TokenRefused(None, "InvalidAccountData")
    source = decode_token_account(transfer.source, accounts[transfer.source])
    destination = decode_token_account(transfer.destination, accounts[transfer.destination])
    _check(transfer, source, destination)
    fee = 0 if transfer.decimals is None else _fee(transfer, accounts, epoch)
    _add(accounts, source.address, -transfer.amount)
    _add(accounts, destination.address, transfer.amount - fee)
    if fee:
        _withhold(accounts, destination.address, fee)


def _fee(transfer: TokenTransfer, accounts: Mapping[Pubkey, Account], epoch: int) -> int:
    mint = decode_mint(transfer.mint, accounts[transfer.mint])
    if mint.decimals != transfer.decimals:
        raise TokenRefused(18, "MintDecimalsMismatch")
    return 0 if mint.transfer_fees is None else mint.transfer_fees.at(epoch).of(transfer.amount)


def _check(transfer: TokenTransfer, source: TokenAccount, destination: TokenAccount) -> None:
    if not source.program == destination.program == transfer.token_program:
        raise TokenRefused(None, "IncorrectProgramId")
    if source.is_frozen or destination.is_frozen:
        raise TokenRefused(17, "AccountFrozen")
    if source.amount < transfer.amount:
        raise TokenRefused(1, "InsufficientFunds")
    if not source.mint == destination.mint == transfer.mint:
        raise TokenRefused(3, "MintMismatch")
    if source.owner != transfer.authority:
        raise TokenRefused(4, "OwnerMismatch")


def _add(accounts: dict[Pubkey, Account], address: Pubkey, amount: int) -> None:
    data = bytearray(accounts[address].data)
    balance = ACCOUNT_AMOUNT.read(data) + amount
    if balance > U64_MAX:
        raise TokenRefused(14, "Overflow")
    ACCOUNT_AMOUNT.write(data, balance)
    accounts[address] = replace(accounts[address], data=bytes(data))


def _withhold(accounts: dict[Pubkey, Account], address: Pubkey, fee: int) -> None:
    data = bytearray(accounts[address].data)
    offset = extension_offset(address, bytes(data), Extension.TRANSFER_FEE_AMOUNT)
    assert offset is not None, "a token account of a mint with transfer fees keeps a counter"
    withheld = u64(offset)
    withheld.write(data, withheld.read(data) + fee)
    accounts[address] = replace(accounts[address], data=bytes(data))
