"""The SVM and the account states it mirrors: runs a transaction and keeps nothing unless told to.

The SVM holds the newest account states. A run at an older slot lends it the older states of the
accounts the transaction loads, and takes them back. Signatures, blockhashes and duplicates are the
cluster's to check.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from solders.account import Account as SvmAccount
from solders.clock import Clock
from solders.epoch_schedule import EpochSchedule
from solders.hash import Hash
from solders.litesvm import LiteSVM
from solders.system_program import ID as SYSTEM_PROGRAM
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from landfall.core.values import U64_MAX, Account, ChainClock, Pubkey, Slot
from landfall.localnet.accounts import AccountVersions
from landfall.localnet.programs.stand_in import StandIn

RENT_EPOCH_EXEMPT = U64_MAX
PLAYED_PROGRAM = Account(
    Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111"),
    1_141_440,
    (2).to_bytes(4, "little") + bytes(32),
    executable=True,
)
"""What reads show where a stand-in plays a program: a program account that points at no code."""


CLOCK_SYSVAR = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")


class Svm:
    """The SVM and the accounts it mirrors. Not for use by two threads."""

    def __init__(
        self,
        accounts: AccountVersions,
        stand_ins: Sequence[StandIn],
        programs: Mapping[Pubkey, bytes],
    ) -> None:
        self.accounts = accounts
        self.stand_ins: Mapping[Pubkey, StandIn] = {
            stand_in.program_id: stand_in
            for stand_in in stand_ins
            if stand_in.program_id not in programs
        }
        self._vm = (
            LiteSVM().with_sigverify(False).with_blockhash_check(False).with_transaction_history(0)
        )
        self._programs: dict[Pubkey, Account] = {}
        self._vm.set_epoch_schedule(EpochSchedule.without_warmup())
        for program_id, binary in programs.items():
            self._vm.add_program(program_id, binary)
        self._set(dict(accounts.newest()))
        self.clock = ChainClock(Slot(0), 0, 0)

    def begin_slot(self, clock: ChainClock, recent: Sequence[tuple[Slot, bytes]]) -> None:
        """Set the clock, and the hashes of the newest slots, newest first.

        The clock is an account that every slot changes, and whoever follows it is told.
        """
        self.clock = clock
        self._set_clock(clock)
        self.accounts.put(clock.slot, {CLOCK_SYSVAR: self._builtin(CLOCK_SYSVAR)})
        if recent:
            self._vm.set_slot_hashes([(slot, Hash(value)) for slot, value in recent])

    def apply(self, slot: Slot, changes: Mapping[Pubkey, Account | None]) -> None:
        """Commit an outcome's changes in `slot`, the newest one."""
        self.accounts.put(slot, changes)
        self._set(changes)

    def take_back(self, oldest: Slot) -> None:
        """Undo every change of `oldest` and later slots. Another slot is to begin next."""
        restored = self.accounts.take_back(oldest)
        # The next slot sets its own.
        restored.pop(CLOCK_SYSVAR, None)
        self._set(restored)

    def account(self, address: Pubkey, slot: Slot | None = None) -> Account | None:
        """An account at the end of `slot`; built-in programs, and sysvars but the clock, as they
        are now.
        """
        account = self.accounts.get(address, slot)
        if account is not None:
            return account
        # The clock was there before the first slot of this start was.
        if self.accounts.get(address) is not None and address != CLOCK_SYSVAR:
            return None
        if address in self.stand_ins:
            return PLAYED_PROGRAM
        return self._builtin(address)

    def rent_exempt_minimum(self, data_bytes: int) -> int:
        """Lamports that an account of that size must hold."""
        return self._vm.minimum_balance_for_rent_exemption(data_bytes)

    def simulate(
        self, transaction: VersionedTransaction, lent: Mapping[Pubkey, Account | None]
    ) -> SimulatedTransactionInfo | FailedTransactionMetadata:
        """Execute on the SVM with some accounts lent other states meanwhile; nothing is kept."""
        kept = {address: self._vm.get_account(address) for address in lent}
        for address, account in lent.items():
            self._vm.set_account(address, _to_svm(account))
        try:
            return self._vm.simulate_transaction(transaction)
        finally:
            for address, before in kept.items():
                self._vm.set_account(address, before or _to_svm(None))

    def changes(
        self, post_accounts: Sequence[tuple[Pubkey, SvmAccount]], slot: Slot
    ) -> dict[Pubkey, Account | None]:
        """Those of the accounts that are not what they were at the end of `slot`."""
        changed: dict[Pubkey, Account | None] = {}
        for address, raw in post_accounts:
            account = from_svm(raw) if raw.lamports else None
            if account != self.accounts.get(address, slot):
                changed[address] = account
        return changed

    @contextmanager
    def as_of(
        self, keys: tuple[Pubkey, ...], clock: ChainClock, newest: ChainClock
    ) -> Iterator[None]:
        """Show the SVM `keys` as they were at the end of `clock.slot`, for a while."""
        if clock == newest:
            yield
            return
        older = self.accounts.differing(keys, clock.slot)
        for address, account in older.items():
            self._vm.set_account(address, _to_svm(account))
        self._set_clock(clock)
        try:
            yield
        finally:
            for address in older:
                self._vm.set_account(address, _to_svm(self.accounts.get(address)))
            self._set_clock(newest)

    def _builtin(self, address: Pubkey) -> Account | None:
        known = self._programs.get(address)
        if known is not None:
            return known
        builtin = self._vm.get_account(address)
        account = None if builtin is None else from_svm(builtin)
        # What a program consists of never changes here, and is large.
        if account is not None and account.executable:
            self._programs[address] = account
        return account

    def _set(self, changes: Mapping[Pubkey, Account | None]) -> None:
        # A program can only be set once the account that holds its code is there.
        programs_last = sorted(
            changes.items(), key=lambda entry: entry[1] is not None and entry[1].executable
        )
        for address, account in programs_last:
            self._vm.set_account(address, _to_svm(account))

    def _set_clock(self, clock: ChainClock) -> None:
        self._vm.set_clock(
            Clock(
                clock.slot, clock.unix_timestamp, clock.epoch, clock.epoch + 1, clock.unix_timestamp
            )
        )


def _to_svm(account: Account | None) -> SvmAccount:
    if account is None:
        return SvmAccount(0, b"", SYSTEM_PROGRAM)
    return SvmAccount(
        account.lamports, account.data, account.owner, account.executable, RENT_EPOCH_EXEMPT
    )


def from_svm(account: SvmAccount) -> Account:
    """The account as the cluster keeps it."""
    return Account(account.owner, account.lamports, account.data, account.executable)
