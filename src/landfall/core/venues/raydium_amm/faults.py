"""Raydium AMM v4: the ways it refuses a swap.

The program's log gives a sentence and no name; the names are those of its source, and on chain the
number decides. One name means two things: InsufficientFunds is the trader's balance, or a pool that
would be emptied.
Source: raydium-io/raydium-amm 27f461d (2026-07), program/src/error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import PANIC, ProgramFault

INVALID_PROGRAM_ADDRESS = ProgramFault(1, "InvalidProgramAddress", "Invalid program address.")
EXPECTED_ACCOUNT = ProgramFault(3, "ExpectedAccount", "Expected account.")
INVALID_COIN_VAULT = ProgramFault(4, "InvalidCoinVault", "Invalid coin vault.")
INVALID_PC_VAULT = ProgramFault(5, "InvalidPCVault", "Invalid PC vault.")
INVALID_SIGN_ACCOUNT = ProgramFault(21, "InvalidSignAccount", "Invalid sign account.")
INVALID_STATUS = ProgramFault(22, "InvalidStatus", "Invalid status.")
WRONG_ACCOUNTS_NUMBER = ProgramFault(24, "WrongAccountsNumber", "Wrong accounts number.")
INVALID_AMM_ACCOUNT_OWNER = ProgramFault(27, "InvalidAmmAccountOwner", "Invalid AMM account owner.")
INVALID_INPUT = ProgramFault(29, "InvalidInput", "Invalid input.")
EXCEEDED_SLIPPAGE = ProgramFault(30, "ExceededSlippage", "Exceeded desired slippage limit.")
CHECKED_SUB_OVERFLOW = ProgramFault(32, "CheckedSubOverflow", "Checked subtraction overflow.")
INVALID_SPL_TOKEN_PROGRAM = ProgramFault(38, "InvalidSplTokenProgram", "Invalid SPL token program.")
INSUFFICIENT_FUNDS = ProgramFault(40, "InsufficientFunds", "Insufficient funds.")
INVALID_USER_TOKEN = ProgramFault(42, "InvalidUserToken", "User token input does not match AMM.")
NOT_ALLOWED = ProgramFault(59, "NotAllowed", "Not allowed due to same mint.")

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        INVALID_STATUS.name: "The pool has swaps switched off, or has not opened yet.",
        INVALID_INPUT.name: "The amount is too small: nothing is left to trade or receive.",
        CHECKED_SUB_OVERFLOW.name: "The pool's vault holds less than the profit it owes.",
        INSUFFICIENT_FUNDS.name: "The pool does not hold that much.",
        PANIC.name: "The pool does not hold that much, or the program cannot price this swap.",
    }
)
