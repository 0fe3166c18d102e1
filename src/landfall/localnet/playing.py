"""A transaction that calls a stand-in, executed: its other instructions really run, around the played ones.

Each stand-in sees the accounts as the instructions before it left them, and answers with effects. Its token
transfers then take its place in the message, so the SVM executes everything else in order and atomically.
Where a transfer's authority is an address of the pool program, nobody can sign for it; there the
fee payer is named delegate of the source account, for exactly that amount and only while the SVM runs.
What is recorded is told as if the program had run: indexes, logs and fee are those of the original message.

Units: compute units. A played instruction is counted as STAND_IN_UNITS, about what the programs burn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from solders.instruction import CompiledInstruction
from solders.message import Message
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, SimulatedTransactionInfo

from landfall.core.values import Account, ChainClock, Pubkey
from landfall.localnet.compute_budget import (
    COMPUTE_BUDGET_PROGRAM,
    SET_UNIT_LIMIT,
    explicit_unit_limit,
    unit_limit,
)
from landfall.localnet.execution import InnerCall, Outcome, failed, inner_call
from landfall.localnet.failures import error_json, instruction_failure
from landfall.localnet.program_logs import Played, refusal_log, retell
from landfall.localnet.programs.stand_in import (
    AccountRef,
    Effects,
    ProgramRefused,
    TokenTransfer,
)
from landfall.localnet.svm import Svm, from_svm
from landfall.localnet.transactions import ResolvedAccounts, SignedMessage

STAND_IN_UNITS = 40_000
BUDGET_INSTRUCTION_UNITS = 150
TRANSFER_CHECKED = 12
PANIC = "panic"

# Offsets in a token account: COption<Pubkey> delegate, u64 delegated_amount.
DELEGATE = slice(72, 108)
DELEGATED_AMOUNT = slice(121, 129)
TOKEN_ACCOUNT_BYTES = 165


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the rewritten message.

    `origin` is the index of the one it stands for; `authority` is who moves the tokens in a transfer that a
    stand-in asked for, whoever signs for it here.
    """

    origin: int
    instruction: CompiledInstruction
    authority: Pubkey | None = None


@dataclass(slots=True, kw_only=True)
class Script:
    """The rewritten message so far. `keys` are in message order, those it adds itself at the end."""

    transaction: SignedMessage
    keys: list[Pubkey]
    position: dict[Pubkey, int]
    readonly_unsigned: int
    limit: int
    steps: list[Step] = field(default_factory=list)
    delegated: dict[Pubkey, int] = field(default_factory=dict)
    writes: dict[Pubkey, bytes] = field(default_factory=dict)
    played: dict[int, Played] = field(default_factory=dict)


def play(
    svm: Svm, transaction: SignedMessage, accounts: ResolvedAccounts, clock: ChainClock
) -> Outcome:
    """Execute a transaction that calls at least one stand-in."""
    script = _begin(transaction, accounts)
    for index, instruction in enumerate(transaction.message.instructions):
        program, _ = transaction.programs[index]
        if program not in svm.stand_ins:
            script.steps.append(Step(index, _moved(script, accounts, instruction)))
            continue
        reached = _simulate(svm, script, index, clock)
        if isinstance(reached, FailedTransactionMetadata):
            return _failed_in_svm(svm, script, accounts, clock, reached)
        units = _units(script, reached.meta().compute_units_consumed())
        try:
            if units + STAND_IN_UNITS > script.limit:
                raise _Stopped("ComputationalBudgetExceeded", ())
            _play_one(svm, script, accounts, clock, index, reached, units)
        except _Stopped as stop:
            meta = reached.meta()
            played = Played(str(program), (), min(STAND_IN_UNITS, script.limit - units), units)
            error = instruction_failure(index, stop.cause)
            logs = retell(_origins(script), script.played, tuple(meta.logs()), script.limit)
            logs += refusal_log(played, stop.logs, script.limit, error)
            units = min(script.limit, units + STAND_IN_UNITS)
            return failed(
                svm, transaction, accounts, clock.slot,
                error=error, fee=meta.fee(), units=units, logs=logs,
            )  # fmt: skip
    return _finish(svm, script, accounts, clock)


