"""How a node writes who had what before a transaction and after it, landed or only simulated."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from landfall.chain.wire import Count, read_pubkey
from landfall.core.errors import Unavailable
from landfall.core.ledger.answers import Balances, TokenBalance
from landfall.core.values import U64_MAX, Lamports, Pubkey

V = TypeVar("V")


class _UiAmount(msgspec.Struct, frozen=True):
    amount: str


class WireTokenBalance(msgspec.Struct, frozen=True, rename="camel"):
    """One token account's amount; nodes that leave the owner out are too old."""

    account_index: int
    mint: str
    ui_token_amount: _UiAmount
    owner: str | None = None


class WireLoaded(msgspec.Struct, frozen=True):
    """Addresses that came from lookup tables."""

    writable: list[str] = []
    readonly: list[str] = []


class WireBalances(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The fields that `getTransaction` and, from Agave 3.0 on, `simulateTransaction` share."""

    fee: Count | None = None
    pre_balances: list[Count] | None = None
    post_balances: list[Count] | None = None
    pre_token_balances: list[WireTokenBalance] | None = None
    post_token_balances: list[WireTokenBalance] | None = None
    loaded_addresses: WireLoaded | None = None


def read_balances(own: Sequence[Pubkey], wire: WireBalances) -> Balances | None:
    """The balances of a transaction whose message names the accounts `own`; None if not told.

    Raises:
        Unavailable: they make no sense.
    """
    if wire.fee is None or wire.pre_balances is None or wire.post_balances is None:
        return None
    loaded = wire.loaded_addresses or WireLoaded()
    keys = [*own, *map(read_pubkey, (*loaded.writable, *loaded.readonly))]
    if not len(keys) == len(wire.pre_balances) == len(wire.post_balances):
        raise Unavailable("a transaction whose balances and accounts do not match")
    return Balances(
        fee_lamports=Lamports(wire.fee),
        lamports_before=_by_key(keys, wire.pre_balances),
        lamports_after=_by_key(keys, wire.post_balances),
        tokens_before=_token_balances(keys, wire.pre_token_balances),
        tokens_after=_token_balances(keys, wire.post_token_balances),
    )


def _by_key(keys: list[Pubkey], values: list[V]) -> Mapping[Pubkey, V]:
    return dict(zip(keys, values, strict=True))


def _token_balances(
    keys: list[Pubkey], balances: list[WireTokenBalance] | None
) -> tuple[TokenBalance, ...]:
    found = []
    for balance in balances or ():
        if not 0 <= balance.account_index < len(keys) or balance.owner is None:
            raise Unavailable("a token balance without an account or an owner")
        found.append(
            TokenBalance(
                account=keys[balance.account_index],
                mint=read_pubkey(balance.mint),
                owner=read_pubkey(balance.owner),
                amount=_amount(balance.ui_token_amount.amount),
            )
        )
    return tuple(found)


def _amount(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(U64_MAX))
    if not is_number or int(text) > U64_MAX:
        raise Unavailable("a token balance that is no 64-bit number")
    return int(text)
