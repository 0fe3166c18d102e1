"""Stand-ins: what a pool program does to accounts, played from the venue's own curve.

A stand-in is a pure function from the instruction and the account bytes to effects. The cluster
applies the effects atomically with the rest of the transaction: token movements are executed by the
SVM's own token programs, account writes are the pool program's own state. A refusal carries the
program's own error number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from landfall.core.values import Accounts, ChainClock, Pubkey


@dataclass(frozen=True, slots=True)
class AccountRef:
    """One account of the instruction, in the instruction's order."""

    address: Pubkey
    is_signer: bool
    is_writable: bool


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """A transfer the program would have made by cross-program invocation.

    `amount` is before any transfer fee. It is a `TransferChecked`; where `decimals` is None, the
    older `Transfer`, which names no mint.
    """

    source: Pubkey
    mint: Pubkey
    destination: Pubkey
    authority: Pubkey
    amount: int
    decimals: int | None
    token_program: Pubkey


@dataclass(frozen=True, slots=True)
class Effects:
    """What one instruction does: token movements in order, then the new data of the program's
    own accounts, and of those of the programs it `calls` for more than transfers.
    """

    transfers: tuple[TokenTransfer, ...]
    writes: Mapping[Pubkey, bytes]
    logs: tuple[str, ...]
    calls: frozenset[Pubkey] = frozenset()


class ProgramRefused(Exception):
    """The program returns an error, with the number, name and message its log gives.

    `code` is None where no number reaches the caller: the name is then "panic" where the program
    aborts, or else the runtime's own word for the error (`InvalidAccountData`).
    """

    def __init__(self, code: int | None, name: str, message: str = "") -> None:
        super().__init__(f"{name} ({code})")
        self.code = code
        self.name = name
        self.message = message or name


class StandIn(Protocol):
    """One pool program, played.

    Raises ProgramRefused; must not raise anything else on any input.
    """

    @property
    def program_id(self) -> Pubkey: ...

    def process(
        self, data: bytes, refs: Sequence[AccountRef], accounts: Accounts, clock: ChainClock
    ) -> Effects: ...