class _Stopped(Exception):
    """A played instruction failed. `cause` is the program's number or the runtime's name for it."""

    def __init__(self, cause: int | str, logs: tuple[str, ...]) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.logs = logs


def _begin(transaction: SignedMessage, accounts: ResolvedAccounts) -> Script:
    # A legacy message can say everything: loaded addresses take their place among the message's own.
    unsigned = range(accounts.signers, len(accounts.keys))
    order = [
        *range(accounts.signers),
        *(index for index in unsigned if accounts.writable[index]),
        *(index for index in unsigned if not accounts.writable[index]),
    ]
    keys = [accounts.keys[index] for index in order]
    return Script(
        transaction=transaction,
        keys=keys,
        position={key: index for index, key in enumerate(keys)},
        readonly_unsigned=sum(not accounts.writable[index] for index in unsigned),
        limit=unit_limit(transaction.programs),
    )


def _moved(
    script: Script, accounts: ResolvedAccounts, instruction: CompiledInstruction
) -> CompiledInstruction:
    """The instruction with its indexes in the script's order of keys."""
    return CompiledInstruction(
        script.position[accounts.keys[instruction.program_id_index]],
        instruction.data,
        bytes(script.position[accounts.keys[index]] for index in bytes(instruction.accounts)),
    )


def _index_of(script: Script, key: Pubkey) -> int:
    if key not in script.position:
        script.position[key] = len(script.keys)
        script.keys.append(key)
        script.readonly_unsigned += 1
    return script.position[key]


def _message(script: Script, reached: int | None) -> Message:
    """The script as a message. All its compute budget is asked for, also what comes after `reached`."""
    transaction = script.transaction
    instructions = [step.instruction for step in script.steps]
    if reached is not None:
        for index in range(reached, len(transaction.programs)):
            program, data = transaction.programs[index]
            if program == COMPUTE_BUDGET_PROGRAM:
                instructions.append(CompiledInstruction(_index_of(script, program), data, b""))
    if explicit_unit_limit(transaction.programs) is None:
        # Priority fee and limit would otherwise follow the number of rewritten instructions.
        data = bytes([SET_UNIT_LIMIT]) + script.limit.to_bytes(4, "little")
        program_index = _index_of(script, COMPUTE_BUDGET_PROGRAM)
        instructions.append(CompiledInstruction(program_index, data, b""))
    header = transaction.message.header
    return Message.new_with_compiled_instructions(
        header.num_required_signatures,
        header.num_readonly_signed_accounts,
        script.readonly_unsigned,
        script.keys,
        transaction.blockhash,
        instructions,
    )


def _simulate(
    svm: Svm, script: Script, reached: int | None, clock: ChainClock
) -> SimulatedTransactionInfo | FailedTransactionMetadata:
    rewritten = VersionedTransaction.populate(
        _message(script, reached), script.transaction.signatures
    )
    lent: dict[Pubkey, Account | None] = {}
    for source, amount in script.delegated.items():
        account = svm.account(source, clock.slot)
        if account is not None and len(account.data) >= TOKEN_ACCOUNT_BYTES:
            lent[source] = _with_delegate(account, script.transaction.payer, amount)
    return svm.simulate(rewritten, lent)


def _with_delegate(account: Account, delegate: Pubkey, amount: int) -> Account:
    data = bytearray(account.data)
    data[DELEGATE] = (1).to_bytes(4, "little") + bytes(delegate)
    data[DELEGATED_AMOUNT] = amount.to_bytes(8, "little")
    return replace(account, data=bytes(data))


def _after(
    svm: Svm, script: Script, result: SimulatedTransactionInfo, clock: ChainClock
) -> dict[Pubkey, Account | None]:
    """The accounts the rewritten message wrote, as the original would have left them."""
    after: dict[Pubkey, Account | None] = {}
    for address, raw in result.post_accounts():
        account = from_svm(raw) if raw.lamports else None
        before = svm.account(address, clock.slot) if address in script.delegated else None
        if account is not None and before is not None and len(account.data) == len(before.data):
            data = bytearray(account.data)
            data[DELEGATE] = before.data[DELEGATE]
            data[DELEGATED_AMOUNT] = before.data[DELEGATED_AMOUNT]
            account = replace(account, data=bytes(data))
        after[address] = account
    for address, written in script.writes.items():
        current = after[address] if address in after else svm.account(address, clock.slot)
        if current is not None:
            after[address] = replace(current, data=written)
    return after


