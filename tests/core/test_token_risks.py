"""What is said of a mint before somebody buys it."""

import pytest

from landfall.core.errors import MalformedAccount
from landfall.core.token import (
    ACCOUNT_TYPE,
    MINT_BYTES,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    NATIVE_MINT,
    TOKEN_2022_PROGRAM,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
    TYPE_MINT,
)
from landfall.core.token_risks import FREEZE_AUTHORITY_SET, MINT_AUTHORITY_SET, token_risks
from landfall.core.values import Account, Pubkey

MINT = Pubkey.from_bytes(bytes([7] * 32))


def plain_mint() -> bytearray:
    data = bytearray(MINT_BYTES)
    MINT_DECIMALS.write(data, 6)
    MINT_INITIALIZED.write(data, 1)
    return data


def account(data: bytes, owner: Pubkey = TOKEN_PROGRAM) -> Account:
    return Account(owner=owner, lamports=1, data=bytes(data))


def extended(number: int, value: bytes) -> Account:
    data = plain_mint().ljust(TOKEN_ACCOUNT_BYTES + 1, b"\0")
    ACCOUNT_TYPE.write(data, TYPE_MINT)
    data += number.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value
    return account(data, TOKEN_2022_PROGRAM)


def test_a_mint_that_nobody_rules_has_no_risks():
    assert token_risks(MINT, account(plain_mint())) == ()


def test_who_can_freeze_and_who_can_mint_is_said():
    data = plain_mint()
    FREEZE_AUTHORITY_SET.write(data, 1)
    assert [("freeze" in risk) for risk in token_risks(MINT, account(data))] == [True]
    MINT_AUTHORITY_SET.write(data, 1)
    assert len(token_risks(MINT, account(data))) == 2


def test_a_permanent_delegate_is_said_and_an_empty_one_is_not():
    assert "any wallet" in token_risks(MINT, extended(12, bytes([9] * 32)))[0]
    assert token_risks(MINT, extended(12, bytes(32))) == ()


def test_a_transfer_fee_is_said_even_if_it_is_only_announced():
    value = bytearray(108)
    value[106:108] = (250).to_bytes(2, "little")
    assert "250 basis points" in token_risks(MINT, extended(1, bytes(value)))[0]


def test_a_hook_is_said_first():
    value = bytes(32) + bytes([3] * 32)
    assert "transfer hook" in token_risks(MINT, extended(14, value))[0]


def test_sol_is_nobodys_to_rule():
    data = plain_mint()
    MINT_AUTHORITY_SET.write(data, 1)
    assert token_risks(NATIVE_MINT, account(data)) == ()


def test_what_is_no_mint_is_refused():
    with pytest.raises(MalformedAccount):
        token_risks(MINT, None)
