"""Base58 and JSON shapes that Solana's JSON-RPC shares between its methods.

Source: anza-xyz/agave, account-decoder (UiAccount, UiDataSliceConfig), rpc-client-api (filter.rs).
"""

import base64
from typing import Any, Literal

from landfall.core.values import U64_MAX, Account, Pubkey

Json = Any
"""A value that JSON can hold.

RPC objects are built as plain dictionaries, in the field order agave uses.
"""

Encoding = Literal["base58", "base64", "binary", "jsonParsed"]

BASE58_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE58_DIGITS = {letter: value for value, letter in enumerate(BASE58_ALPHABET)}
BASE58_ACCOUNT_BYTES_MAX = 128


def base58_encode(data: bytes) -> str:
    """Bytes as base58, leading zero bytes as leading `1`s."""
    number = int.from_bytes(data, "big")
    letters: list[str] = []
    while number:
        number, digit = divmod(number, 58)
        letters.append(BASE58_ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(reversed(letters))


def base58_decode(text: str) -> bytes:
    """The inverse of `base58_encode`.

    Raises:
        ValueError: a letter outside the alphabet.
    """
    number = 0
    for letter in text:
        digit = BASE58_DIGITS.get(letter)
        if digit is None:
            raise ValueError(f"{letter!r} is not base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def account_json(
    account: Account, encoding: Encoding, data_slice: tuple[int, int] | None = None
) -> Json:
    """A `UiAccount`. `jsonParsed` is answered as base64, as agave does where it has no parser."""
    data = account.data
    if data_slice is not None:
        offset, length = data_slice
        data = data[offset : offset + length]
    shown: Json
    match encoding:
        case "binary":
            shown = _short_base58(data)
        case "base58":
            shown = [_short_base58(data), "base58"]
        case "base64" | "jsonParsed":
            shown = [base64.b64encode(data).decode(), "base64"]
    return {
        "data": shown,
        "executable": account.executable,
        "lamports": account.lamports,
        "owner": str(account.owner),
        "rentEpoch": U64_MAX,
        "space": len(account.data),
    }


def _short_base58(data: bytes) -> str:
    if len(data) > BASE58_ACCOUNT_BYTES_MAX:
        return "error: data too large for bs58 encoding"
    return base58_encode(data)


def keyed_account_json(address: Pubkey, account: Json) -> Json:
    """An account beside its address."""
    return {"pubkey": str(address), "account": account}


def token_amount_json(amount: int, decimals: int) -> Json:
    """A `UiTokenAmount`: base units as text, and the same as a decimal."""
    digits = str(amount).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:]) if decimals else (digits, "")
    fraction = fraction.rstrip("0")
    text = f"{whole}.{fraction}" if fraction else whole
    return {
        "amount": str(amount),
        "decimals": decimals,
        "uiAmount": float(text),
        "uiAmountString": text,
    }
