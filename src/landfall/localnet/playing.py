"""A transaction that calls a stand-in, executed: what it can, the SVM runs; the rest is played.

Each stand-in sees the accounts as the instructions before it left them, and answers with effects.
Its token transfers take its place in the message, so the SVM executes everything in order and
atomically. Where a transfer's authority is an address of the pool program, nobody can sign for it;
there the fee payer is named delegate of the source account, for exactly that amount and only while
the SVM runs. What is recorded is told as if the program had run: indexes, logs and fee are the
original message's.

Units: compute units. A played instruction counts STAND_IN_UNITS, about what the programs burn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from landfall.core.token import TOKEN_ACCOUNT_BYTES
from landfall.core.values import Account, ChainClock, Pubkey
from landfall.localnet.execution import Outcome, failed
from landfall.localnet.failures import error_json, instruction_failure
from landfall.localnet.program_logs import Played, refusal_log, retell
from landfall.localnet.programs.stand_in import AccountRef, Effects, ProgramRefused
from landfall.localnet.script import Script
from landfall.localnet.svm import Svm, from_svm
from landfall.localnet.transactions import ResolvedAccounts, SignedMessage
from landfall.localnet.wire import Json

STAND_IN_UNITS = 40_000
BUDGET_INSTRUCTION_UNITS = 150
PANIC = "panic"
ANCHOR_NUMBERS_FROM = 100

# Offsets in a token account: COption<Pubkey> delegate, u64 delegated_amount.
DELEGATE = slice(72, 108)
DELEGATED_AMOUNT = slice(121, 129)


def play(
    svm: Svm, transaction: SignedMessage, accounts: ResolvedAccounts, clock: ChainClock
) -> Outcome:
    """Execute a transaction that calls at least one stand-in."""
    return _Play(svm, transaction, accounts, clock).outcome()


class _Stopped(Exception):
    """A played instruction failed.

    `cause` is its program's number, or the runtime's name for it.
    """

    def __init__(self, cause: int | str, words: tuple[str, ...] = ()) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.words = words


class _Play:
    """One execution. `writes` and `played` grow with each stand-in's instruction."""

    def __init__(
        self, svm: Svm, transaction: SignedMessage, accounts: ResolvedAccounts, clock: ChainClock
    ) -> None:
        self._svm = svm
        self._transaction = transaction
        self._accounts = accounts
        self._clock = clock
        self._script = Script(transaction, accounts)
        self._writes: dict[Pubkey, bytes] = {}
        self._played: dict[int, Played] = {}

    def outcome(self) -> Outcome:
        """Go through the instructions in order, then run the whole."""
        for index, (program, _) in enumerate(self._transaction.programs):
            if program not in self._svm.stand_ins:
                self._script.copy(index)
                continue
            reached = self._simulate(index)
            if isinstance(reached, FailedTransactionMetadata):
                return self._failed_in_svm(reached)
            units = self._units(reached)
            try:
                self._play_instruction(index, reached, units)
            except _Stopped as stop:
                return self._stopped(index, reached, units, stop)
        return self._whole()

    def _play_instruction(self, index: int, reached: SimulatedTransactionInfo, units: int) -> None:
        if units + STAND_IN_UNITS > self._script.limit:
            raise _Stopped("ComputationalBudgetExceeded")
        program, data = self._transaction.programs[index]
        listed = bytes(self._transaction.message.instructions[index].accounts)
        accounts = self._accounts
        refs = tuple(
            AccountRef(accounts.keys[place], place < accounts.signers, accounts.writable[place])
            for place in listed
        )
        after = self._after(reached)
        seen = {
            ref.address: after[ref.address] if ref.address in after else self._before(ref.address)
            for ref in refs
        }
        try:
            effects = self._svm.stand_ins[program].process(data, refs, seen, self._clock)
        except ProgramRefused as refusal:
            raise _Stopped(_refusal_cause(refusal), _refusal_words(refusal)) from refusal
        except Exception as fault:
            # Whatever a stand-in does wrong ends its instruction, never the cluster.
            raise _Stopped("ProgramFailedToComplete", (f"panicked: {fault!r}",)) from fault
        _check_writes(program, refs, seen, effects)
        for transfer in effects.transfers:
            self._script.transfer(index, transfer)
        self._writes.update(effects.writes)
        self._played[index] = Played(str(program), effects.logs, STAND_IN_UNITS, units)

    def _whole(self) -> Outcome:
        script = self._script
        count = len(self._transaction.programs)
        result = self._simulate(count)
        if isinstance(result, FailedTransactionMetadata):
            return self._failed_in_svm(result)
        meta = result.meta()
        units = self._units(result)
        if units > script.limit:
            error = instruction_failure(count - 1, "ComputationalBudgetExceeded")
            return self._failed(error, meta.fee(), script.limit, self._retold(result))
        return Outcome(
            error=None,
            lands=True,
            fee=meta.fee(),
            units=units,
            logs=self._retold(result),
            changes={
                address: account
                for address, account in self._after(result).items()
                if account != self._svm.accounts.get(address, self._clock.slot)
            },
            accounts=self._accounts,
            inner=script.inner_calls(meta.inner_instructions()),
        )

    def _simulate(self, next_index: int) -> SimulatedTransactionInfo | FailedTransactionMetadata:
        lent: dict[Pubkey, Account | None] = {}
        for source, amount in self._script.delegated.items():
            account = self._before(source)
            if account is not None and len(account.data) >= TOKEN_ACCOUNT_BYTES:
                lent[source] = _with_delegate(account, self._transaction.payer, amount)
        return self._svm.simulate(self._script.written(next_index), lent)

    def _before(self, address: Pubkey) -> Account | None:
        return self._svm.account(address, self._clock.slot)

    def _after(self, result: SimulatedTransactionInfo) -> dict[Pubkey, Account | None]:
        """The accounts the transaction wrote, as the original would have left them."""
        after: dict[Pubkey, Account | None] = {}
        for address, raw in result.post_accounts():
            account = from_svm(raw) if raw.lamports else None
            if address in self._script.delegated:
                account = _with_delegate_of(account, self._before(address))
            after[address] = account
        for address, data in self._writes.items():
            current = after[address] if address in after else self._before(address)
            if current is not None:
                after[address] = replace(current, data=data)
        return after

    def _units(self, result: SimulatedTransactionInfo | FailedTransactionMetadata) -> int:
        """What the original would have burned, given what the rewritten transaction did."""
        added = BUDGET_INSTRUCTION_UNITS * self._script.added_instructions
        burned = max(0, result.meta().compute_units_consumed() - added)
        return burned + STAND_IN_UNITS * len(self._played)

    def _retold(
        self, result: SimulatedTransactionInfo | FailedTransactionMetadata
    ) -> tuple[str, ...]:
        script = self._script
        return retell(script.calls(), self._played, result.meta().logs(), script.limit)

    def _stopped(
        self, index: int, reached: SimulatedTransactionInfo, units: int, stop: _Stopped
    ) -> Outcome:
        limit = self._script.limit
        program, _ = self._transaction.programs[index]
        error = instruction_failure(index, stop.cause)
        burned = min(STAND_IN_UNITS, limit - units)
        played = Played(str(program), stop.words, burned, units)
        logs = self._retold(reached) + refusal_log(played, limit, error)
        return self._failed(error, reached.meta().fee(), units + burned, logs)

    def _failed_in_svm(self, result: FailedTransactionMetadata) -> Outcome:
        meta = result.meta()
        error = self._original_error(error_json(result.err()))
        return self._failed(error, meta.fee(), self._units(result), self._retold(result))

    def _original_error(self, error: Json) -> Json:
        """The error with the original's indexes."""
        match error:
            case {"InstructionError": [step, cause]}:
                steps = self._script.steps
                last = len(self._transaction.programs) - 1
                origin = steps[step].origin if step < len(steps) else last
                return {"InstructionError": [origin, cause]}
            case {"InsufficientFundsForRent": {"account_index": place}}:
                key = self._script.keys[place]
                index = self._accounts.keys.index(key) if key in self._accounts.keys else place
                return {"InsufficientFundsForRent": {"account_index": index}}
        return error

    def _failed(self, error: Json, fee: int, units: int, logs: tuple[str, ...]) -> Outcome:
        return failed(
            self._svm,
            self._transaction,
            self._accounts,
            self._clock.slot,
            error=error,
            fee=fee,
            units=units,
            logs=logs,
        )


