"""`jsonParsed` for mints and token accounts without extensions, which clients ask it of most.

Source: anza-xyz/agave, account-decoder/src/parse_token.rs.
"""

from collections.abc import Callable

from landfall.core.account_fields import u64
from landfall.core.token import (
    ACCOUNT_AMOUNT,
    ACCOUNT_MINT,
    ACCOUNT_OWNER,
    ACCOUNT_STATE,
    MINT_BYTES,
    MINT_DECIMALS,
    MINT_INITIALIZED,
    MINT_SUPPLY,
    NATIVE_MINT,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAM,
    TOKEN_PROGRAMS,
)
from landfall.core.values import Account, Pubkey
from landfall.localnet.meta import is_token_account, mint_decimals
from landfall.localnet.openings.deposits import IS_NATIVE, NATIVE_RESERVE
from landfall.localnet.wire import Json, token_amount_json

MINT_AUTHORITY, FREEZE_AUTHORITY = 0, 46
DELEGATE, CLOSE_AUTHORITY = 72, 129
DELEGATED_AMOUNT = u64(121)
STATES = ("uninitialized", "initialized", "frozen")


def parsed_json(account: Account, read: Callable[[Pubkey], Account | None]) -> Json | None:
    """The parsed `data`, or None where this module has no parser for the account."""
    if account.owner not in TOKEN_PROGRAMS:
        return None
    if len(account.data) == MINT_BYTES:
        info, kind = _mint(account.data), "mint"
    elif len(account.data) == TOKEN_ACCOUNT_BYTES and is_token_account(account):
        mint = ACCOUNT_MINT.read(account.data)
        info, kind = _token_account(account.data, mint, mint_decimals(read(mint)) or 0), "account"
    else:
        return None
    return {
        "program": "spl-token" if account.owner == TOKEN_PROGRAM else "spl-token-2022",
        "parsed": {"info": info, "type": kind},
        "space": len(account.data),
    }


def _mint(data: bytes) -> Json:
    return {
        "decimals": MINT_DECIMALS.read(data),
        "freezeAuthority": _optional_key(data, FREEZE_AUTHORITY),
        "isInitialized": MINT_INITIALIZED.read(data) == 1,
        "mintAuthority": _optional_key(data, MINT_AUTHORITY),
        "supply": str(MINT_SUPPLY.read(data)),
    }


def _token_account(data: bytes, mint: Pubkey, decimals: int) -> Json:
    info = {
        "isNative": mint == NATIVE_MINT,
        "mint": str(mint),
        "owner": str(ACCOUNT_OWNER.read(data)),
        "state": STATES[min(ACCOUNT_STATE.read(data), 2)],
        "tokenAmount": token_amount_json(ACCOUNT_AMOUNT.read(data), decimals),
    }
    delegate, close_authority = _optional_key(data, DELEGATE), _optional_key(data, CLOSE_AUTHORITY)
    if delegate is not None:
        info["delegate"] = delegate
        delegated = DELEGATED_AMOUNT.read(data)
        info["delegatedAmount"] = token_amount_json(delegated, decimals)
    if close_authority is not None:
        info["closeAuthority"] = close_authority
    if IS_NATIVE.read(data):
        reserve = NATIVE_RESERVE.read(data)
        info["rentExemptReserve"] = token_amount_json(reserve, decimals)
    return info


def _optional_key(data: bytes, offset: int) -> str | None:
    if not int.from_bytes(data[offset : offset + 4], "little"):
        return None
    return str(Pubkey.from_bytes(data[offset + 4 : offset + 36]))
