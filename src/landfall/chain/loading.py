"""Pools decoded from the mirror, again only where one of their accounts has changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from landfall.chain.accounts import NEVER, Held, Reading
from landfall.chain.following import Following
from landfall.core.errors import MalformedAccount
from landfall.core.quote import Refused
from landfall.core.values import Pubkey, Slot
from landfall.core.venue import AnyVenue, NeedAccounts, as_of
from landfall.ports import LoadedPool

VENUES_MAX = 100_000


@dataclass(slots=True)
class _Known:
    """A pool as it was last decoded: from the accounts `held`, which had changed so often by then.

    `state` is None while some of its accounts are not in the mirror.
    """

    held: tuple[Held, ...] = ()
    changes: int = 0
    state: LoadedPool | Refused | None = None


class Look(NamedTuple):
    """A pool, or why it cannot be traded, as of the newest slot at which all its accounts are known
    to be true; `covered`: the stream keeps them so. Without a state, accounts must be read first.
    """

    state: LoadedPool | Refused | None
    as_of: Slot
    covered: bool


class PoolLoader:
    """Every pool that anybody asked for. What a pool is made of is followed from here."""

    def __init__(self, following: Following) -> None:
        self._following = following
        self._venues: dict[Pubkey, AnyVenue] = {}
        self._known: dict[Pubkey, _Known] = {}

    def learn(self, venues: Mapping[Pubkey, AnyVenue]) -> None:
        """These pools exist, or are said to."""
        self._venues.update(venues)

    def venue(self, pool: Pubkey) -> AnyVenue | None:
        """Whose pool it is, if that is known."""
        return self._venues.get(pool)

    def keep_only(self, pools: Collection[Pubkey]) -> None:
        """Forget how all others look; whose they are only where that gets too much."""
        for pool in self._known.keys() - pools:
            del self._known[pool]
        if len(self._venues) > VENUES_MAX:
            self._venues = {pool: self._venues[pool] for pool in pools if pool in self._venues}

    def partners(self, mint: Pubkey) -> set[Pubkey]:
        """The mints that some pool decoded so far trades against this one."""
        found: set[Pubkey] = set()
        for known in self._known.values():
            if isinstance(known.state, LoadedPool) and mint in known.state.pool.mints:
                found.update(known.state.pool.mints)
        return found - {mint}

    def look(self, pool: Pubkey) -> Look:
        """The pool as it is known now. What it needs besides is followed from now on."""
        known = self._known.get(pool)
        if known is None:
            known = self._known[pool] = _Known()
        if known.state is None or known.changes != sum(held.changes for held in known.held):
            self._decode(pool, known)
        if known.state is None:
            return Look(None, NEVER, False)
        slot, covered = self._following.mirror.known(known.held)
        if isinstance(known.state, LoadedPool) and known.state.pool.context_slot != slot:
            known.state = LoadedPool(known.state.venue, as_of(known.state.pool, slot))
        return Look(known.state, slot, covered)

    def _decode(self, pool: Pubkey, known: _Known) -> None:
        reading = Reading(self._following.mirror)
        needed: tuple[Pubkey, ...] = ()
        venue = self._venues[pool]
        try:
            loaded = venue.load(pool, reading, self._following.mirror.newest)
        except MalformedAccount as error:
            known.state = left_out(pool, venue, "MalformedAccount", str(error))
        else:
            if isinstance(loaded, NeedAccounts):
                known.state, needed = None, loaded.addresses
            else:
                known.state = LoadedPool(venue, loaded)
        known.held = tuple(reading.seen.values())
        known.changes = sum(held.changes for held in known.held)
        self._following.follow(pool, (*reading.seen, *needed))


def left_out(pool: Pubkey, venue: AnyVenue | None, error: str, sentence: str) -> Refused:
    """Why a pool is not offered."""
    return Refused(
        venue="unknown" if venue is None else venue.name,
        dex="unknown" if venue is None else venue.dex,
        pool=pool,
        error=error,
        sentence=sentence,
    )
