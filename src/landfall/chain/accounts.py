"""Accounts in memory, each with the newest slot at which its bytes are known to be true.

Bytes come from two sides: a stream tells what changed, reads tell how things stand. Three rules
keep them honest:

1. Nothing older replaces anything newer, whichever side it comes from.
2. A slot is taken whole. What the stream tells of a slot waits until a later slot begins, or until
   the stream has been quiet for a moment, so that a pool is not seen with one vault moved and the
   other not.
3. What a read shows and the stream did not tell in time, the stream has missed: the account is no
   longer covered by it until it is subscribed to again and read after that.

The cluster's clock, which changes with every slot, is the stream's heartbeat: once it is told of a
slot, all earlier slots have been told in full.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from landfall.core.errors import LandfallError
from landfall.core.ledger.answers import AccountsAt
from landfall.core.values import Account, Pubkey, Slot

CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
SLOTS_AHEAD_MAX = 1_000
"""No honest stream is further ahead than this of all that was seen before."""

NEVER = Slot(-1)
"""Before any slot."""


class ImplausibleSlot(LandfallError):
    """The stream speaks of a slot that cannot have come yet."""


@dataclass(slots=True)
class Held:
    """One account. `slot`: the newest at which `account` is known to be true; -1 before any is.

    `changes` counts them. `covered_from`: read at this slot or later, and the stream tells whatever
    comes after; None while it does not. `told`: the newest slot the stream told of it.
    """

    account: Account | None = None
    slot: Slot = NEVER
    changes: int = 0
    covered_from: Slot | None = None
    told: Slot = NEVER

    @property
    def covered(self) -> bool:
        """Does the stream keep it true?"""
        return self.covered_from is not None and self.slot >= self.covered_from


class AccountMirror:
    """All accounts that somebody follows. Knows no time and no network.

    `newest` is the newest slot anybody spoke of, `stream_slot` the one up to which the stream has
    told everything (None: not yet any). `tick` changes whenever anything does. `unread`: the stream
    tells of accounts that have not been read since.
    """

    def __init__(self) -> None:
        self.held: dict[Pubkey, Held] = {}
        self.newest = Slot(0)
        self.stream_slot: Slot | None = None
        self.tick = 0
        self.unread = False
        self._open: dict[Pubkey, Account | None] = {}
        self._open_slot = NEVER
        self._subscribed: set[Pubkey] = set()
        self._owed: dict[Pubkey, Slot] = {}

    def hold(self, addresses: Iterable[Pubkey]) -> None:
        """Keep these from now on; nothing is known of them yet."""
        for address in addresses:
            if address not in self.held:
                self.held[address] = Held()

    def drop(self, addresses: Iterable[Pubkey]) -> None:
        """Forget these."""
        for address in addresses:
            self.held.pop(address, None)
            self._open.pop(address, None)
            self._owed.pop(address, None)
            self._subscribed.discard(address)

    def as_of(self, held: Held) -> Slot:
        """The newest slot at which the account's bytes are known to be true."""
        return self.known((held,))[0]

    def known(self, accounts: Iterable[Held]) -> tuple[Slot, bool]:
        """The newest slot at which all of these are known to be true, and whether the stream keeps
        them so.
        """
        covered = self.stream_slot is not None
        oldest: Slot | None = None
        for held in accounts:
            slot = held.slot
            if held.covered_from is None or slot < held.covered_from:
                covered = False
            elif self.stream_slot is not None and slot < self.stream_slot:
                slot = self.stream_slot
            if oldest is None or slot < oldest:
                oldest = slot
        return (NEVER if oldest is None else oldest), covered

    def read(self, at: AccountsAt) -> tuple[Pubkey, ...]:
        """Take in what a node answered. Returns the accounts whose change the stream has missed."""
        self.newest = max(self.newest, at.slot)
        for address, account in at.accounts.items():
            held = self.held.get(address)
            if held is None or at.slot < held.slot:
                continue
            if held.slot == NEVER or account != held.account:
                if held.covered:
                    self._owed[address] = at.slot
                held.account = account
                held.changes += 1
            held.slot = at.slot
        self.tick += 1
        return self._missed()

    def subscribed(self, address: Pubkey) -> None:
        """The stream will tell of this account. What it tells begins somewhere before its next
        heartbeat.
        """
        self._subscribed.add(address)

    def tell(self, address: Pubkey, account: Account | None, slot: Slot) -> tuple[Pubkey, ...]:
        """The stream says that this is the account as of a slot. Returns as `settle` does.

        Raises:
            ImplausibleSlot: no cluster gets there so soon.
        """
        if self.newest and slot > self.newest + SLOTS_AHEAD_MAX:
            raise ImplausibleSlot(f"slot {slot}, when the newest seen is {self.newest}")
        missed: tuple[Pubkey, ...] = ()
        if slot > self._open_slot:
            missed = self.settle()
            self._open_slot = slot
        if slot == self._open_slot:
            self._open[address] = account
        else:
            self._take(address, account, slot)
            self.tick += 1
        return missed

    def settle(self) -> tuple[Pubkey, ...]:
        """Take in the slot that the stream has told of.

        Returns the accounts whose change it has missed.
        """
        if not self._open:
            return ()
        told, self._open = self._open, {}
        for address, account in told.items():
            self._take(address, account, self._open_slot)
        self.newest = max(self.newest, self._open_slot)
        if CLOCK_SYSVAR in told:
            self._beat(self._open_slot)
        self.tick += 1
        return self._missed()

    def disconnected(self) -> None:
        """The stream is gone. What it kept true was true until its last heartbeat."""
        for held in self.held.values():
            held.slot = self.as_of(held)
            held.covered_from = None
        self.stream_slot = None
        self._open_slot = NEVER
        self._open.clear()
        self._owed.clear()
        self._subscribed.clear()
        self.tick += 1

    def _take(self, address: Pubkey, account: Account | None, slot: Slot) -> None:
        held = self.held.get(address)
        if held is None:
            return
        if slot > held.told:
            held.told = slot
            self._owed.pop(address, None)
        if slot > held.slot:
            held.slot = slot
            if account != held.account:
                held.account = account
                held.changes += 1

    def _beat(self, slot: Slot) -> None:
        self.stream_slot = slot if self.stream_slot is None else max(slot, self.stream_slot)
        self.unread = False
        for address in self._subscribed:
            held = self.held.get(address)
            if held is not None and not held.covered:
                held.covered_from = self.stream_slot
                self.unread = self.unread or not held.covered
        self._subscribed.clear()

    def _missed(self) -> tuple[Pubkey, ...]:
        if self.stream_slot is None or not self._owed:
            return ()
        missed = tuple(each for each, slot in self._owed.items() if slot < self.stream_slot)
        for address in missed:
            del self._owed[address]
            self.held[address].covered_from = None
        return missed


class Reading(Mapping[Pubkey, Account | None]):
    """The mirror's accounts as somebody reads them; `seen` are those that were looked at."""

    def __init__(self, mirror: AccountMirror) -> None:
        self._held = mirror.held
        self.seen: dict[Pubkey, Held] = {}

    def __getitem__(self, address: Pubkey) -> Account | None:
        held = self._held[address]
        if held.slot == NEVER:
            raise KeyError(address)
        self.seen[address] = held
        return held.account

    def __iter__(self) -> Iterator[Pubkey]:
        return (address for address, held in self._held.items() if held.slot != NEVER)

    def __len__(self) -> int:
        return sum(1 for _ in self)
