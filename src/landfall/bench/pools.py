"""The pools that localnet is born with, read as the engine reads them."""

from collections.abc import Iterator

from landfall.core.errors import MalformedAccount
from landfall.core.values import Account, Accounts, ChainClock, Pubkey, Slot
from landfall.core.venue import AnyVenue, NeedAccounts
from landfall.core.venues import VENUES
from landfall.localnet.genesis import genesis_accounts
from landfall.ports import LoadedPool

CLOCK = ChainClock(Slot(1_000), 0, 1_800_000_000)


def all_pools() -> tuple[LoadedPool, ...]:
    """Every pool of every venue."""
    born = genesis_accounts([])
    return tuple(pool for venue in VENUES.values() for pool, _ in pools_of(venue, born))


def pools_of(venue: AnyVenue, born: Accounts) -> Iterator[tuple[LoadedPool, Accounts]]:
    """The venue's pools in order of their addresses, with everything that loading each asks for."""
    for address in sorted(born, key=bytes):
        account = born[address]
        if account is None or account.owner != venue.program_id:
            continue
        seen: dict[Pubkey, Account | None] = {address: account}
        try:
            while isinstance(answer := venue.load(address, seen, Slot(1)), NeedAccounts):
                seen |= {wanted: born.get(wanted) for wanted in answer.addresses}
        except MalformedAccount:
            continue
        yield LoadedPool(venue, answer), seen
