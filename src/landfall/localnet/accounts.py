"""Every account of the cluster, and what it was at each slot that is not final yet.

The newest state is kept whole; older states are kept as an undo log: for each slot, what every
account it touched was before. A read at slot S therefore finds the first later slot that touched
the account and answers with what it was before that, or with the newest state. The log is dropped
as slots become final, so its size follows the unfinalized tip and never the history. Taking a slot
back is playing its log backwards.
"""

from collections.abc import Iterator, Mapping

from landfall.core.values import Account, Pubkey, Slot


class AccountVersions:
    """Accounts by address and slot. An account without lamports does not exist."""

    def __init__(self, accounts: Mapping[Pubkey, Account]) -> None:
        self._newest: dict[Pubkey, Account] = {}
        self._by_owner: dict[Pubkey, set[Pubkey]] = {}
        self._before: dict[Pubkey, list[tuple[Slot, Account | None]]] = {}
        self._touched: dict[Slot, dict[Pubkey, None]] = {}
        for address, account in accounts.items():
            self._store(address, account)

    def get(self, address: Pubkey, slot: Slot | None = None) -> Account | None:
        """The account at the end of `slot`, or its newest state."""
        if slot is not None:
            for changed_in, before in self._before.get(address, ()):
                if changed_in > slot:
                    return before
        return self._newest.get(address)

    def put(self, slot: Slot, changes: Mapping[Pubkey, Account | None]) -> None:
        """Change accounts in `slot`, which is the newest slot. None removes."""
        touched = self._touched.setdefault(slot, {})
        for address, account in changes.items():
            if address not in touched:
                touched[address] = None
                before = self._newest.get(address)
                self._before.setdefault(address, []).append((slot, before))
            self._store(address, account)

    def take_back(self, oldest: Slot) -> dict[Pubkey, Account | None]:
        """Undo `oldest` and every later slot. Answers with the accounts as they are again."""
        restored: dict[Pubkey, Account | None] = {}
        for slot in sorted((slot for slot in self._touched if slot >= oldest), reverse=True):
            for address in self._touched.pop(slot):
                versions = self._before[address]
                _, before = versions.pop()
                if not versions:
                    del self._before[address]
                self._store(address, before)
                restored[address] = before
        return restored

    def touched_in(self, slot: Slot) -> dict[Pubkey, Account | None]:
        """The accounts that `slot` changed, as they were at its end."""
        return {address: self.get(address, slot) for address in self._touched.get(slot, ())}

    def differing(self, addresses: tuple[Pubkey, ...], slot: Slot) -> dict[Pubkey, Account | None]:
        """Those of `addresses` that changed after `slot`, as they were at its end."""
        return {
            address: self.get(address, slot)
            for address in addresses
            if any(changed_in > slot for changed_in, _ in self._before.get(address, ()))
        }

    def owned_by(self, program: Pubkey, slot: Slot) -> Iterator[tuple[Pubkey, Account]]:
        """The accounts of `program` at the end of `slot`, in no particular order."""
        candidates = set(self._by_owner.get(program, ()))
        for address, versions in self._before.items():
            if any(before is not None and before.owner == program for _, before in versions):
                candidates.add(address)
        for address in candidates:
            account = self.get(address, slot)
            if account is not None and account.owner == program:
                yield address, account

    def newest(self) -> Iterator[tuple[Pubkey, Account]]:
        """Every account in its newest state."""
        return iter(self._newest.items())

    def forget_versions_until(self, slot: Slot) -> None:
        """`slot` is final: nobody will ask for anything older."""
        for final in [touched for touched in self._touched if touched <= slot]:
            for address in self._touched.pop(final):
                versions = self._before.pop(address, [])
                remaining = [entry for entry in versions if entry[0] > slot]
                if remaining:
                    self._before[address] = remaining

    def _store(self, address: Pubkey, account: Account | None) -> None:
        previous = self._newest.get(address)
        if previous is not None and (account is None or account.owner != previous.owner):
            self._by_owner[previous.owner].discard(address)
        if account is None:
            self._newest.pop(address, None)
            return
        self._newest[address] = account
        self._by_owner.setdefault(account.owner, set()).add(address)
