"""What programs written with Anchor have in common: errors that carry a name.

An Anchor program refuses with a number that its log spells out as a name. Numbers below 6000 are
the framework's, the same in every program; from 6000 on they are the program's own, and they move
between builds while names stay.
Source: coral-xyz/anchor, lang/error/src/lib.rs (0.32).
"""

from dataclasses import dataclass


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
ACCOUNT_DID_NOT_DESERIALIZE = ProgramFault(
    3003, "AccountDidNotDeserialize", "Failed to deserialize the account"
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
