"""What programs written with Anchor have in common: typed accounts, and errors that carry a name.

An account starts with eight bytes hashed from its type's name, which two programs may share; so an
account is told by owner, discriminator and size together. An Anchor program refuses with a number
that its log spells out as a name. Numbers below 6000 are the framework's, the same in every
program; from 6000 on they are the program's own, and they move between builds while names stay.

Source: coral-xyz/anchor, lang/error/src/lib.rs (0.32).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from landfall.core.account_fields import Address
from landfall.core.errors import FailureReason, MalformedAccount
from landfall.core.values import Account, MemcmpFilter, ProgramAccountsFilter, Pubkey
from landfall.core.venue import ProgramError

TOKEN_INSUFFICIENT_FUNDS = 1
"""The token programs' number, passed on by the program that called them."""


@dataclass(frozen=True, slots=True)
class ProgramFault:
    """One way a program refuses.

    `code` is None where the runtime stops the program and no number reaches the caller.
    """

    code: int | None
    name: str
    message: str


class SwapRefused(Exception):
    """The program would refuse this swap.

    Raised by a curve and answered by its `quote`; it leaves a venue only towards a stand-in, which
    refuses in the same words.
    """

    def __init__(self, fault: ProgramFault) -> None:
        super().__init__(fault.name)
        self.fault = fault


def fitting(most: int, fault: ProgramFault) -> Callable[[int], int]:
    """Hands back a number from 0 to `most`, and refuses any other: the program's check of a width.

    Raises (what is returned):
        SwapRefused: with this fault.
    """

    def checked(value: int) -> int:
        if not 0 <= value <= most:
            raise SwapRefused(fault)
        return value

    return checked


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountType:
    """How accounts of one kind are told from all others. `size` is in bytes.

    `discriminator` is empty where a program, older than Anchor, writes none.
    """

    kind: str
    program_id: Pubkey
    discriminator: bytes
    size: int

    def under(self, program_id: Pubkey) -> "AccountType":
        """The same kind, of the same program where it is deployed under another id."""
        return replace(self, program_id=program_id)

    def data(self, address: Pubkey, account: Account | None) -> bytes:
        """The bytes of an account that is of this type.

        Raises:
            MalformedAccount: it is absent, of another program, of another type or size.
        """
        if account is None:
            raise MalformedAccount(f"{self.kind} {address} does not exist")
        if account.owner != self.program_id:
            raise MalformedAccount(
                f"{self.kind} {address} is owned by {account.owner}, not {self.program_id}"
            )
        if len(account.data) != self.size or not account.data.startswith(self.discriminator):
            raise MalformedAccount(f"{address} is not a {self.kind}")
        return account.data

    def naming(self, *wanted: tuple[Address, Pubkey]) -> ProgramAccountsFilter:
        """The question that finds those of this type with these addresses in these fields."""
        told = (MemcmpFilter(0, self.discriminator),) if self.discriminator else ()
        return ProgramAccountsFilter(
            program_id=self.program_id,
            data_size=self.size,
            memcmps=(
                *told,
                *(MemcmpFilter(field.offset, bytes(address)) for field, address in wanted),
            ),
        )

    def trading(
        self, mints: tuple[Address, Address], mint: Pubkey, other: Pubkey
    ) -> tuple[ProgramAccountsFilter, ...]:
        """The two questions that find those of a pair, for either of its mints may come first."""
        return tuple(
            self.naming((mints[0], first), (mints[1], second))
            for first, second in ((mint, other), (other, mint))
        )

    def blank(self) -> bytearray:
        """The bytes of a new one before anything is written into it."""
        return bytearray(self.discriminator.ljust(self.size, b"\0"))


def explained(
    error: ProgramError, program_id: Pubkey, reasons: Mapping[ProgramFault, FailureReason]
) -> FailureReason:
    """What an error during a swap means for the order, given the faults that mean something.

    A name decides where the log gave one: numbers are only unique within a program and a build.
    """
    if error.code == TOKEN_INSUFFICIENT_FUNDS:
        return FailureReason.INSUFFICIENT_FUNDS
    is_ours = error.program_id == program_id
    for fault, reason in reasons.items():
        if error.name == fault.name or (
            error.name is None and is_ours and error.code == fault.code
        ):
            return reason
    if is_ours and error.code is not None:
        return FailureReason.POOL_REFUSED
    return FailureReason.PROGRAM_ERROR


INSUFFICIENT_FUNDS = ProgramFault(
    TOKEN_INSUFFICIENT_FUNDS, "InsufficientFunds", "Error: insufficient funds"
)
"""The token programs': whoever is to pay, a trader or a vault, holds less."""

PANIC = ProgramFault(None, "panic", "The program aborts on this input")

INSTRUCTION_FALLBACK_NOT_FOUND = ProgramFault(
    101, "InstructionFallbackNotFound", "Fallback functions are not supported"
)
INSTRUCTION_DID_NOT_DESERIALIZE = ProgramFault(
    102, "InstructionDidNotDeserialize", "The program could not deserialize the given instruction"
)
CONSTRAINT_MUT = ProgramFault(2000, "ConstraintMut", "A mut constraint was violated")
CONSTRAINT_HAS_ONE = ProgramFault(2001, "ConstraintHasOne", "A has one constraint was violated")
CONSTRAINT_RAW = ProgramFault(2003, "ConstraintRaw", "A raw constraint was violated")
CONSTRAINT_SEEDS = ProgramFault(2006, "ConstraintSeeds", "A seeds constraint was violated")
CONSTRAINT_ADDRESS = ProgramFault(2012, "ConstraintAddress", "An address constraint was violated")
CONSTRAINT_TOKEN_MINT = ProgramFault(
    2014, "ConstraintTokenMint", "A token mint constraint was violated"
)
CONSTRAINT_TOKEN_PROGRAM = ProgramFault(
    2021, "ConstraintTokenTokenProgram", "A token account token program constraint was violated"
)
REQUIRE_GT_VIOLATED = ProgramFault(
    2505, "RequireGtViolated", "A require_gt expression was violated"
)
ACCOUNT_DISCRIMINATOR_NOT_FOUND = ProgramFault(
    3001, "AccountDiscriminatorNotFound", "No discriminator was found on the account"
)
ACCOUNT_DISCRIMINATOR_MISMATCH = ProgramFault(
    3002, "AccountDiscriminatorMismatch", "Account discriminator did not match what was expected"
)
ACCOUNT_NOT_ENOUGH_KEYS = ProgramFault(
    3005, "AccountNotEnoughKeys", "Not enough account keys given to the instruction"
)
ACCOUNT_NOT_MUTABLE = ProgramFault(3006, "AccountNotMutable", "The given account is not mutable")
ACCOUNT_OWNED_BY_WRONG_PROGRAM = ProgramFault(
    3007,
    "AccountOwnedByWrongProgram",
    "The given account is owned by a different program than expected",
)
INVALID_PROGRAM_ID = ProgramFault(3008, "InvalidProgramId", "Program ID was not as expected")
ACCOUNT_NOT_SIGNER = ProgramFault(3010, "AccountNotSigner", "The given account did not sign")
ACCOUNT_NOT_INITIALIZED = ProgramFault(
    3012,
    "AccountNotInitialized",
    "The program expected this account to be already initialized",
)
