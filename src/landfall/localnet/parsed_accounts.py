"""`jsonParsed` for mints and token accounts without extensions, which clients ask it of most.

Source: anza-xyz/agave, account-decoder/src/parse_token.rs.
"""

from collections.abc import Callable

from landfall.core.token import NATIVE_MINT, TOKEN_PROGRAM
from landfall.core.values import Account, Pubkey
from landfall.localnet.meta import (
    MINT_BYTES,
    TOKEN_ACCOUNT_BYTES,
    TOKEN_PROGRAMS,
    is_token_account,
    mint_decimals,
)
from landfall.localnet.wire import Json, token_amount_json

STATES = ("uninitialized", "initialized", "frozen")


def parsed_json(account: Account, read: Callable[[Pubkey], Account | None]) -> Json | None:
    """The parsed `data`, or None where this module has no parser for the account."""
    if account.owner not in TOKEN_PROGRAMS:
        return None
    if len(account.data) == MINT_BYTES:
        info, kind = _mint(account.data), "mint"
    elif len(account.data) == TOKEN_ACCOUNT_BYTES and is_token_account(account):
        mint = Pubkey.from_bytes(account.data[:32])
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
        "decimals": data[44],
        "freezeAuthority": _optional_key(data, 46),
        "isInitialized": data[45] == 1,
        "mintAuthority": _optional_key(data, 0),
        "supply": str(int.from_bytes(data[36:44], "little")),
    }


def _token_account(data: bytes, mint: Pubkey, decimals: int) -> Json:
    info = {
        "isNative": mint == NATIVE_MINT,
        "mint": str(mint),
        "owner": str(Pubkey.from_bytes(data[32:64])),
        "state": STATES[min(data[108], 2)],
        "tokenAmount": token_amount_json(int.from_bytes(data[64:72], "little"), decimals),
    }
    delegate, close_authority = _optional_key(data, 72), _optional_key(data, 129)
    if delegate is not None:
        info["delegate"] = delegate
        delegated = int.from_bytes(data[121:129], "little")
        info["delegatedAmount"] = token_amount_json(delegated, decimals)
    if close_authority is not None:
        info["closeAuthority"] = close_authority
    if int.from_bytes(data[109:113], "little"):
        reserve = int.from_bytes(data[113:121], "little")
        info["rentExemptReserve"] = token_amount_json(reserve, decimals)
    return info


def _optional_key(data: bytes, offset: int) -> str | None:
    if not int.from_bytes(data[offset : offset + 4], "little"):
        return None
    return str(Pubkey.from_bytes(data[offset + 4 : offset + 36]))
