"""A message rewritten for the SVM: a stand-in's instruction is replaced by its token transfers.

The rewritten message keeps the signers, the blockhash and the compute budget of the original, so
fee and limits stay what they were. It is always a legacy message: addresses from lookup tables take
their place among the message's own, and what a transfer needs besides is added at the end, read-
only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from solders.compute_budget import ID as COMPUTE_BUDGET_PROGRAM
from solders.instruction import CompiledInstruction
from solders.message import Message
from solders.transaction import VersionedTransaction

from landfall.core.values import Pubkey
from landfall.localnet.compute_budget import (
    SET_UNIT_LIMIT,
    explicit_unit_limit,
    unit_limit,
)
from landfall.localnet.execution import InnerCall, inner_call
from landfall.localnet.programs.stand_in import TokenTransfer
from landfall.localnet.transactions import ResolvedAccounts, SignedMessage

TRANSFER, TRANSFER_CHECKED = 3, 12


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of the rewritten message.

    `origin` is the index of the instruction it stands for. `authority` is whose tokens a stand-in's
    transfer moves, whoever signs for it here; None for an instruction that is only copied.
    """

    origin: int
    instruction: CompiledInstruction
    authority: Pubkey | None = None


class Script:
    """The rewritten message, as far as it is written. `steps` are its instructions."""

    def __init__(self, transaction: SignedMessage, accounts: ResolvedAccounts) -> None:
        self._transaction = transaction
        self._accounts = accounts
        self._signers = frozenset(accounts.keys[: accounts.signers])
        unsigned = range(accounts.signers, len(accounts.keys))
        readonly = [accounts.keys[index] for index in unsigned if not accounts.writable[index]]
        self.keys = [
            *accounts.keys[: accounts.signers],
            *(accounts.keys[index] for index in unsigned if accounts.writable[index]),
            *readonly,
        ]
        self._position = {key: index for index, key in enumerate(self.keys)}
        self._readonly_unsigned = len(readonly)
        self._sets_limit = explicit_unit_limit(transaction.programs) is not None
        self.limit = unit_limit(transaction.programs)
        self.steps: list[Step] = []
        self.delegated: dict[Pubkey, int] = {}

    def copy(self, index: int) -> None:
        """Take over instruction `index` as it is."""
        instruction = self._transaction.message.instructions[index]
        keys = self._accounts.keys
        moved = CompiledInstruction(
            self._position[keys[instruction.program_id_index]],
            instruction.data,
            bytes(self._position[keys[account]] for account in bytes(instruction.accounts)),
        )
        self.steps.append(Step(index, moved))

    def transfer(self, index: int, wanted: TokenTransfer) -> None:
        """Move tokens in the place of instruction `index`.

        Where the authority has not signed, the fee payer needs a delegation of that much.
        """
        signer = wanted.authority
        if signer not in self._signers:
            signer = self._transaction.payer
            granted = self.delegated.get(wanted.source, 0)
            self.delegated[wanted.source] = granted + wanted.amount
        amount = wanted.amount.to_bytes(8, "little")
        accounts = [wanted.source, wanted.mint, wanted.destination, signer]
        if wanted.decimals is None:
            data = bytes([TRANSFER]) + amount
            accounts.remove(wanted.mint)
        else:
            data = bytes([TRANSFER_CHECKED]) + amount + wanted.decimals.to_bytes(1, "little")
        instruction = CompiledInstruction(
            self._place(wanted.token_program), data, bytes(self._place(key) for key in accounts)
        )
        self.steps.append(Step(index, instruction, wanted.authority))

    def written(self, next_index: int) -> VersionedTransaction:
        """The transaction so far; `next_index` is the first original instruction not yet in it.

        All of the original's compute budget is asked for, also where it would come later.
        """
        instructions = [step.instruction for step in self.steps]
        for program, data in self._transaction.programs[next_index:]:
            if program == COMPUTE_BUDGET_PROGRAM:
                instructions.append(CompiledInstruction(self._place(program), data, b""))
        if not self._sets_limit:
            # Limit and priority fee would otherwise follow the number of rewritten instructions.
            data = bytes([SET_UNIT_LIMIT]) + self.limit.to_bytes(4, "little")
            place = self._place(COMPUTE_BUDGET_PROGRAM)
            instructions.append(CompiledInstruction(place, data, b""))
        header = self._transaction.message.header
        message = Message.new_with_compiled_instructions(
            header.num_required_signatures,
            header.num_readonly_signed_accounts,
            self._readonly_unsigned,
            self.keys,
            self._transaction.blockhash,
            instructions,
        )
        return VersionedTransaction.populate(message, self._transaction.signatures)

    @property
    def added_instructions(self) -> int:
        """How many instructions of the written transaction stand for none of the original's."""
        return 0 if self._sets_limit else 1

    def calls(self) -> tuple[tuple[int, str], ...]:
        """For each step, the instruction it stands for and the program it calls."""
        return tuple(
            (step.origin, str(self.keys[step.instruction.program_id_index])) for step in self.steps
        )

    def inner_calls(
        self, groups: Sequence[Sequence[Any]]
    ) -> tuple[tuple[int, tuple[InnerCall, ...]], ...]:
        """Cross-program calls by original instruction. `groups` are the SVM's, one per step.

        A stand-in's transfers are calls it made, each one level above the calls it made itself.
        """
        made: dict[int, list[InnerCall]] = {}
        for step, group in zip(self.steps, groups, strict=False):
            listed = made.setdefault(step.origin, [])
            deeper = 0
            if step.authority is not None:
                listed.append(self._asked_for(step, step.authority))
                deeper = 1
            for call in map(inner_call, group):
                listed.append(replace(call, stack_height=call.stack_height + deeper))
        original = {key: index for index, key in enumerate(self._accounts.keys)}
        return tuple(
            (origin, tuple(self._renumbered(call, original) for call in listed))
            for origin, listed in sorted(made.items())
            if listed
        )

    def _place(self, key: Pubkey) -> int:
        if key not in self._position:
            self._position[key] = len(self.keys)
            self.keys.append(key)
            self._readonly_unsigned += 1
        return self._position[key]

    def _asked_for(self, step: Step, authority: Pubkey) -> InnerCall:
        """The transfer as the program would have called it: in its own name."""
        accounts = bytes(step.instruction.accounts)[:-1] + bytes([self._place(authority)])
        return InnerCall(step.instruction.program_id_index, accounts, step.instruction.data, 2)

    def _renumbered(self, call: InnerCall, original: dict[Pubkey, int]) -> InnerCall:
        # Every account of a call is one the original names; 0 could only stand for one that is not.
        return InnerCall(
            original.get(self.keys[call.program_index], 0),
            bytes(original.get(self.keys[account], 0) for account in call.accounts),
            call.data,
            call.stack_height,
        )
