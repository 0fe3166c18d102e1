"""Transaction errors as the chain writes them: JSON for machines, sentences for people.

Source: anza-xyz/solana-sdk, transaction-error and instruction-error (Display implementations).
"""

from typing import Any

from solders.transaction_status import (
    InstructionErrorCustom,
    TransactionErrorDuplicateInstruction,
    TransactionErrorInstructionError,
    TransactionErrorInsufficientFundsForRent,
    TransactionErrorProgramExecutionTemporarilyRestricted,
)

from landfall.localnet.wire import Json

CHARGED_WITHOUT_RUNNING = frozenset(
    {
        "ProgramAccountNotFound",
        "InvalidProgramForExecution",
        "MaxLoadedAccountsDataSizeExceeded",
    }
)
"""Failures to load that still land and pay the fee (SIMD-82)."""

SENTENCES = {
    "AccountInUse": "Account in use",
    "AccountLoadedTwice": "Account loaded twice",
    "AccountNotFound": "Attempt to debit an account but found no record of a prior credit.",
    "ProgramAccountNotFound": "Attempt to load a program that does not exist",
    "InsufficientFundsForFee": "Insufficient funds for fee",
    "InvalidAccountForFee": "This account may not be used to pay transaction fees",
    "AlreadyProcessed": "This transaction has already been processed",
    "BlockhashNotFound": "Blockhash not found",
    "InvalidProgramForExecution": "This program may not be used for executing instructions",
    "SanitizeFailure": "Transaction failed to sanitize accounts offsets correctly",
    "SignatureFailure": "Transaction did not pass signature verification",
    "AddressLookupTableNotFound": "Transaction loads an address table account that doesn't exist",
    "InvalidAddressLookupTableOwner": (
        "Transaction loads an address table account with an invalid owner"
    ),
    "InvalidAddressLookupTableData": (
        "Transaction loads an address table account with invalid data"
    ),
    "InvalidAddressLookupTableIndex": "Transaction address table lookup uses an invalid index",
    "TooManyAccountLocks": "Transaction locked too many accounts",
}

INSTRUCTION_SENTENCES = {
    "InvalidArgument": "invalid program argument",
    "InvalidInstructionData": "invalid instruction data",
    "InvalidAccountData": "invalid account data for instruction",
    "AccountDataTooSmall": "account data too small for instruction",
    "InsufficientFunds": "insufficient funds for instruction",
    "IncorrectProgramId": "incorrect program id for instruction",
    "MissingRequiredSignature": "missing required signature for instruction",
    "AccountAlreadyInitialized": "instruction requires an uninitialized account",
    "UninitializedAccount": "instruction requires an initialized account",
    "UnbalancedInstruction": ("sum of account balances before and after instruction do not match"),
    "ExternalAccountDataModified": ("instruction modified data of an account it does not own"),
    "ReadonlyDataModified": "instruction modified data of a read-only account",
    "MissingAccount": "An account required by the instruction is missing",
    "InvalidAccountOwner": "Invalid account owner",
    "PrivilegeEscalation": "Cross-program invocation with unauthorized signer or writable account",
    "ProgramFailedToComplete": "Program failed to complete",
    "ComputationalBudgetExceeded": "Computational budget exceeded",
    "UnsupportedProgramId": "Unsupported program id",
    "IllegalOwner": "Provided owner is not allowed",
}


def error_json(error: Any) -> Json:
    """What the SVM reports, as the `err` of JSON-RPC."""
    match error:
        case TransactionErrorInstructionError():
            return {"InstructionError": [error.index, _instruction_error_json(error.err)]}
        case TransactionErrorInsufficientFundsForRent():
            return {"InsufficientFundsForRent": {"account_index": error.account_index}}
        case TransactionErrorProgramExecutionTemporarilyRestricted():
            return {"ProgramExecutionTemporarilyRestricted": {"account_index": error.account_index}}
        case TransactionErrorDuplicateInstruction():
            return {"DuplicateInstruction": error.index}
    return str(error).rpartition(".")[2]


def _instruction_error_json(error: Any) -> Json:
    if isinstance(error, InstructionErrorCustom):
        return {"Custom": error.code}
    return str(error).rpartition(".")[2].partition("(")[0]


def instruction_failure(index: int, code: int | str) -> Json:
    """The `err` of instruction `index`: the program's own number, or the runtime's name for it."""
    return {"InstructionError": [index, {"Custom": code} if isinstance(code, int) else code]}


def instruction_sentence(cause: Json) -> str:
    """How the cluster's logs and messages put an instruction's error."""
    if isinstance(cause, dict):
        return f"custom program error: {cause['Custom']:#x}"
    return INSTRUCTION_SENTENCES.get(cause, str(cause))


def sentence(error: Json) -> str:
    """How agave puts a transaction error in words."""
    if isinstance(error, str):
        return SENTENCES.get(error, error)
    if "InstructionError" in error:
        index, cause = error["InstructionError"]
        return f"Error processing Instruction {index}: {instruction_sentence(cause)}"
    if "InsufficientFundsForRent" in error:
        index = error["InsufficientFundsForRent"]["account_index"]
        return f"Transaction results in an account ({index}) with insufficient funds for rent"
    return str(next(iter(error)))


def pays_fee(error: Json, ran: bool) -> bool:
    """Whether a transaction with this error lands and pays.

    `ran` tells whether anything was executed.
    """
    if isinstance(error, str):
        return error in CHARGED_WITHOUT_RUNNING
    return "InstructionError" in error or ("InsufficientFundsForRent" in error and ran)
