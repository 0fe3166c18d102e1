"""Meteora DAMM v1: the ways the pool and its vaults refuse a swap.

Two programs refuse, and their numbers overlap: 6004 is slippage in the pool and an overflow in the
vault. A fault of the vault is therefore a name of its own here, whatever its number; the one name
both programs use, MathOverflow, means the same in both.
Source: MeteoraAg/damm-v1-sdk, programs/dynamic-amm/src/error.rs; the vault's numbers as its
compiled program gives them.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import (
    INSUFFICIENT_FUNDS,
    PANIC,
    ProgramFault,
    fitting,
)
from landfall.core.values import U64_MAX

MATH_OVERFLOW = ProgramFault(6000, "MathOverflow", "Math operation overflow")
EXCEEDED_SLIPPAGE = ProgramFault(6004, "ExceededSlippage", "Exceeded slippage tolerance")
ZERO_TRADING_TOKENS = ProgramFault(
    6006, "ZeroTradingTokens", "Given pool token amount results in zero trading tokens"
)
MISMATCHED_LP_MINT = ProgramFault(6010, "MismatchedLpMint", "LP mint mismatched")
INVALID_VAULT = ProgramFault(6012, "InvalidVaultAccount", "Invalid vault account")
INVALID_VAULT_LP = ProgramFault(6013, "InvalidVaultLpAccount", "Invalid vault lp account")
POOL_DISABLED = ProgramFault(6015, "PoolDisabled", "Pool disabled")
INVALID_PROTOCOL_FEE = ProgramFault(
    6017, "InvalidProtocolFeeAccount", "Invalid protocol fee account"
)
INVALID_REMAINING_COUNT = ProgramFault(
    6027, "InvalidRemainingAccountsLen", "Invalid remaining accounts length"
)
INVALID_REMAINING = ProgramFault(6028, "InvalidRemainingAccounts", "Invalid remaining account")

VAULT_IS_DISABLED = ProgramFault(6000, "VaultIsDisabled", "Vault is disabled")
VAULT_OVERFLOW = ProgramFault(6004, "MathOverflow", "Math operation overflow")
VAULT_AMOUNT_IS_ZERO = ProgramFault(
    6013, "AmountMustGreaterThanZero", "Amount must be greater than 0"
)

NO_EXACT_OUT = ProgramFault(None, "ExactOutUnsupported", "There is no exact output")
"""No program's word: there is no instruction that could refuse."""

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        MATH_OVERFLOW.name: "The pool cannot price this amount: a number exceeds its width.",
        ZERO_TRADING_TOKENS.name: "The amount is too small or too large: it buys nothing.",
        POOL_DISABLED.name: "The pool has swaps switched off, or has not opened yet.",
        VAULT_IS_DISABLED.name: "The vault that would take the input is switched off.",
        VAULT_AMOUNT_IS_ZERO.name: "The amount is too small: it is worth no share of the vault.",
        INSUFFICIENT_FUNDS.name: "The vault has lent out what it would have to pay.",
        PANIC.name: "The pool's curve does not settle on a price for this amount.",
        NO_EXACT_OUT.name: "The pool sells for an exact input only; its program knows no other.",
    }
)

checked_u64 = fitting(U64_MAX, MATH_OVERFLOW)