def _with_delegate(account: Account, delegate: Pubkey, amount: int) -> Account:
    data = bytearray(account.data)
    data[DELEGATE] = (1).to_bytes(4, "little") + bytes(delegate)
    data[DELEGATED_AMOUNT] = amount.to_bytes(8, "little")
    return replace(account, data=bytes(data))


def _with_delegate_of(account: Account | None, before: Account | None) -> Account | None:
    if account is None or before is None or len(account.data) != len(before.data):
        return account
    data = bytearray(account.data)
    for field in (DELEGATE, DELEGATED_AMOUNT):
        data[field] = before.data[field]
    return replace(account, data=bytes(data))


def _refusal_cause(refusal: ProgramRefused) -> int | str:
    if refusal.code is not None:
        return refusal.code
    return "ProgramFailedToComplete" if refusal.name == PANIC else refusal.name


def _refusal_words(refusal: ProgramRefused) -> tuple[str, ...]:
    if refusal.code is None:
        return (f"panicked: {refusal.message}",) if refusal.name == PANIC else ()
    if refusal.code < ANCHOR_NUMBERS_FROM:
        # A program older than Anchor, which is AMM v4: its log gives no name.
        return (f"AMM error: {refusal.message}",)
    return (
        f"AnchorError occurred. Error Code: {refusal.name}. Error Number: {refusal.code}. "
        f"Error Message: {refusal.message}.",
    )


def _check_writes(
    program: Pubkey,
    refs: Sequence[AccountRef],
    seen: Mapping[Pubkey, Account | None],
    effects: Effects,
) -> None:
    """A program may write only its own accounts and, by calling them, those of the programs it
    calls; and of these only what the message lets it write.
    """
    writable = {ref.address for ref in refs if ref.is_writable}
    for address, data in effects.writes.items():
        account = seen.get(address)
        if account is None or account.owner not in (program, *effects.calls):
            raise _Stopped("ExternalAccountDataModified")
        if address not in writable and data != account.data:
            raise _Stopped("ReadonlyDataModified")