def _play_one(
    svm: Svm,
    script: Script,
    accounts: ResolvedAccounts,
    clock: ChainClock,
    index: int,
    reached: SimulatedTransactionInfo,
    units: int,
) -> None:
    transaction = script.transaction
    program, data = transaction.programs[index]
    instruction = transaction.message.instructions[index]
    after = _after(svm, script, reached, clock)
    refs = tuple(
        AccountRef(accounts.keys[i], i < accounts.signers, accounts.writable[i])
        for i in bytes(instruction.accounts)
    )
    seen = {
        ref.address: after[ref.address]
        if ref.address in after
        else svm.account(ref.address, clock.slot)
        for ref in refs
    }
    try:
        effects = svm.stand_ins[program].process(data, refs, seen, clock)
    except ProgramRefused as refusal:
        raise _Stopped(_refusal_cause(refusal), _refusal_words(refusal)) from refusal
    except Exception as fault:  # noqa: BLE001 - whatever a stand-in does wrong ends its instruction only
        raise _Stopped("ProgramFailedToComplete", (f"panicked: {fault!r}",)) from fault
    _check_writes(program, refs, seen, effects)
    signers = set(accounts.keys[: accounts.signers])
    for transfer in effects.transfers:
        if transfer.authority not in signers:
            granted = script.delegated.get(transfer.source, 0)
            script.delegated[transfer.source] = granted + transfer.amount
        instruction = _transfer_checked(script, transfer, signers)
        script.steps.append(Step(index, instruction, transfer.authority))
    script.writes.update(effects.writes)
    script.played[index] = Played(str(program), effects.logs, STAND_IN_UNITS, units)


def _refusal_cause(refusal: ProgramRefused) -> int | str:
    if refusal.code is not None:
        return refusal.code
    return "ProgramFailedToComplete" if refusal.name == PANIC else refusal.name


def _refusal_words(refusal: ProgramRefused) -> tuple[str, ...]:
    if refusal.code is None:
        return (f"panicked: {refusal.message}",) if refusal.name == PANIC else ()
    return (
        f"AnchorError occurred. Error Code: {refusal.name}. Error Number: {refusal.code}. "
        f"Error Message: {refusal.message}.",
    )


def _check_writes(
    program: Pubkey,
    refs: Sequence[AccountRef],
    seen: dict[Pubkey, Account | None],
    effects: Effects,
) -> None:
    """A program may write only its own accounts, and only those the message lets it write."""
    writable = {ref.address for ref in refs if ref.is_writable}
    for address, data in effects.writes.items():
        account = seen.get(address)
        if account is None or account.owner != program:
            raise _Stopped("ExternalAccountDataModified", ())
        if address not in writable and data != account.data:
            raise _Stopped("ReadonlyDataModified", ())


def _transfer_checked(
    script: Script, transfer: TokenTransfer, signers: set[Pubkey]
) -> CompiledInstruction:
    authority = transfer.authority if transfer.authority in signers else script.transaction.payer
    accounts = (transfer.source, transfer.mint, transfer.destination, authority)
    data = (
        bytes([TRANSFER_CHECKED])
        + transfer.amount.to_bytes(8, "little")
        + transfer.decimals.to_bytes(1, "little")
    )
    return CompiledInstruction(
        _index_of(script, transfer.token_program),
        data,
        bytes(_index_of(script, key) for key in accounts),
    )


