"""How a node writes accounts, whether it was asked for them or tells of them by itself."""

import base64
from typing import Annotated

import msgspec

from landfall.core.errors import Unavailable
from landfall.core.values import I64_MAX, Account, Pubkey

Count = Annotated[int, msgspec.Meta(ge=0, le=I64_MAX)]
"""Slots, heights, lamports and units. No cluster has more of any, and PostgreSQL keeps no more."""


class WireContext(msgspec.Struct, frozen=True):
    """The slot of an answer."""

    slot: Count


class WireAccount(msgspec.Struct, frozen=True):
    """One account; `data` is a text and its encoding."""

    owner: str
    lamports: Count
    data: tuple[str, str]
    executable: bool


def read_account(value: WireAccount) -> Account:
    """The account meant.

    Raises:
        Unavailable: it makes no sense.
    """
    text, encoding = value.data
    if encoding != "base64":
        raise Unavailable(f"an account in {encoding}, base64 asked")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Unavailable("an account whose data is not base64") from None
    return Account(read_pubkey(value.owner), value.lamports, data, value.executable)


def read_pubkey(text: str) -> Pubkey:
    """The address meant.

    Raises:
        Unavailable: it is none.
    """
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise Unavailable("a reply holds an address that is none") from None
