"""The lookup tables a new chain is born with, so that a route over many pools fits one packet.

On a real cluster whoever trades a pair often keeps a table of its accounts. Here every account that
a swap of the born pools names is in one, those of a pair together, so a route uses one or two.

Source: solana-program/address-lookup-table, program/src/state.rs (LookupTableMeta, 56 bytes).
"""

from collections.abc import Iterable, Mapping

from solders.address_lookup_table_account import ID as LOOKUP_TABLE_PROGRAM

from landfall.core.errors import MalformedAccount
from landfall.core.quote import Leg, Quote, SwapRequest
from landfall.core.values import (
    U64_MAX,
    Account,
    Accounts,
    BaseUnits,
    ChainClock,
    Pubkey,
    Slot,
    SwapMode,
)
from landfall.core.venue import AnyVenue, NeedAccounts, Pool, Trader
from landfall.core.venues import VENUES
from landfall.localnet.openings.deposits import derived, owned_account

TABLE_ADDRESSES_MAX = 256
TABLES = tuple(derived(LOOKUP_TABLE_PROGRAM, b"localnet", bytes([index])) for index in range(2))
"""The tables' addresses; genesis fills them all."""
_META = (1).to_bytes(4, "little") + U64_MAX.to_bytes(8, "little") + bytes(44)
"""An initialised table, never closed, extended before the first slot, with no authority."""
_CLOCK = ChainClock(Slot(1), 0, 1_800_000_000)
_STRANGERS = tuple(derived(LOOKUP_TABLE_PROGRAM, b"trader", bytes([place])) for place in range(3))
_TRADER = Trader(*_STRANGERS)
_SMALL, _LARGE = 10**6, 10**12


def lookup_tables(accounts: Accounts) -> dict[Pubkey, Account]:
    """Tables of all that swaps of these pools name."""
    wanted: dict[frozenset[Pubkey], dict[Pubkey, None]] = {}
    for venue, pool in _pools(accounts):
        named = wanted.setdefault(frozenset(pool.mints), {})
        named.update(dict.fromkeys(_named(venue, pool)))
    tables: list[list[Pubkey]] = [[]]
    for pair in sorted(wanted, key=lambda mints: sorted(map(bytes, mints))):
        new = [address for address in wanted[pair] if address not in tables[-1]]
        if len(tables[-1]) + len(new) > TABLE_ADDRESSES_MAX:
            tables.append([])
            new = list(wanted[pair])
        tables[-1] += new
    return {
        address: owned_account(LOOKUP_TABLE_PROGRAM, _META + b"".join(map(bytes, table)))
        for address, table in zip(TABLES, tables, strict=True)
    }


def _pools(accounts: Accounts) -> Iterable[tuple[AnyVenue, Pool]]:
    by_program: Mapping[Pubkey, AnyVenue] = {v.program_id: v for v in VENUES.values()}
    for address, account in accounts.items():
        venue = by_program.get(account.owner) if account is not None else None
        if venue is None:
            continue
        seen = {address: account}
        try:
            while isinstance(pool := venue.load(address, seen, Slot(1)), NeedAccounts):
                seen |= {wanted: accounts.get(wanted) for wanted in pool.addresses}
        except MalformedAccount:
            continue
        yield venue, pool


def _named(venue: AnyVenue, pool: Pool) -> Iterable[Pubkey]:
    """The accounts of swaps both ways, small and large."""
    for mints in (pool.mints, pool.mints[::-1]):
        for amount in (_SMALL, _LARGE):
            request = SwapRequest(
                in_mint=mints[0],
                out_mint=mints[1],
                mode=SwapMode.EXACT_IN,
                amount=BaseUnits(amount),
            )
            quote = venue.quote(pool, request, _CLOCK)
            if not isinstance(quote, Quote):
                continue
            swap = venue.swap(pool, Leg(quote=quote, threshold=BaseUnits(1)), _TRADER)
            yield from (meta.pubkey for meta in swap.accounts if meta.pubkey not in _STRANGERS)