def _finish(svm: Svm, script: Script, accounts: ResolvedAccounts, clock: ChainClock) -> Outcome:
    result = _simulate(svm, script, None, clock)
    if isinstance(result, FailedTransactionMetadata):
        return _failed_in_svm(svm, script, accounts, clock, result)
    meta = result.meta()
    units = _units(script, meta.compute_units_consumed())
    logs = retell(_origins(script), script.played, tuple(meta.logs()), script.limit)
    if units > script.limit:
        last = len(script.transaction.programs) - 1
        return failed(
            svm, script.transaction, accounts, clock.slot,
            error=instruction_failure(last, "ComputationalBudgetExceeded"),
            fee=meta.fee(), units=script.limit, logs=logs,
        )  # fmt: skip
    after = _after(svm, script, result, clock)
    changes = {
        address: account
        for address, account in after.items()
        if account != svm.accounts.get(address, clock.slot)
    }
    return Outcome(
        error=None,
        lands=True,
        fee=meta.fee(),
        units=units,
        logs=logs,
        changes=changes,
        accounts=accounts,
        inner=_inner(script, accounts, meta.inner_instructions()),
    )


def _failed_in_svm(
    svm: Svm,
    script: Script,
    accounts: ResolvedAccounts,
    clock: ChainClock,
    result: FailedTransactionMetadata,
) -> Outcome:
    meta = result.meta()
    error = error_json(result.err())
    if isinstance(error, dict) and "InstructionError" in error:
        step, cause = error["InstructionError"]
        last = len(script.transaction.programs) - 1
        origin = script.steps[step].origin if step < len(script.steps) else last
        error = {"InstructionError": [origin, cause]}
    elif isinstance(error, dict) and "InsufficientFundsForRent" in error:
        key = script.keys[error["InsufficientFundsForRent"]["account_index"]]
        if key in accounts.keys:
            index = accounts.keys.index(key)
            error = {"InsufficientFundsForRent": {"account_index": index}}
    return failed(
        svm, script.transaction, accounts, clock.slot,
        error=error,
        fee=meta.fee(),
        units=_units(script, meta.compute_units_consumed()),
        logs=retell(_origins(script), script.played, tuple(meta.logs()), script.limit),
    )  # fmt: skip


def _units(script: Script, burned: int) -> int:
    """What the original would have burned, given what the rewritten message did."""
    if explicit_unit_limit(script.transaction.programs) is None:
        burned = max(0, burned - BUDGET_INSTRUCTION_UNITS)
    return burned + STAND_IN_UNITS * len(script.played)


def _origins(script: Script) -> tuple[tuple[int, str], ...]:
    """For each step, the instruction it stands for and the program it calls."""
    return tuple(
        (step.origin, str(script.keys[step.instruction.program_id_index])) for step in script.steps
    )


def _inner(
    script: Script, accounts: ResolvedAccounts, groups: Sequence[Sequence[Any]]
) -> tuple[tuple[int, tuple[InnerCall, ...]], ...]:
    """Cross-program calls by original instruction; a stand-in's transfers are calls it made."""
    original = {key: index for index, key in enumerate(accounts.keys)}
    calls: dict[int, list[InnerCall]] = {}
    for step, group in zip(script.steps, groups, strict=False):
        if step.origin is None:
            continue
        deeper = 1 if step.origin in script.played else 0
        listed = calls.setdefault(step.origin, [])
        if deeper:
            instruction = step.instruction
            listed.append(
                InnerCall(
                    instruction.program_id_index, bytes(instruction.accounts), instruction.data, 2
                )
            )
        listed += [
            replace(call, stack_height=call.stack_height + deeper)
            for call in map(inner_call, group)
        ]
    return tuple(
        (origin, tuple(_renumbered(call, script.keys, original) for call in listed))
        for origin, listed in sorted(calls.items())
        if listed
    )


def _asked_for(script: Script, step: Step, authority: Pubkey) -> InnerCall:
    """The transfer as the program would have called it: in its own name."""
    source, mint, destination, _ = bytes(step.instruction.accounts)
    accounts = bytes((source, mint, destination, _index_of(script, authority)))
    return InnerCall(step.instruction.program_id_index, accounts, step.instruction.data, 2)


def _renumbered(call: InnerCall, keys: Sequence[Pubkey], original: dict[Pubkey, int]) -> InnerCall:
    # A program may call one that the message does not name only by passing it; 0 is never read back.
    return InnerCall(
        original.get(keys[call.program_index], 0),
        bytes(original.get(keys[index], 0) for index in call.accounts),
        call.data,
        call.stack_height,
    )
