"""Raydium CPMM: the ways it refuses a swap.

Source: raydium-io/raydium-cp-swap 609780f (2025-12), programs/cp-swap/src/error.rs.
"""

from collections.abc import Mapping
from types import MappingProxyType

from landfall.core.anchor import PANIC, REQUIRE_GT_VIOLATED, ProgramFault, fitting
from landfall.core.values import U64_MAX

NOT_APPROVED = ProgramFault(6000, "NotApproved", "Not approved")
EXCEEDED_SLIPPAGE = ProgramFault(6005, "ExceededSlippage", "Exceeds desired slippage limit")
ZERO_TRADING_TOKENS = ProgramFault(
    6006, "ZeroTradingTokens", "Given pool token amount results in zero trading tokens"
)
INVALID_VAULT = ProgramFault(6008, "InvalidVault", "invaild vault")
TRANSFER_FEE_MISMATCH = ProgramFault(
    6010, "TransferFeeCalculateNotMatch", "TransferFee calculate not match"
)
MATH_OVERFLOW = ProgramFault(6011, "MathOverflow", "Math overflow")
INSUFFICIENT_VAULT = ProgramFault(6012, "InsufficientVault", "Insufficient vault")
INVALID_FEE_MODEL = ProgramFault(6013, "InvalidFeeModel", "Invalid fee model")

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        NOT_APPROVED.name: "The pool has swaps switched off, or has not opened yet.",
        REQUIRE_GT_VIOLATED.name: "The amount is too small: nothing is left to trade or receive.",
        PANIC.name: "The pool does not hold that much, or the amounts exceed 64 bits.",
        ZERO_TRADING_TOKENS.name: "The pool's fees are set so that it cannot price a swap.",
        TRANSFER_FEE_MISMATCH.name: "The token's transfer fee permits no exact delivery of this.",
        INSUFFICIENT_VAULT.name: "The pool's vault holds less than the fees it owes.",
        INVALID_FEE_MODEL.name: "The pool's creator fee is of a kind this program does not know.",
    }
)

checked_u64 = fitting(U64_MAX, PANIC)
